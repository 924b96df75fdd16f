"""What happened and what was felt: events, valence, disruption and the four emotions of every dyad and
day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from analysis.simulate.draws import Answers, Array, by_thresholds, mean_above_one, split_normal, thresholds
from analysis.simulate.parameters import Settings

VALENCES = np.arange(-3, 4)
KINDS = ("joy", "help_seeking", "clinging", "withdrawal", "refusal", "hostility", "other")
_KIND_CHANCES = {  # by the sign of valence; assumed
    -1: (0.02, 0.08, 0.14, 0.18, 0.30, 0.22, 0.06),
    0: (0.12, 0.34, 0.14, 0.14, 0.10, 0.04, 0.12),
    1: (0.52, 0.26, 0.07, 0.03, 0.02, 0.01, 0.09),
}
# Rounding a normal number to -3..3 pulls its ends in; the latent mean and SD that give M -0.6, SD 1.8 (see
# tests).
_VALENCE_MEAN_STRETCH, _VALENCE_SD_STRETCH = 1.10, 1.13


@dataclass(frozen=True)
class Events:
    """Arrays (dyads, days). The `_surprise` arrays have mean zero given all that recipe R4 conditions on.

    happened: an event took place; negative: happened and anger, helplessness or anxiety above 1.
    valence -3..3; disruptive, joy, anger, helplessness, anxiety 1..5; kind: index into KINDS.
    valence_surprise: valence minus its mean over the professional's dyads, given a negative emotion.
    disruptive_surprise, anger_surprise, joy_surprise: minus their mean given valence (and disruption), the
    dyad and a negative emotion. surface_event: standard normal event part of surface acting (drawn here as it
    feeds back).
    """

    happened: np.ndarray
    negative: np.ndarray
    valence: Answers
    disruptive: Answers
    joy: Answers
    anger: Answers
    helplessness: Answers
    anxiety: Answers
    kind: Answers
    valence_surprise: Array
    disruptive_surprise: Array
    anger_surprise: Array
    joy_surprise: Array
    surface_event: Array


def events(rng: np.random.Generator, shape: tuple[int, int, int], conflict: Array, s: Settings) -> Events:
    """Draw all events. shape: (professionals, dyads, days); conflict: standardised scores
    (professionals*dyads,)."""
    n, days = shape[0] * shape[1], shape[2]
    con = conflict[:, None]
    chance = np.clip(s["event_chance"] * (1 + s["conflict_events"] * con), 0, 1)
    happened = rng.random((n, days)) < 1 - (1 - chance) ** 2
    u = {y: _clusters(rng, shape, y, s) for y in ("valence", "anger", "helplessness", "anxiety", "joy")}
    day = {y: split_normal(rng, shape, (0.0, 0.0, s[f"{y}_day_share"])) for y in ("anger", "joy")}
    u["joy"] = u["joy"] + day["joy"]

    valence_latent = u["valence"] + _rest("valence", s) * rng.standard_normal((n, days))
    valence = -3 + (valence_latent[..., None] > _valence_cuts(s)).sum(axis=-1)
    v = _standard_valence(valence, s)
    disruptive = by_thresholds(
        _disruptive_centre(v, con, s) + _disruptive_sd(s) * rng.standard_normal((n, days)),
        thresholds(s.chances["disruptive"]),
    )
    d = _standard_disruptive(disruptive, s)
    other = {}
    for y in ("helplessness", "anxiety", "joy"):
        centre = s[f"valence_{y}"] * v + u[y]
        other[y] = by_thresholds(centre + _other_sd(y, s) * rng.standard_normal((n, days)), thresholds(s.chances[y]))
    no_other = _chance_of_one("helplessness", v, u, s) * _chance_of_one("anxiety", v, u, s)

    anger_centre = _anger_centre(v, d, con, u["anger"], s) + day["anger"]
    surface_event = rng.standard_normal((n, days))
    still = (other["helplessness"] == 1) & (other["anxiety"] == 1)
    anger, expected = _anger_in_time(rng, anger_centre, happened, still, surface_event, s)
    negative = happened & ~(still & (anger == 1))
    selected = 1 - (1 - expected[1]) * no_other
    anger_surprise = np.where(negative, anger - 1 - expected[0] / selected, 0.0)
    joy_mean = 1 + mean_above_one(s["valence_joy"] * v + u["joy"], _other_sd("joy", s), thresholds(s.chances["joy"]))

    valence_mean, disruptive_mean = _expected_when_negative(u, con, s)
    by_prof = valence_mean.reshape(shape[:2]).mean(axis=1).repeat(shape[1])[:, None]
    seen_disruptive = np.take_along_axis(disruptive_mean, valence + 3, axis=1)
    return Events(
        happened=happened, negative=negative, valence=valence, disruptive=disruptive, anger=anger, **other,
        kind=_kinds(rng, valence), valence_surprise=valence - by_prof, disruptive_surprise=disruptive - seen_disruptive,
        anger_surprise=anger_surprise, joy_surprise=other["joy"] - joy_mean, surface_event=surface_event,
    )  # fmt: skip


def _clusters(rng: np.random.Generator, shape: tuple[int, int, int], y: str, s: Settings) -> Array:
    """Professional and dyad parts; for anger what conflict explains is taken out, so that the shares hold in
    all."""
    prof, dyad = s[f"{y}_prof_share"], s[f"{y}_dyad_share"]
    if y == "anger":
        explained = (s["conflict_anger"] + s["conflict_disruptive"] * s["disruptive_anger"]) ** 2
        share = s["conflict_prof_share"]
        prof, dyad = max(prof - explained * share, 0.0), max(dyad - explained * (1 - share), 0.0)
    return split_normal(rng, (shape[0], shape[1], 1), (prof, dyad, 0.0))


def _rest(y: str, s: Settings, extra: float = 0.0) -> float:
    return float(np.sqrt(max(1 - s[f"{y}_prof_share"] - s[f"{y}_dyad_share"] - extra, 0.05)))


def _valence_cuts(s: Settings) -> Array:
    cuts: Array = (VALENCES[:-1] + 0.5 - s["valence_mean"] * _VALENCE_MEAN_STRETCH) / (
        s["valence_sd"] * _VALENCE_SD_STRETCH
    )
    return cuts


def _standard_valence(valence: Answers, s: Settings) -> Array:
    standard: Array = (valence - s["valence_mean"]) / s["valence_sd"]
    return standard


def _standard_disruptive(disruptive: Answers, s: Settings) -> Array:
    chances = s.chances["disruptive"]
    mean = chances @ np.arange(1, 6)
    standard: Array = (disruptive - mean) / np.sqrt(chances @ (np.arange(1, 6) - mean) ** 2)
    return standard


def _disruptive_centre(v: Array, con: Array, s: Settings) -> Array:
    return s["valence_disruptive"] * v + s["conflict_disruptive"] * con


def _disruptive_sd(s: Settings) -> float:
    return float(np.sqrt(max(1 - s["valence_disruptive"] ** 2 - s["conflict_disruptive"] ** 2, 0.05)))


def _other_sd(y: str, s: Settings) -> float:
    return _rest(y, s, extra=s[f"valence_{y}"] ** 2 + (s["joy_day_share"] if y == "joy" else 0.0))


def _anger_centre(v: Array, d: Array, con: Array, u: Array, s: Settings) -> Array:
    moderated = s["valence_conflict_anger"] * v * con
    return s["valence_anger"] * v + s["disruptive_anger"] * d + s["conflict_anger"] * con + moderated + u


def _anger_event_sd(s: Settings) -> float:
    """What is left for the event after valence, disruption (which go together) and their interaction with
    conflict."""
    v, d = s["valence_anger"], s["disruptive_anger"]
    explained = v**2 + d**2 + 2 * v * d * s["valence_disruptive"] + s["valence_conflict_anger"] ** 2
    return _rest("anger", s, extra=s["anger_day_share"] + explained)


def _chance_of_one(y: str, v: Array, u: dict[str, Array], s: Settings) -> Array:
    first: float = thresholds(s.chances[y])[0]
    chance: Array = ndtr((first - s[f"valence_{y}"] * v - u[y]) / _other_sd(y, s))
    return chance


def _anger_in_time(
    rng: np.random.Generator,
    centre: Array,
    happened: np.ndarray,
    still: np.ndarray,
    surface_event: Array,
    s: Settings,
) -> tuple[Answers, tuple[Array, Array]]:
    """Anger, event after event: inertia of its event part, and surface acting at the event before.

    Returns the answers, and E[anger - 1] and P(anger > 1) given everything before this event.
    """
    cuts, sd, phi = thresholds(s.chances["anger"]), _anger_event_sd(s), s["inertia"]
    innovation = sd * np.sqrt(1 - phi**2)
    noise = innovation * rng.standard_normal(centre.shape)
    part, before = np.zeros(len(centre)), np.zeros(len(centre))
    anger, expected_centre = np.empty(centre.shape, dtype=np.int64), np.empty_like(centre)
    for t in range(centre.shape[1]):
        carried = phi * part + s["surface_lag_anger"] * before
        expected_centre[:, t] = centre[:, t] + carried
        now = carried + noise[:, t]
        anger[:, t] = by_thresholds(centre[:, t] + now, cuts)
        here = happened[:, t]
        part = np.where(here, now, part)
        asked = ~still[:, t] | (anger[:, t] > 1)
        before = np.where(here, np.where(asked, surface_event[:, t], 0.0), before)
    above = mean_above_one(expected_centre, innovation, cuts)
    passed: Array = ndtr((expected_centre - cuts[0]) / innovation)
    return anger, (above, passed)


def _expected_when_negative(u: dict[str, Array], con: Array, s: Settings) -> tuple[Array, Array]:
    """Per dyad, given a negative emotion: E[valence], shape (n,), and E[disruption | valence], shape (n,
    7)."""
    edges = np.concatenate([[-np.inf], _valence_cuts(s), [np.inf]])
    valence_chance = np.diff(ndtr((edges - u["valence"]) / _rest("valence", s)), axis=1)
    v = _standard_valence(VALENCES, s)[None, :]
    cuts = np.concatenate([[-np.inf], thresholds(s.chances["disruptive"]), [np.inf]])
    below = ndtr((cuts - _disruptive_centre(v, con, s)[..., None]) / _disruptive_sd(s))
    disruptive_chance = np.diff(below, axis=2)
    d = _standard_disruptive(np.arange(1, 6), s)
    centre = _anger_centre(v[..., None], d, con[..., None], u["anger"][..., None], s)
    event_sd = np.sqrt(_anger_event_sd(s) ** 2 + s["anger_day_share"])
    no_anger = ndtr((thresholds(s.chances["anger"])[0] - centre) / event_sd)
    no_other = _chance_of_one("helplessness", v, u, s) * _chance_of_one("anxiety", v, u, s)
    joint = disruptive_chance * (1 - no_anger * no_other[..., None])
    selected = joint.sum(axis=2)
    weight = valence_chance * selected
    valence_mean: Array = (weight * VALENCES).sum(axis=1) / weight.sum(axis=1)
    disruptive_mean: Array = (joint * np.arange(1, 6)).sum(axis=2) / selected
    return valence_mean, disruptive_mean


def _kinds(rng: np.random.Generator, valence: Answers) -> Answers:
    cumulative = np.array([np.cumsum(_KIND_CHANCES[sign])[:-1] for sign in (-1, 0, 1)])
    kinds: Answers = (rng.random(valence.shape)[..., None] > cumulative[np.sign(valence) + 1]).sum(axis=-1)
    return kinds
