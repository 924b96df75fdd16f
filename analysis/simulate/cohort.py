"""A synthetic cohort whose relationship effects are known exactly, in the sense in which recipe R4 estimates
them.

Generating equations (design units are the records in `parameters`; i professional, j dyad, t event)
----------------------------------------------------------------------------------------------------
Baseline  twelve integer items; S_ij = mean of a scale's four *observed* items, Z = (S - design mean)/design
SD. Events    happened ~ 1 - (1 - .35(1 + .10 Z_con))^2; valence v and disruption d from latent normals;
anger,
          helplessness, anxiety, joy from ordered-probit equations on v, d and Z_con with professional, dyad
          and day parts; anger has inertia from event to event. Selected: a negative emotion above 1.
Labour    hid, faked, showed = 1 + BetaBinomial(4, (mu - 1)/4), quantiles picked by standard normal numbers
that share
          professional, dyad, day and event parts (a Gaussian copula), independent of all predictors. So
              E[answer | predictors, selected] = mu, exactly, though answers are integers and
              intra-correlated.
          mu_surface = 1.9 + sum_k b_k Z_k + (.30 + s_i)(anger - E) + (-.10)(joy - E) + .06 (anger - E)_before
                           + g (v - E_i) + h (d - E);   mu_genuine likewise with its own b_k, g, h.
          Relationship effects b_k act on observed scores, hence b_k / design SD per raw scale point is the
          truth, the same for a professional's mean and for a dyad's deviation, whatever z-scoring a report
          uses.

Why mediation and selection do not move b_k: every E above is the conditional mean given what R4 holds fixed.
  anger - E[anger | selected, v, d, dyad, past]. P(selected) is known in closed form, and anger above 1
  implies selection, so E[anger - 1 | selected] = E[anger - 1]/P(selected); its mean over selected events is 0
  in every dyad. d - E[d | selected, v, dyad]: the same by summing over the 5 x 7 cells. joy: given v and dyad
  (selection adds nothing). v - E_i, E_i = mean over i's dyads of E[v | selected, dyad]: R4 keeps valence_w
  and valence_b, so the effect of v within and between dyads is adjusted for, and what is left per
  professional has mean 0 given the baseline scores.
Dyad-level terms are orthogonal to the within-dyad terms of R4, so E[mean answer of a dyad | its baseline
scores, valence_b] is linear with slopes b_k. What remains is third order: how many of a dyad's events are
seen depends a little on its own past (inertia, yesterday's stress on answering). `bench/coverage.py` shows
how little.

mu stays inside 1..5 because random parts sit in the copula, not in mu; `simulation["means_moved"]` is the
share of means that had to be moved (about one in ten thousand).

Anger, joy and labour have independent professional and dyad parts: their intercept correlations are assumed
0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.simulate.answering import answered, timing
from analysis.simulate.draws import Array
from analysis.simulate.events import KINDS, Events, events
from analysis.simulate.labour import Labour, labour
from analysis.simulate.parameters import Value, settings
from analysis.simulate.relationship import ITEMS, baseline_items, standardised_scores

GENERATOR = 1


@dataclass(frozen=True)
class Cohort:
    """A synthetic cohort.

    professionals: `professional` (0..). dyads: `professional`, `dyad` (0.. within professional), clo1..dep4
    (1..5). occasions: one row per professional, dyad and `day`, with `answered`; `minutes_late`, `seconds`
    and the answers are missing where not answered, and the answers also exactly where the protocol's show_if
    would not ask. simulation: what `simulation.json` keeps: seed, sizes, every parameter with its source,
    effects in force.
    """

    professionals: pd.DataFrame
    dyads: pd.DataFrame
    occasions: pd.DataFrame
    simulation: dict[str, Any]


def simulate_cohort(
    *,
    professionals: int = 37,
    dyads_per_professional: int = 2,
    days: int = 30,
    seed: int = 1,
    effects: Mapping[str, float] | None = None,
    parameters: Mapping[str, Value] | None = None,
) -> Cohort:
    """Draw a cohort: one prompt per dyad and day. The same arguments give the same cohort.

    effects: overrides of `EFFECTS` by name, 0 switches one off; parameters: overrides of `PARAMETERS`.
    Raises ValueError for an unknown name or an impossible number.
    """
    shape = _checked(professionals, dyads_per_professional, days)
    s = settings(effects, parameters)
    # One stream per part: switching an effect off leaves the draws of the other parts as they were.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(5)]
    items = baseline_items(streams[0], shape[0], shape[1], s)
    scores = standardised_scores(items, s)
    ev = events(streams[1], shape, scores["conflict"], s)
    strategies = labour(streams[2], shape, scores, ev, s)
    seen = answered(streams[3], shape, strategies.stress, s)
    minutes, seconds = timing(streams[4], ev.happened, ev.negative, s)
    sizes = {"professionals": shape[0], "dyads_per_professional": shape[1], "days": shape[2]}
    simulation = {
        "generator": GENERATOR, "seed": seed, **sizes, "parameters": s.as_json(), "effects": dict(s.effects),
        "means_moved": strategies.moved,
    }  # fmt: skip
    return Cohort(
        professionals=pd.DataFrame({"professional": np.arange(shape[0])}),
        dyads=_dyad_frame(shape, items),
        occasions=_occasion_frame(shape, seen, ev, strategies, (minutes, seconds)),
        simulation=simulation,
    )


def _checked(*sizes: int) -> tuple[int, int, int]:
    for name, size in zip(("professionals", "dyads_per_professional", "days"), sizes, strict=True):
        if int(size) != size or not 1 <= size <= 100_000:
            raise ValueError(f"{name} must be a whole number from 1; it got {size}.")
    return int(sizes[0]), int(sizes[1]), int(sizes[2])


def _dyad_frame(shape: tuple[int, int, int], items: np.ndarray) -> pd.DataFrame:
    people, dyads, _ = shape
    ids = {"professional": np.arange(people).repeat(dyads), "dyad": np.tile(np.arange(dyads), people)}
    return pd.DataFrame({**ids, **{name: items[:, j] for j, name in enumerate(ITEMS)}})


def _occasion_frame(
    shape: tuple[int, int, int], seen: np.ndarray, ev: Events, done: Labour, times: tuple[Array, Array]
) -> pd.DataFrame:
    people, dyads, days = shape
    columns: dict[str, Any] = {
        "professional": np.arange(people).repeat(dyads * days),
        "dyad": np.tile(np.arange(dyads).repeat(days), people),
        "day": np.tile(np.arange(days), people * dyads),
        "answered": seen.ravel(),
    }
    for name, time in zip(("minutes_late", "seconds"), times, strict=True):
        columns[name] = np.where(seen, time, np.nan).ravel()
    columns["happened"] = pd.arrays.BooleanArray(ev.happened.ravel(), ~seen.ravel())
    asked, labelled = seen & ev.happened, seen & ev.negative
    kinds = np.array(KINDS, dtype=object)[ev.kind]
    columns["event_kind"] = pd.Series(kinds.ravel()).where(asked.ravel()).astype("string")
    for name in ("valence", "joy", "anger", "helplessness", "anxiety"):
        columns[name] = _integers(getattr(ev, name), asked)
    for name in ("hid", "faked", "showed"):
        columns[name] = _integers(getattr(done, name), labelled)
    columns["disruptive"] = _integers(ev.disruptive, asked)
    columns["stress"] = _integers(done.stress, seen)
    return pd.DataFrame(columns)


def _integers(values: np.ndarray, present: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(values.ravel().astype(np.int64), ~present.ravel())
