"""Hiding, faking, showing and stress: answers whose conditional means are exactly linear in the
predictors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.simulate.draws import Answers, Array, dispersion_for, inside, split_normal, with_exact_mean
from analysis.simulate.events import Events
from analysis.simulate.parameters import Settings

# Counted answers correlate a little less than the normal numbers behind them.
_CUTTING = 0.93


@dataclass(frozen=True)
class Labour:
    """Answers 1..5, arrays (dyads, days), and the share of means that had to be moved to stay inside the
    scale."""

    hid: Answers
    faked: Answers
    showed: Answers
    stress: Answers
    moved: float


def labour(
    rng: np.random.Generator, shape: tuple[int, int, int], scores: dict[str, Array], ev: Events, s: Settings
) -> Labour:
    """Draw strategies and stress for all dyads and days; scores: standardised baseline scores (dyads,) per
    scale."""
    slopes = _slopes(rng, shape, s)
    surface_dyad = _from_relationship("surface", scores, s)
    surface, moved_surface = inside(_surface_mean(surface_dyad, slopes[0], ev, s))
    genuine, moved_genuine = inside(
        _from_relationship("genuine", scores, s)
        + s["valence_genuine"] * ev.valence_surprise
        + s["disruptive_genuine"] * ev.disruptive_surprise
    )
    shared, item_sd = _surface_latent(rng, shape, ev, s)
    spread = dispersion_for(s["surface_mean"], s["surface_sd"] * np.sqrt(2 / (1 + s["surface_item_r"])))
    hid, faked = (
        with_exact_mean(surface, spread, shared + item_sd * rng.standard_normal(surface.shape)) for _ in range(2)
    )
    showed = with_exact_mean(
        genuine, dispersion_for(s["genuine_mean"], s["genuine_sd"]), _genuine_latent(rng, shape, ev, s)
    )
    felt = np.where(ev.negative, (hid + faked) / 2 - surface_dyad, 0.0)
    stress = _stress(rng, shape, slopes[1] * felt, scores["conflict"][:, None], ev, s)
    moved = float((moved_surface + moved_genuine) / 2)
    return Labour(hid, faked, showed, stress, moved)


def _from_relationship(outcome: str, scores: dict[str, Array], s: Settings) -> Array:
    """The dyad's expected answer; shape (dyads, 1)."""
    effects = sum(s[f"{scale}_{outcome}"] * score for scale, score in scores.items())
    return np.asarray(s[f"{outcome}_mean"] + effects, dtype=np.float64)[:, None]


def _surface_mean(dyad: Array, anger_slope: Array, ev: Events, s: Settings) -> Array:
    mean: Array = (
        dyad
        + anger_slope * ev.anger_surprise
        + s["joy_surface"] * ev.joy_surprise
        + s["valence_surface"] * ev.valence_surprise
        + s["disruptive_surface"] * ev.disruptive_surprise
        + s["anger_lag_surface"] * _at_event_before(ev.anger_surprise, ev.happened)
    )
    return mean


def _at_event_before(values: Array, happened: np.ndarray) -> Array:
    """For each dyad and day the value at its last event before that day, 0 before the first; shape (dyads,
    days)."""
    days = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(happened, days, -1), axis=1)
    before = np.concatenate([np.full((len(values), 1), -1), last[:, :-1]], axis=1)
    found: Array = np.where(before < 0, 0.0, np.take_along_axis(values, np.maximum(before, 0), axis=1))
    return found


def _slopes(rng: np.random.Generator, shape: tuple[int, int, int], s: Settings) -> tuple[Array, Array]:
    """Each professional's effect of anger on surface acting and of surface acting on stress; 0 stays 0 for
    all."""
    sd = np.array([s["anger_surface_slope_sd"], s["surface_stress_slope_sd"]])
    r = np.clip(s["slope_covariance"] / sd.prod(), -1, 1) if sd.prod() > 0 else 0.0
    z = rng.standard_normal((2, shape[0]))
    parts = sd[0] * z[0], sd[1] * (r * z[0] + np.sqrt(1 - r**2) * z[1])
    names = ("anger_surface", "surface_stress")
    first, second = (
        (s[name] + part if s[name] else np.zeros_like(part)).repeat(shape[1])[:, None]
        for name, part in zip(names, parts, strict=True)
    )
    return first, second


def _surface_latent(
    rng: np.random.Generator, shape: tuple[int, int, int], ev: Events, s: Settings
) -> tuple[Array, float]:
    """Standard normal parts that hiding and faking share, and the SD of what is each item's own."""
    r = min(s["surface_item_r"] / _CUTTING, 0.98)
    shares = np.array([s[f"surface_{level}_share"] for level in ("prof", "dyad", "day")]) * (1 + r) / 2 / _CUTTING
    event = max(r - shares.sum(), 0.0)
    shared = split_normal(rng, shape, (shares[0], shares[1], shares[2])) + np.sqrt(event) * ev.surface_event
    return shared, float(np.sqrt(1 - shares.sum() - event))


def _genuine_latent(rng: np.random.Generator, shape: tuple[int, int, int], ev: Events, s: Settings) -> Array:
    shares = np.array([s[f"genuine_{level}_share"] for level in ("prof", "dyad", "day")]) / _CUTTING
    r = s["genuine_surface_r"]
    event = r * ev.surface_event + np.sqrt(1 - r**2) * rng.standard_normal(ev.surface_event.shape)
    clusters = split_normal(rng, shape, (shares[0], shares[1], shares[2]))
    latent: Array = clusters + np.sqrt(1 - shares.sum()) * event
    return latent


def _stress(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    from_surface: Array,
    con: Array,
    ev: Events,
    s: Settings,
) -> Answers:
    weekday = np.arange(shape[2]) % 5  # study days are school days and day 0 is a Monday
    anger_mean = s.chances["anger"] @ np.arange(1, 6)
    mean, _ = inside(
        s["stress_mean"]
        + s["conflict_stress"] * con
        + from_surface
        + s["anger_stress"] * np.where(ev.happened, ev.anger - anger_mean, 0.0)
        + s["monday_stress"] * (weekday == 0)
        + s["friday_stress"] * (weekday == 4)
    )
    shares = (s["stress_prof_share"], s["stress_dyad_share"], s["stress_day_share"])
    latent = split_normal(rng, shape, shares) + np.sqrt(1 - sum(shares)) * rng.standard_normal(mean.shape)
    return with_exact_mean(mean, dispersion_for(s["stress_mean"], s["stress_sd"]), latent)
