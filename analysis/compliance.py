"""Which prompts were answered: compliance = answered / (answered + expired); other end states are listed,
not counted."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.bundle_format import COUNTED_STATES


@dataclass(frozen=True)
class Compliance:
    """overall: share 0..1, NaN without counted prompts; states: prompts per end state and reason; by_day:
    share per study day (0 = the professional's first day with a prompt); by_dyad: share per dyad; counted:
    the denominator."""

    overall: float
    states: pd.DataFrame
    by_day: pd.Series
    by_dyad: pd.Series
    counted: int


def compliance(prompts: pd.DataFrame) -> Compliance:
    """Compliance of these prompts (the bundle's table, or some of its rows)."""
    counted = prompts[prompts["state"].isin(COUNTED_STATES)]
    hit = (counted["state"] == "answered").astype(float)
    on = pd.to_datetime(prompts["due_local"].astype("string").str[:10])
    first = on.groupby(prompts["professional"]).transform("min")
    day = (on - first).dt.days.loc[counted.index]
    states = (
        prompts.assign(reason=prompts["reason"].fillna(""))
        .groupby(["state", "reason"], as_index=False)
        .size()
        .sort_values(["size", "state"], ascending=[False, True])
    )
    return Compliance(
        overall=float(hit.mean()) if len(hit) else float("nan"),
        states=states,
        by_day=hit.groupby(day).mean(),
        by_dyad=hit.groupby(counted["dyad"]).mean(),
        counted=len(counted),
    )
