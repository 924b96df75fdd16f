"""Recipe R4: the relationship with one client and emotional labour at negative events (de Ruiter et al.
2021).

    surface, genuine ~ clo_d + con_d + dep_d + clo_p + con_p + dep_p + valence_w + disruptive_w + valence_b
                       + (1|professional) + (1|dyad),   events with a negative emotion above its lowest point

doi 10.1016/j.tate.2021.103467. Baseline scores are z-scored over dyads, then split into the professional's
mean (_p) and the dyad's deviation (_d); event variables are split at the dyad mean (_w) and its deviation
from the mean of the professional's dyad means (_b).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from statsmodels.stats.multitest import multipletests

from analysis.bundle import Bundle
from analysis.recipes.diary_rows import (
    ANALYSED,
    OUTCOMES,
    SHORT,
    baseline_dyads,
    scored_entries,
    split_by_level,
    whole_negative_events,
)
from analysis.recipes.three_level import ThreeLevelFit, fit_three_level
from analysis.sample import Sample, Who, analysed_sample

RELATIONSHIP_TERMS = tuple(f"{short}_{part}" for part in "dp" for short in SHORT.values())
TERMS = (*RELATIONSHIP_TERMS, "valence_w", "disruptive_w", "valence_b")
FEW_EVENTS = 5


@dataclass(frozen=True)
class Filter:
    """A named rule of which events are analysed: printed in every report."""

    name: str
    version: int
    words: str


ANY_NEGATIVE = Filter(
    "any_negative", 1, "events at which at least one negative emotion was reported above its lowest point"
)


@dataclass(frozen=True)
class RelationshipLabour:
    """The result of recipe R4.

    fits: one per outcome; adjusted: per outcome and relationship term the p value by Holm's method over all
    of them; truth: per outcome and term the effect the data were made with, in the report's units, empty
    unless simulated professionals are analysed; sample: who was analysed; filter: which events; exclusions:
    (reason, number of rows) in order; events: the analysed frame, one row per event; events_per_dyad: mean,
    median and smallest; warnings: in words, non-convergence first.
    """

    fits: dict[str, ThreeLevelFit]
    adjusted: dict[str, dict[str, float]]
    truth: dict[str, dict[str, float]]
    sample: Sample
    filter: Filter
    exclusions: tuple[tuple[str, int], ...]
    events: pd.DataFrame
    events_per_dyad: dict[str, float]
    warnings: tuple[str, ...]
    multiplicity: str = (
        "Twelve relationship coefficients are tested: p is for each alone, Holm's p adjusts it for all twelve "
        "(Holm 1979, Scandinavian Journal of Statistics 6, 65-70). The 95 % intervals hold one at a time."
    )


def relationship_labour(bundle: Bundle, *, who: Who = "auto") -> RelationshipLabour:
    """Run recipe R4 on a bundle.

    `who` is analysed is decided by `sample.analysed_sample`. Raises ValueError in one plain sentence when the
    bundle lacks a construct the recipe needs or has too few events.
    """
    sample = analysed_sample(bundle, who=who)
    try:
        return _run(bundle, sample)
    except ValueError as error:
        if not sample.left_out:
            raise
        raise ValueError(f"{error} {sample.words}") from None


def _run(bundle: Bundle, sample: Sample) -> RelationshipLabour:
    dyads = baseline_dyads(bundle, sample.professionals)
    entries = scored_entries(bundle, sample.professionals)
    whole = whole_negative_events(entries, dyads)
    if not whole.any():
        raise ValueError("No event with a negative emotion is complete, so there is nothing to analyse yet.")
    split = split_by_level(entries.loc[whole, ANALYSED].reset_index(drop=True), dyads)
    fits = {outcome: fit_three_level(split, outcome, TERMS) for outcome in OUTCOMES}
    per_dyad = split.groupby("dyad").size()
    spread = {"mean": per_dyad.mean(), "median": per_dyad.median(), "smallest": per_dyad.min()}
    return RelationshipLabour(
        fits=fits,
        adjusted=_adjusted(fits),
        truth=_truth(bundle, sample, dyads),
        sample=sample,
        filter=ANY_NEGATIVE,
        exclusions=_left_out(bundle, sample, dyads, entries),
        events=split,
        events_per_dyad={name: float(value) for name, value in spread.items()},
        warnings=warnings_of(fits, spread["mean"], int((per_dyad < FEW_EVENTS).sum())),
    )


def _adjusted(fits: dict[str, ThreeLevelFit]) -> dict[str, dict[str, float]]:
    cells = [(outcome, term) for outcome in fits for term in RELATIONSHIP_TERMS]
    holm = multipletests([fits[outcome][term].p for outcome, term in cells], method="holm")[1]
    by_cell = dict(zip(cells, map(float, holm), strict=True))
    return {outcome: {term: by_cell[outcome, term] for term in RELATIONSHIP_TERMS} for outcome in fits}


def _left_out(
    bundle: Bundle, sample: Sample, dyads: pd.DataFrame, entries: pd.DataFrame
) -> tuple[tuple[str, int], ...]:
    """Why rows were not analysed, and how many, in order."""
    mine = bundle["dyads"][bundle["dyads"]["professional"].isin(sample.professionals)]
    felt = entries["any_negative"].fillna(False).astype(bool)
    known, whole = entries["dyad"].isin(dyads["dyad"]), whole_negative_events(entries, dyads)
    return (
        ("dyads without a complete baseline questionnaire", int((~mine["dyad"].isin(dyads["dyad"])).sum())),
        ("entries without an event", int(entries["any_negative"].isna().sum())),
        ("events without a negative emotion", int((entries["any_negative"].notna() & ~felt).sum())),
        ("negative events of dyads without a baseline score", int((felt & ~known).sum())),
        ("negative events with a missing answer", int((felt & known & ~whole).sum())),
    )


def _truth(bundle: Bundle, sample: Sample, dyads: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The generator's effects per SD of the score *in these data*: effect / design SD * observed SD, for _d
    and _p."""
    simulation: dict[str, Any] = dict(bundle.simulation or {})
    if not sample.any_simulated or "effects" not in simulation:
        return {}
    numbers = {record["name"]: record["value"] for record in simulation["parameters"]}
    return {
        outcome: {
            f"{short}_{part}": simulation["effects"][f"{scale}_{outcome}"]
            / numbers[f"{scale}_sd"]
            * float(dyads[scale].std())
            for scale, short in SHORT.items()
            for part in "dp"
        }
        for outcome in OUTCOMES
    }


def warnings_of(fits: dict[str, ThreeLevelFit], per_dyad: float, below: int) -> tuple[str, ...]:
    """The engine's notes, non-convergence first and what holds for every model once; then what the diary
    lacks."""
    notes = {outcome: fit.notes for outcome, fit in fits.items()}
    common = set.intersection(*(set(said) for said in notes.values()))
    alone = [f"{outcome}: {note}" for outcome, said in notes.items() for note in said if note not in common]
    first, *_ = notes.values()
    found = sorted([*(note for note in first if note in common), *alone], key=lambda note: "NOT CONVERGED" not in note)
    if per_dyad < FEW_EVENTS:
        found.append(
            f"Dyads have {per_dyad:.1f} events on average. Below {FEW_EVENTS}, a dyad's mean is unreliable and effects "
            "between dyads come out too small."
        )
    elif below:
        dyads = next(iter(fits.values())).n["dyad"]
        found.append(f"{below} of {dyads} dyads have fewer than {FEW_EVENTS} events; their means are unreliable.")
    return tuple(found)
