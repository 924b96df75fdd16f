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

from analysis.bundle import Bundle
from analysis.center import scale_scores, split_dyad_scores, split_events
from analysis.fit_statsmodels import Fit, fit_three_level
from analysis.sample import Sample, Who, analysed_sample

SHORT = {"closeness": "clo", "conflict": "con", "dependency": "dep"}
RELATIONSHIP_TERMS = tuple(f"{short}_{part}" for part in "dp" for short in SHORT.values())
TERMS = (*RELATIONSHIP_TERMS, "valence_w", "disruptive_w", "valence_b")
OUTCOMES = {"surface": "surface_acting", "genuine": "genuine_expression"}
FEW_EVENTS, FEW_PROFESSIONALS = 5, 30


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

    fits: one Fit per outcome; truth: per outcome and term the effect the data were made with, in the report's
    units, empty unless simulated professionals are analysed; sample: who was analysed; filter: which
    events; exclusions: (reason, number of rows) in order; events: the analysed frame, one row per event;
    events_per_dyad: mean, median and smallest; warnings: in words.
    """

    fits: dict[str, Fit]
    truth: dict[str, dict[str, float]]
    sample: Sample
    filter: Filter
    exclusions: tuple[tuple[str, int], ...]
    events: pd.DataFrame
    events_per_dyad: dict[str, float]
    warnings: tuple[str, ...]
    multiplicity: str = (
        "Twelve relationship coefficients are tested without correction; the 95 % intervals hold one at a time."
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
    dyads, unscored = _baseline(bundle, sample)
    events, dropped = _negative_events(bundle, sample, dyads)
    split = split_by_level(events, dyads)
    fits = {outcome: fit_three_level(split, outcome, TERMS) for outcome in OUTCOMES}
    per_dyad = split.groupby("dyad").size()
    spread = {"mean": per_dyad.mean(), "median": per_dyad.median(), "smallest": per_dyad.min()}
    return RelationshipLabour(
        fits=fits,
        truth=_truth(bundle, sample, dyads),
        sample=sample,
        filter=ANY_NEGATIVE,
        exclusions=(*unscored, *dropped),
        events=split,
        events_per_dyad={name: float(value) for name, value in spread.items()},
        warnings=_warnings(fits, spread["mean"], int((per_dyad < FEW_EVENTS).sum())),
    )


def split_by_level(events: pd.DataFrame, dyads: pd.DataFrame) -> pd.DataFrame:
    """The recipe's columns: events (surface, genuine, valence, disruptive) with the terms of the model beside
    them.

    dyads: one row per dyad with its split baseline scores (`split_dyad_scores`).
    """
    split = split_events(events, ["valence", "disruptive"])
    return split.merge(dyads.drop(columns="professional"), on="dyad", how="left", validate="many_to_one")


def _baseline(bundle: Bundle, sample: Sample) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """Dyads with all three scores (raw and split), from the first completed baseline questionnaire of each
    dyad."""
    rules = [rule for rule in bundle.scales if rule["table"] == "assessments" and rule["scale"] in SHORT]
    lacking = sorted(set(SHORT) - {str(rule["scale"]) for rule in rules})
    if lacking:
        raise ValueError(f"This bundle's questionnaires have no scale for {', '.join(lacking)}; the recipe needs it.")
    answers = bundle["assessments"]
    answers = answers[answers["professional"].isin(sample.professionals) & (answers["wave"] == "baseline")]
    scored = pd.concat([answers[["professional", "dyad", "completed_at"]], scale_scores(answers, rules)], axis=1)
    complete = scored.dropna(subset=list(SHORT)).sort_values(["completed_at", "dyad"])
    first = complete.drop_duplicates("dyad").sort_values("dyad").drop(columns="completed_at").reset_index(drop=True)
    if len(first) < 3:
        raise ValueError("Fewer than three dyads have a completed baseline questionnaire, so no relationship is known.")
    mine = bundle["dyads"][bundle["dyads"]["professional"].isin(sample.professionals)]
    left_out = [("dyads without a complete baseline questionnaire", int((~mine["dyad"].isin(first["dyad"])).sum()))]
    return split_dyad_scores(first, SHORT), left_out


def _negative_events(bundle: Bundle, sample: Sample, dyads: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, int]]]:
    """One row per analysed event with surface, genuine, valence and disruptive; and what was left out, in
    order."""
    book = bundle.codebook[bundle.codebook["table"] == "entries"]
    entries = bundle["entries"]
    entries = entries[entries["professional"].isin(sample.professionals)]
    emotions = list(book.loc[(book["role"] == "emotion") & (book["pole"] == "negative"), "variable"])
    if not emotions:
        raise ValueError("The codebook marks no item as a negative emotion, so no event can be selected.")
    lowest = {item: _lowest(book, item) for item in emotions}
    felt = pd.concat([(entries[item] > lowest[item]).fillna(False) for item in emotions], axis=1).any(axis=1)
    asked = entries[emotions].notna().any(axis=1)
    rules = [rule for rule in bundle.scales if rule["table"] == "entries" and rule["scale"] in OUTCOMES.values()]
    lacking = sorted(set(OUTCOMES.values()) - {str(rule["scale"]) for rule in rules})
    if lacking:
        raise ValueError(f"The diary of this bundle has no score for {', '.join(lacking)}; the recipe needs it.")
    chosen = entries[felt]
    scores = scale_scores(chosen, rules).rename(columns={scale: name for name, scale in OUTCOMES.items()})
    frame = pd.DataFrame({
        "professional": chosen["professional"].astype(str), "dyad": chosen["dyad"].astype(str), **scores,
        "valence": chosen[_variable(book, "valence")].astype("Float64").astype("float64"),
        "disruptive": chosen[_variable(book, "disruptive_behaviour")].astype("Float64").astype("float64"),
    })  # fmt: skip
    known = frame["dyad"].isin(dyads["dyad"])
    whole = known & frame.notna().all(axis=1)
    left_out = [
        ("entries without an event", int((~asked).sum())),
        ("events without a negative emotion", int((asked & ~felt).sum())),
        ("negative events of dyads without a baseline score", int((~known).sum())),
        ("negative events with a missing answer", int((known & ~whole).sum())),
    ]
    if not whole.any():
        raise ValueError("No event with a negative emotion is complete, so there is nothing to analyse yet.")
    return frame[whole].reset_index(drop=True), left_out


def _lowest(book: pd.DataFrame, item: str) -> float:
    import json

    values = book.loc[book["variable"] == item, "values"].iloc[0]
    points = [float(point["value"]) for point in json.loads(values)] if isinstance(values, str) else []
    return min(points, default=1.0)


def _variable(book: pd.DataFrame, construct: str) -> str:
    found = list(book.loc[book["construct"] == construct, "variable"])
    if not found:
        raise ValueError(f"The codebook has no diary item for {construct}; the recipe needs it.")
    return str(found[0])


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


def _warnings(fits: dict[str, Fit], per_dyad: float, below: int) -> tuple[str, ...]:
    n = next(iter(fits.values())).n
    found = []
    if n["professional"] < FEW_PROFESSIONALS:
        found.append(
            f"There are only {n['professional']} professionals. Below about {FEW_PROFESSIONALS}, intervals tend to be "
            "too narrow and p-values too small; read them as a first look."
        )
    if per_dyad < FEW_EVENTS:
        found.append(
            f"Dyads have {per_dyad:.1f} events on average. Below {FEW_EVENTS}, a dyad's mean is unreliable and effects "
            "between dyads come out too small."
        )
    elif below:
        found.append(f"{below} of {n['dyad']} dyads have fewer than {FEW_EVENTS} events; their means are unreliable.")
    for outcome, fit in fits.items():
        if not fit.converged:
            found.append(f"The model for {outcome} did not converge. {fit.note}")
        zero = [level for level in ("professional", "dyad") if fit.icc[level] < 1e-4]
        if zero:
            found.append(f"The model for {outcome} finds no variance between {' and '.join(zero)}s (a singular fit).")
    return tuple(found)
