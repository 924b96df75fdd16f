"""Every number behind a synthetic cohort, as a named record that says where it comes from.

`basis` is "published" where a paper gives the figure and "assumed" where it is a choice of ours. The *signs*
of the relationship effects are published (de Ruiter et al. 2021, doi 10.1016/j.tate.2021.103467), their sizes
are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Value = float | tuple[float, ...]

DE_RUITER = "sign: de Ruiter 2021, doi 10.1016/j.tate.2021.103467; size assumed"
DE_RUITER_2020 = "direction: de Ruiter 2020, doi 10.1016/j.jsp.2020.08.005; size assumed"
KELLER = "Keller 2014, doi 10.3389/fpsyg.2014.01442"
BECKER = "Becker 2015, doi 10.3389/fpsyg.2015.00635"
GOETZ = "Goetz 2015, doi 10.1371/journal.pone.0137441"
LAVY = "direction: Lavy & Eshet 2018, TATE 73:151-161; size assumed"
WRZUS = "Wrzus & Neubauer 2023, doi 10.1177/10731911211067538 (mean 79 %)"
OURS = "chosen for the simulator"


@dataclass(frozen=True)
class Parameter:
    """One number (or one list of category probabilities) of the generator.

    name: how it is switched; value: its default; unit: what one unit of it means;
    basis: "published" or "assumed"; source: the paper, or why this value.
    """

    name: str
    value: Value
    unit: str
    basis: Literal["published", "assumed"]
    source: str


def _published(name: str, value: Value, unit: str, source: str) -> Parameter:
    return Parameter(name, value, unit, "published", source)


def _assumed(name: str, value: Value, unit: str, source: str = OURS) -> Parameter:
    return Parameter(name, value, unit, "assumed", source)


_P5 = "probabilities of the answers 1..5"
_SHARE = "share of latent variance"
_POINT = "scale points (1..5)"
_ANSWER_SD = "answer points per design SD of the score"

PARAMETERS: tuple[Parameter, ...] = (
    # relationship, once per dyad
    _assumed("closeness_mean", 4.0, _POINT),
    _assumed("closeness_sd", 0.6, _POINT),
    _assumed("closeness_item", (0.005, 0.025, 0.16, 0.585, 0.225), _P5),
    _assumed("conflict_mean", 1.8, _POINT),
    _assumed("conflict_sd", 0.8, _POINT),
    _assumed("conflict_item", (0.49, 0.30, 0.14, 0.055, 0.015), _P5),
    _assumed("dependency_mean", 1.9, _POINT),
    _assumed("dependency_sd", 0.7, _POINT),
    _assumed("dependency_item", (0.44, 0.32, 0.16, 0.06, 0.02), _P5),
    _published("closeness_alpha", 0.85, "Cronbach's alpha", "Patricio 2015, Span J Psychol (.84-.87)"),
    _published("conflict_alpha", 0.85, "Cronbach's alpha", "Patricio 2015, Span J Psychol (.84-.87)"),
    _published("dependency_alpha", 0.66, "Cronbach's alpha", "tribalearlychildhoodmeasures.com (.65-.67)"),
    _assumed("closeness_conflict_r", -0.45, "correlation of scores"),
    _assumed("closeness_dependency_r", 0.15, "correlation of scores"),
    _assumed("conflict_dependency_r", 0.25, "correlation of scores"),
    _assumed("closeness_prof_share", 0.15, _SHARE),
    _assumed("conflict_prof_share", 0.12, _SHARE),
    _assumed("dependency_prof_share", 0.25, _SHARE),
    _assumed(
        "high_risk_conflict",
        0.0,
        "latent SD added to conflict of each professional's first dyad; 0.9 = contrast pair",
    ),
    # events
    _assumed("event_chance", 0.35, "chance of each of two possible events per dyad and day"),
    _assumed("valence_mean", -0.6, "points (-3..3)", "own choice of event"),
    _assumed("valence_sd", 1.8, "points (-3..3)"),
    _assumed("valence_prof_share", 0.05, _SHARE),
    _assumed("valence_dyad_share", 0.05, _SHARE),
    _assumed("disruptive", (0.40, 0.24, 0.18, 0.12, 0.06), _P5),
    # emotions
    _published("joy", (0.01, 0.07, 0.26, 0.47, 0.19), _P5, f"{BECKER} (M 3.76); {KELLER} (99 % above 1)"),
    _published("anger", (0.61, 0.22, 0.11, 0.05, 0.01), _P5, f"{BECKER} (M 1.63); {KELLER} (39 % above 1)"),
    _published("anxiety", (0.93, 0.06, 0.01, 0.0, 0.0), _P5, f"{GOETZ} (M 1.08)"),
    _assumed(
        "helplessness",
        (0.70, 0.17, 0.08, 0.04, 0.01),
        _P5,
        "'low': Koenen 2019, doi 10.1177/1063426617739579",
    ),
    _published("joy_prof_share", 0.16, _SHARE, BECKER),
    _assumed("joy_dyad_share", 0.02, _SHARE),
    _assumed("joy_day_share", 0.02, _SHARE),
    _published("anger_prof_share", 0.18, _SHARE, f"{BECKER} (.21 with classes)"),
    _assumed("anger_dyad_share", 0.10, _SHARE),
    _assumed("anger_day_share", 0.06, _SHARE),
    _assumed("helplessness_prof_share", 0.18, _SHARE),
    _assumed("helplessness_dyad_share", 0.10, _SHARE),
    _assumed("anxiety_prof_share", 0.30, _SHARE, "mostly person: Frenzel 2015, PLOS ONE; size assumed"),
    _assumed("anxiety_dyad_share", 0.05, _SHARE),
    _assumed("inertia", 0.20, "correlation of anger's event part from event to event in a dyad"),
    # emotional labour and stress
    _assumed("surface_mean", 1.9, _POINT, "higher than in a random lesson, because selected"),
    _assumed("surface_sd", 0.9, _POINT),
    _assumed("surface_prof_share", 0.20, _SHARE),
    _assumed("surface_dyad_share", 0.12, _SHARE),
    _assumed("surface_day_share", 0.03, _SHARE),
    _assumed("surface_item_r", 0.60, "correlation of hiding and faking"),
    _assumed("genuine_mean", 3.3, _POINT),
    _assumed("genuine_sd", 1.1, _POINT),
    _assumed("genuine_prof_share", 0.20, _SHARE),
    _assumed("genuine_dyad_share", 0.12, _SHARE),
    _assumed("genuine_day_share", 0.01, _SHARE),
    _assumed("genuine_surface_r", -0.30, "latent correlation of the event parts"),
    _assumed("anger_surface_slope_sd", 0.10, "SD over professionals of the effect anger_surface"),
    _assumed("surface_stress_slope_sd", 0.12, "SD over professionals of the effect surface_stress"),
    _assumed("slope_covariance", 0.01, "covariance of these two slopes"),
    _assumed("stress_mean", 2.4, _POINT),
    _assumed("stress_sd", 1.1, _POINT),
    _assumed("stress_prof_share", 0.35, _SHARE),
    _assumed("stress_dyad_share", 0.08, _SHARE),
    _assumed("stress_day_share", 0.12, _SHARE),
    # answering
    _published("compliance_first_day", 0.84, "share of prompts answered on day 1", f"{WRZUS}; day-1 level assumed"),
    _assumed("compliance_slope", -0.006, "change in that share per day"),
    _assumed("compliance_prof_sd", 0.9, "SD between professionals, logit"),
    _assumed("delay_median", 22.0, "minutes from prompt to answer"),
    _assumed("seconds_median", 68.0, "seconds to fill the form with an event and a negative emotion"),
    # named, and left out of this version
    _assumed("duplicates", 0.0, "share of entries sent twice", "not simulated yet: must stay 0"),
    _assumed("item_loss", 0.0, "share of last items lost", "not simulated yet: must stay 0"),
    _assumed("careless", 0.0, "share of careless entries", "not simulated yet: must stay 0"),
    _assumed("variance_habituation", 0.0, "change in event variance per day", "not simulated yet: must stay 0"),
)

NOT_YET = ("duplicates", "item_loss", "careless", "variance_habituation")

EFFECTS: tuple[Parameter, ...] = (
    _assumed("closeness_surface", -0.05, _ANSWER_SD, "not reported as found; near zero"),
    _assumed("conflict_surface", 0.05, _ANSWER_SD, "not reported as found; near zero"),
    _assumed("dependency_surface", 0.15, _ANSWER_SD, DE_RUITER),
    _assumed("closeness_genuine", 0.20, _ANSWER_SD, DE_RUITER),
    _assumed("conflict_genuine", -0.18, _ANSWER_SD, DE_RUITER),
    _assumed("dependency_genuine", 0.0, _ANSWER_SD, "not reported as found"),
    _assumed("anger_surface", 0.30, "answer points per point of anger beyond expectation", KELLER),
    _assumed("joy_surface", -0.10, "answer points per point of joy beyond expectation", KELLER),
    _assumed("anger_lag_surface", 0.06, "answer points per point of anger at the event before", LAVY),
    _assumed("valence_surface", -0.04, "answer points per point of valence"),
    _assumed("disruptive_surface", 0.05, "answer points per point of disruption beyond expectation"),
    _assumed("valence_genuine", 0.04, "answer points per point of valence"),
    _assumed("disruptive_genuine", 0.05, "answer points per point of disruption beyond expectation"),
    _assumed("valence_disruptive", -0.45, "latent SD per SD of valence"),
    _assumed("conflict_disruptive", 0.20, "latent SD per SD of conflict"),
    _assumed("valence_joy", 0.45, "latent SD per SD of valence"),
    _assumed("valence_anger", -0.40, "latent SD per SD of valence", DE_RUITER_2020),
    _assumed("disruptive_anger", 0.20, "latent SD per SD of disruption"),
    _assumed("conflict_anger", 0.25, "latent SD per SD of conflict", DE_RUITER_2020),
    _assumed("valence_conflict_anger", -0.10, "latent SD per SD of valence and SD of conflict", DE_RUITER_2020),
    _assumed("surface_lag_anger", 0.08, "latent SD per SD of the event part of surface acting before", LAVY),
    _assumed("valence_helplessness", -0.35, "latent SD per SD of valence"),
    _assumed("valence_anxiety", -0.25, "latent SD per SD of valence"),
    _assumed("surface_stress", 0.25, "answer points per point of surface acting beyond expectation", LAVY),
    _assumed(
        "anger_stress",
        0.20,
        "answer points per point of anger",
        "Koomen 2023, doi 10.54447/jio.14502 (direction)",
    ),
    _assumed("conflict_stress", 0.10, _ANSWER_SD, "Koomen 2023, doi 10.54447/jio.14502 (direction)"),
    _assumed("monday_stress", 0.05, "answer points"),
    _assumed("friday_stress", -0.10, "answer points"),
    _assumed("conflict_events", 0.10, "relative change of event_chance per SD of conflict"),
    _assumed("stress_answering", -0.15, "logit per SD of yesterday's stress"),
)

_NULL = {effect.name: 0.0 for effect in EFFECTS}
WORLDS: dict[str, dict[str, dict[str, float]]] = {
    "default": {"effects": {}, "parameters": {}},
    "null": {"effects": _NULL, "parameters": {}},
    "no_dyad_variance": {"effects": {}, "parameters": {"surface_dyad_share": 0.0, "genuine_dyad_share": 0.0}},
    "no_clusters": {
        "effects": _NULL,
        "parameters": {f"{y}_{level}_share": 0.0 for y in ("surface", "genuine") for level in ("prof", "dyad", "day")},
    },
}
"""Named sets of overrides for Type-I and singular-fit tests: `simulate_cohort(**WORLDS["null"])`."""


@dataclass(frozen=True)
class Settings:
    """The numbers in force for one cohort: `numbers` (also effects) and `chances` (category
    probabilities)."""

    numbers: Mapping[str, float]
    chances: Mapping[str, NDArray[np.float64]]
    effects: Mapping[str, float]
    records: tuple[Parameter, ...]

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]

    def as_json(self) -> list[dict[str, Any]]:
        """The records with the values in force, as `simulation.json` keeps them."""
        return [asdict(record) for record in self.records]


def settings(effects: Mapping[str, float] | None, parameters: Mapping[str, Value] | None) -> Settings:
    """Defaults with the overrides put in. Raises ValueError naming what is unknown, out of range or not
    simulated yet."""
    chosen_effects, chosen = dict(effects or {}), dict(parameters or {})
    _refuse_unknown("effect", chosen_effects, EFFECTS)
    _refuse_unknown("parameter", chosen, PARAMETERS)
    later = [name for name in NOT_YET if chosen.get(name, 0.0) != 0.0]
    if later:
        raise ValueError(f"The parameter {later[0]} is not simulated yet; leave it at 0.")
    given: dict[str, Any] = {**chosen, **chosen_effects}
    records = tuple(_with(record, given) for record in (*PARAMETERS, *EFFECTS))
    numbers = {r.name: float(r.value) for r in records if not isinstance(r.value, tuple)}
    chances = {r.name: np.asarray(r.value, dtype=np.float64) for r in records if isinstance(r.value, tuple)}
    return Settings(numbers, chances, {e.name: numbers[e.name] for e in EFFECTS}, records)


def _refuse_unknown(what: str, given: Mapping[str, Any], known: tuple[Parameter, ...]) -> None:
    names = [record.name for record in known]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(f"There is no {what} called {', '.join(unknown)}. Known: {', '.join(names)}.")


def _with(record: Parameter, given: Mapping[str, Any]) -> Parameter:
    if record.name not in given:
        return record
    value = given[record.name]
    if isinstance(record.value, tuple):
        value = tuple(float(v) for v in value)
        if len(value) != 5 or min(value) < 0 or abs(sum(value) - 1) > 1e-6:
            raise ValueError(f"{record.name} takes five probabilities that sum to 1; it got {value}.")
    else:
        value = float(value)
        if not np.isfinite(value) or (record.name.endswith("_share") and not 0 <= value < 1):
            raise ValueError(f"{record.name} cannot be {value}.")
    return Parameter(record.name, value, record.unit, record.basis, f"set by the caller (default {record.value})")
