"""Compliance counts answered and expired prompts, and nothing else."""

import numpy as np
import pandas as pd

from analysis.compliance import compliance


def prompts(*states: str) -> pd.DataFrame:
    return pd.DataFrame({
        "professional": "P1",
        "dyad": ["D1" if i % 2 == 0 else "D2" for i in range(len(states))],
        "state": list(states),
        "reason": pd.Series([pd.NA] * len(states), dtype="string"),
        "due_local": [f"2026-01-{12 + i:02d}T12:30:00" for i in range(len(states))],
    })  # fmt: skip


def test_without_counted_prompts_there_is_no_share() -> None:
    found = compliance(prompts("planned", "missed"))
    assert np.isnan(found.overall) and found.counted == 0 and len(found.states) == 2
    assert compliance(prompts("planned").iloc[:0]).counted == 0


def test_missed_and_replanned_prompts_are_outside() -> None:
    found = compliance(prompts("answered", "expired", "missed", "superseded", "answered", "open", "planned"))
    assert found.counted == 3 and found.overall == 2 / 3
    assert found.by_day.to_dict() == {0: 1.0, 1: 0.0, 4: 1.0}
    assert found.by_dyad.to_dict() == {"D1": 1.0, "D2": 0.0}
    assert found.states["size"].sum() == 7
