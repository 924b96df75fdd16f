"""Counts known to be at least one: the positive part of a hurdle model.

The loss is that of the plain count plus log(1 - P(0)); derivatives below are of that extra term.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from analysis.laplace.blocks import Floats, Ints
from analysis.laplace.families import NegativeBinomial, Poisson, total

_LARGEST_TRIES = 10_000


class TruncatedPoisson(Poisson):
    """Poisson counts given that they are positive; the linear predictor is the log mean before truncation."""

    name = "truncated_poisson"

    def curve(self, y: Floats, eta: Floats, _shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        mean = np.exp(eta)
        pull = _over_exponential(mean)
        loss = total(mean - y * eta + np.log(-np.expm1(-mean)), weights)
        return loss, mean - y + pull, mean + pull * (1 - mean - pull)

    def third(self, _y: Floats, eta: Floats, _shape: Floats, _first: Floats, _second: Floats) -> Floats:
        mean = np.exp(eta)
        pull = _over_exponential(mean)
        slope = 1 - mean - pull
        return np.asarray(mean + pull * (slope * slope - mean - pull * slope))

    def mean(self, eta: Floats, _shape: Floats) -> Floats:
        mean = np.exp(eta)
        return np.asarray(mean / -np.expm1(-mean))

    def draw(self, eta: Floats, _shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        return _until_positive(lambda rows: random.poisson(np.exp(eta[rows])), eta.size)


class TruncatedNegativeBinomial(NegativeBinomial):
    """Negative binomial (NB2) counts given that they are positive; the shape is log(size)."""

    name = "truncated_negative_binomial"

    def curve(self, y: Floats, eta: Floats, shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        loss, first, second = super().curve(y, eta, shape, weights)
        share, slide, odds, log_zero = _zero(eta, shape)
        bend = (1 - share) - slide * (1 + odds)
        loss += total(np.log(-np.expm1(log_zero)), weights)
        return loss, first + odds * slide, second + odds * slide * bend

    def third(self, y: Floats, eta: Floats, shape: Floats, _first: Floats, _second: Floats) -> Floats:
        share, slide, odds, _ = _zero(eta, shape)
        bend = (1 - share) - slide * (1 + odds)
        d_bend = -share * (1 - share) - slide * (1 - share) * (1 + odds) + slide * slide * odds * (1 + odds)
        plain = (y + np.exp(shape[0])) * share * (1 - share)
        return np.asarray(plain * (1 - 2 * share) + odds * slide * (bend * bend + d_bend))

    def shape_gradient(self, y: Floats, eta: Floats, shape: Floats, rows: tuple[Floats, Floats, Floats]) -> Floats:
        weight, spread, pull = rows
        share, slide, odds, log_zero = _zero(eta, shape)
        bend = (1 - share) - slide * (1 + odds)
        lift = log_zero + slide
        d_odds_slide = odds * (1 + odds) * lift * slide + odds * slide * share
        d_bend = share * (1 - share) - slide * share * (1 + odds) - slide * odds * (1 + odds) * lift
        d_second = d_odds_slide * bend + odds * slide * d_bend
        extra = weight @ (-odds * lift + 0.5 * spread * d_second - pull * d_odds_slide)
        return super().shape_gradient(y, eta, shape, rows) + extra

    def mean(self, eta: Floats, shape: Floats) -> Floats:
        return np.asarray(np.exp(eta) / -np.expm1(_zero(eta, shape)[3]))

    def draw(self, eta: Floats, shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        size = np.exp(shape[0])
        return _until_positive(lambda rows: random.poisson(random.gamma(size, np.exp(eta[rows]) / size)), eta.size)


def _over_exponential(mean: Floats) -> Floats:
    """mu / (exp(mu) - 1), one at zero and zero far out."""
    return np.asarray(mean * np.exp(-mean) / -np.expm1(-mean))


def _zero(eta: Floats, shape: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Share mu/(size+mu), slide size*share, odds of a zero, and log P(0)."""
    size = np.exp(shape[0])
    share = expit(eta - shape[0])
    log_zero = -size * np.log1p(np.exp(eta - shape[0]))
    return share, size * share, np.exp(log_zero) / -np.expm1(log_zero), log_zero


def _until_positive(draw: Callable[[Ints], npt.NDArray[np.int64]], size: int) -> Floats:
    """Draws again wherever a zero came up; what is still zero after 10,000 rounds becomes one."""
    value = np.zeros(size)
    waiting = np.arange(size)
    for _ in range(_LARGEST_TRIES):
        value[waiting] = draw(waiting)
        waiting = waiting[value[waiting] == 0]
        if not waiting.size:
            break
    value[waiting] = 1.0
    return value
