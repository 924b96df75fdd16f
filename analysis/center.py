"""Scale scores, and what of a variable lies between professionals, between dyads and within dyads.

Pure functions on frames with the columns `professional` and `dyad` (dyad ids are unique over professionals).
Enders & Tofighi 2007, doi 10.1037/1082-989X.12.2.121; domain rule: the mean of dyad means, not of events, so
that dyads with many events do not dominate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def scale_scores(answers: pd.DataFrame, scales: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One column per scale (float, NaN where fewer than `at_least` items were answered), rows as in
    `answers`.

    scales: {"scale", "items", "method": "mean", "at_least"}. Raises ValueError for an unknown method or
    absent items.
    """
    scored = {}
    for rule in scales:
        items = list(rule["items"])
        absent = [item for item in items if item not in answers.columns]
        if absent:
            raise ValueError(f"The scale {rule['scale']} needs {', '.join(absent)}, which the data do not hold.")
        if rule["method"] != "mean":
            raise ValueError(f"The scale {rule['scale']} asks for the method {rule['method']}; only mean is known.")
        values = answers[items].astype("Float64").astype("float64")
        enough = values.notna().sum(axis=1) >= int(rule["at_least"])
        scored[str(rule["scale"])] = values.mean(axis=1).where(enough)
    return pd.DataFrame(scored, index=answers.index)


def split_dyad_scores(dyads: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Baseline scores as z, then as the professional's mean and the dyad's deviation from it.

    dyads: one row per dyad. names: short name per column, {"closeness": "clo"} gives clo, clo_p and clo_d.
    The z-score is taken over dyads (mean 0, SD 1 with n - 1), before splitting, so that _p and _d are in the
    same unit and clo = clo_p + clo_d. Raises ValueError naming a score that does not vary.
    """
    out = dyads.copy()
    for column, short in names.items():
        values = dyads[column].astype("float64")
        sd = values.std()
        if not sd > 0:
            raise ValueError(f"{column} is the same in every dyad, so nothing can be learnt about it.")
        z = (values - values.mean()) / sd
        by_professional = z.groupby(dyads["professional"]).transform("mean")
        out[short], out[f"{short}_p"], out[f"{short}_d"] = z, by_professional, z - by_professional
    return out


def split_events(events: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Event-level variables as x_w (event minus dyad mean), x_b (dyad mean minus the mean of the
    professional's dyad means) and x_p (that mean minus the mean over professionals); x - (x_w + x_b + x_p) is
    one constant.

    events: one row per event. Means are over the rows given, so filter first.
    """
    out = events.copy()
    for x in names:
        values = events[x].astype("float64")
        dyad_means = values.groupby([events["professional"], events["dyad"]]).mean()
        professional_means = dyad_means.groupby(level=0).mean()
        of_dyad = values.groupby(events["dyad"]).transform("mean")
        of_professional = events["professional"].map(professional_means).astype("float64")
        out[f"{x}_w"] = values - of_dyad
        out[f"{x}_b"] = of_dyad - of_professional
        out[f"{x}_p"] = of_professional - professional_means.mean()
    return out
