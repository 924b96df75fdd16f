"""The rows a bundle gives to a model: one per diary entry, with the dyad's baseline scores and the event's
variables, centred as recipe R4 wants them. `docs/analysis.md` lists the columns."""

from __future__ import annotations

import json
from collections.abc import Collection

import pandas as pd

from analysis.bundle import Bundle
from analysis.center import scale_scores, split_dyad_scores, split_events
from analysis.sample import Sample

SHORT = {"closeness": "clo", "conflict": "con", "dependency": "dep"}
OUTCOMES = {"surface": "surface_acting", "genuine": "genuine_expression"}
APPRAISALS = {"valence": "valence", "disruptive": "disruptive_behaviour"}
ANALYSED = ["professional", "dyad", *OUTCOMES, *APPRAISALS]


def baseline_dyads(bundle: Bundle, professionals: Collection[str]) -> pd.DataFrame:
    """Dyads with all three scores (raw and split), from the first completed baseline questionnaire of each
    dyad. Raises ValueError when the bundle has no such scales or fewer than three such dyads."""
    rules = [rule for rule in bundle.scales if rule["table"] == "assessments" and rule["scale"] in SHORT]
    lacking = sorted(set(SHORT) - {str(rule["scale"]) for rule in rules})
    if lacking:
        raise ValueError(f"This bundle's questionnaires have no scale for {', '.join(lacking)}; the recipe needs it.")
    answers = bundle["assessments"]
    answers = answers[answers["professional"].isin(professionals) & (answers["wave"] == "baseline")]
    scored = pd.concat([answers[["professional", "dyad", "completed_at"]], scale_scores(answers, rules)], axis=1)
    complete = scored.dropna(subset=list(SHORT)).sort_values(["completed_at", "dyad"])
    first = complete.drop_duplicates("dyad").sort_values("dyad").drop(columns="completed_at").reset_index(drop=True)
    if len(first) < 3:
        raise ValueError("Fewer than three dyads have a completed baseline questionnaire, so no relationship is known.")
    return split_dyad_scores(first, SHORT)


def scored_entries(bundle: Bundle, professionals: Collection[str]) -> pd.DataFrame:
    """The bundle's entries with surface, genuine, valence, disruptive, and any_negative: whether a negative
    emotion was above its lowest point, missing where none was asked. Raises ValueError naming what the diary
    lacks."""
    book = bundle.codebook[bundle.codebook["table"] == "entries"]
    entries = bundle["entries"]
    entries = entries[entries["professional"].isin(professionals)]
    emotions = list(book.loc[(book["role"] == "emotion") & (book["pole"] == "negative"), "variable"])
    if not emotions:
        raise ValueError("The codebook marks no item as a negative emotion, so no event can be selected.")
    rules = [rule for rule in bundle.scales if rule["table"] == "entries" and rule["scale"] in OUTCOMES.values()]
    lacking = sorted(set(OUTCOMES.values()) - {str(rule["scale"]) for rule in rules})
    if lacking:
        raise ValueError(f"The diary of this bundle has no score for {', '.join(lacking)}; the recipe needs it.")
    felt = pd.concat([(entries[item] > _lowest(book, item)).fillna(False) for item in emotions], axis=1).any(axis=1)
    asked = entries[emotions].notna().any(axis=1)
    scores = scale_scores(entries, rules).rename(columns={scale: name for name, scale in OUTCOMES.items()})
    appraised = {
        name: entries[_variable(book, construct)].astype("Float64").astype("float64")
        for name, construct in APPRAISALS.items()
    }
    ids = {name: entries[name].astype(str) for name in ("professional", "dyad")}
    return entries.assign(**ids, **scores, **appraised, any_negative=felt.astype("boolean").where(asked))


def split_by_level(events: pd.DataFrame, dyads: pd.DataFrame) -> pd.DataFrame:
    """The recipe's columns: events (surface, genuine, valence, disruptive) with the terms of the model beside
    them.

    dyads: one row per dyad with its split baseline scores (`split_dyad_scores`).
    """
    split = split_events(events, list(APPRAISALS))
    return split.merge(dyads.drop(columns="professional"), on="dyad", how="left", validate="many_to_one")


def whole_negative_events(entries: pd.DataFrame, dyads: pd.DataFrame) -> pd.Series:
    """Which entries recipe R4 analyses: a negative emotion, a dyad with a baseline score, no answer missing."""
    whole: pd.Series = (
        entries["any_negative"].fillna(False).astype(bool)
        & entries["dyad"].isin(dyads["dyad"])
        & entries[ANALYSED].notna().all(axis=1)
    )
    return whole


def diary_rows(bundle: Bundle, sample: Sample) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per entry of the professionals analysed, for `dyade-analysis fit`; and, in sentences, which
    columns this bundle cannot give.

    Event variables are centred over the events recipe R4 analyses and missing elsewhere, so that the recipe's
    formula on these rows gives the recipe's fit.
    """
    entries = bundle["entries"]
    rows = _timed(entries[entries["professional"].isin(sample.professionals)])
    dyads, absent = None, []
    try:
        dyads = baseline_dyads(bundle, sample.professionals)
        rows = rows.merge(dyads.drop(columns="professional"), on="dyad", how="left", validate="many_to_one")
    except ValueError as error:
        absent.append(f"Without baseline scores ({', '.join(SHORT)}): {error}")
    try:
        scored = scored_entries(bundle, sample.professionals)
        names = [*OUTCOMES, *APPRAISALS, "any_negative"]
        rows = rows.drop(columns=names, errors="ignore")
        rows = rows.merge(scored[["entry", *names]], on="entry", validate="one_to_one")
        if dyads is not None:
            chosen = scored[whole_negative_events(scored, dyads)]
            split = split_events(chosen[["entry", *ANALYSED]], list(APPRAISALS))
            rows = rows.merge(split.drop(columns=ANALYSED), on="entry", how="left", validate="one_to_one")
    except ValueError as error:
        absent.append(f"Without scored events ({', '.join(OUTCOMES)}, any_negative): {error}")
    return rows, tuple(absent)


def _timed(entries: pd.DataFrame) -> pd.DataFrame:
    """With `hours` since the first entry of all, and `day`, the date on the professional's calendar."""
    at = pd.to_datetime(entries["completed_at"], utc=True)
    hours = (at - at.min()).dt.total_seconds() / 3600
    return entries.assign(hours=hours, day=entries["completed_local"].astype(str).str[:10])


def _lowest(book: pd.DataFrame, item: str) -> float:
    values = book.loc[book["variable"] == item, "values"].iloc[0]
    points = [float(point["value"]) for point in json.loads(values)] if isinstance(values, str) else []
    return min(points, default=1.0)


def _variable(book: pd.DataFrame, construct: str) -> str:
    found = list(book.loc[book["construct"] == construct, "variable"])
    if not found:
        raise ValueError(f"The codebook has no diary item for {construct}; the recipe needs it.")
    return str(found[0])
