"""Outcome families: minus the log-likelihood of a row and its derivatives in the linear predictor eta.

Every family answers five questions about a run of rows (arrays of one length): `curve` gives the summed minus
log-likelihood without its constant, the first derivative and the second; `third` the third; `shape_gradient`
what the family's own parameters (dispersion, thresholds) add to the gradient of the Laplace deviance;
`constant` the part free of eta; `mean` the response scale. Second derivatives are observed, not expected,
ones, as in TMB (Kristensen et al. 2016, doi 10.18637/jss.v070.i05).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy.special import digamma, expit, gammaln

from analysis.laplace.blocks import Floats

_PRODUCT_RUN = 16


class Family(Protocol):
    """What the Laplace engine asks of an outcome family; `shape` are its own parameters, unconstrained."""

    name: str
    shape_names: tuple[str, ...]

    def curve(self, y: Floats, eta: Floats, shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        """Weighted sum of minus log-likelihood, then first and second derivative per row (unweighted)."""
        ...

    def third(self, y: Floats, eta: Floats, shape: Floats, first: Floats, second: Floats, /) -> Floats:
        """Third derivative per row, given the first two."""
        ...

    def shape_gradient(self, y: Floats, eta: Floats, shape: Floats, rows: tuple[Floats, Floats, Floats]) -> Floats:
        """Sum of weight * (d loss + spread/2 * d second - pull * d first) over rows, per shape parameter.

        `rows` holds (weight, spread, pull); d is the derivative in the shape parameter.
        """
        ...

    def constant(self, shape: Floats, /) -> tuple[float, Floats]:
        """The part of minus the log-likelihood free of eta, and its gradient in the shape."""
        ...

    def mean(self, eta: Floats, shape: Floats, /) -> Floats:
        """Expected outcome; for ordered categories their probabilities, shape (rows, categories)."""
        ...

    def draw(self, eta: Floats, shape: Floats, trials: Floats, random: np.random.Generator, /) -> Floats:
        """One simulated outcome a row."""
        ...


def total(values: Floats, weights: Floats | None) -> float:
    """Weighted sum."""
    return float(values.sum()) if weights is None else float(values @ weights)


class Binomial:
    """Proportion y of `weights` trials (one by default), logit link: loss log(1 + exp eta) - y eta."""

    name = "binomial"
    shape_names: tuple[str, ...] = ()

    def __init__(self, y: Floats, weights: Floats | None) -> None:
        self._constant = 0.0
        if weights is not None:
            wins = y * weights
            self._constant = -float(np.sum(gammaln(weights + 1) - gammaln(wins + 1) - gammaln(weights - wins + 1)))

    def curve(self, y: Floats, eta: Floats, _shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        if weights is None:
            return _binary_curve(y, eta)
        fade = np.exp(-np.abs(eta))
        grown = 1.0 + fade
        mean = np.where(eta >= 0, 1.0, fade) / grown
        loss = total(np.log(grown) + np.maximum(eta, 0) - y * eta, weights)
        return loss, mean - y, fade / (grown * grown)

    def third(self, y: Floats, _eta: Floats, _shape: Floats, first: Floats, second: Floats) -> Floats:
        return second * (1 - 2 * (first + y))

    def shape_gradient(self, _y: Floats, _eta: Floats, _shape: Floats, _rows: tuple[Floats, Floats, Floats]) -> Floats:
        return np.zeros(0)

    def constant(self, _shape: Floats) -> tuple[float, Floats]:
        return self._constant, np.zeros(0)

    def mean(self, eta: Floats, _shape: Floats) -> Floats:
        return np.asarray(expit(eta))

    def draw(self, eta: Floats, _shape: Floats, trials: Floats, random: np.random.Generator) -> Floats:
        return random.binomial(trials.astype(np.int64), expit(eta)) / trials


class Poisson:
    """Counts with mean exp(eta): loss exp(eta) - y eta."""

    name = "poisson"
    shape_names: tuple[str, ...] = ()

    def __init__(self, y: Floats, weights: Floats | None) -> None:
        self._constant = total(gammaln(y + 1), weights)

    def curve(self, y: Floats, eta: Floats, _shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        mean = np.exp(eta)
        loss = float(mean.sum() - y @ eta) if weights is None else total(mean - y * eta, weights)
        return loss, mean - y, mean

    def third(self, _y: Floats, _eta: Floats, _shape: Floats, _first: Floats, second: Floats) -> Floats:
        return second

    def shape_gradient(self, _y: Floats, _eta: Floats, _shape: Floats, _rows: tuple[Floats, Floats, Floats]) -> Floats:
        return np.zeros(0)

    def constant(self, _shape: Floats) -> tuple[float, Floats]:
        return self._constant, np.zeros(0)

    def mean(self, eta: Floats, _shape: Floats) -> Floats:
        return np.exp(eta)

    def draw(self, eta: Floats, _shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        return random.poisson(np.exp(eta)).astype(float)


class NegativeBinomial:
    """Counts with mean mu = exp(eta) and variance mu + mu^2 / size; the shape is log(size) (NB2)."""

    name = "negative_binomial"
    shape_names: tuple[str, ...] = ("log_size",)

    def __init__(self, y: Floats, weights: Floats | None) -> None:
        counts, place = np.unique(y, return_inverse=True)
        self._counts = counts
        self._times = np.bincount(place, weights=weights, minlength=counts.size).astype(float)
        self._fixed = float(self._times @ gammaln(counts + 1))

    def curve(self, y: Floats, eta: Floats, shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        size = np.exp(shape[0])
        mean = np.exp(eta)
        share = mean / (size + mean)
        loss = total((y + size) * np.log1p(mean / size) - y * eta, weights)
        return loss, (y + size) * share - y, (y + size) * share * (1 - share)

    def third(self, _y: Floats, eta: Floats, shape: Floats, _first: Floats, second: Floats) -> Floats:
        return np.asarray(second * (1 - 2 * expit(eta - shape[0])))

    def shape_gradient(self, y: Floats, eta: Floats, shape: Floats, rows: tuple[Floats, Floats, Floats]) -> Floats:
        weight, spread, pull = rows
        size = np.exp(shape[0])
        share = expit(eta - shape[0])
        turn = share * (1 - share)
        d_loss = size * np.log1p(np.exp(eta - shape[0])) - (y + size) * share
        d_first = size * share - (y + size) * turn
        d_second = size * turn - (y + size) * turn * (1 - 2 * share)
        return np.array([weight @ (d_loss + 0.5 * spread * d_second - pull * d_first)])

    def constant(self, shape: Floats) -> tuple[float, Floats]:
        size = np.exp(shape[0])
        rise = gammaln(self._counts + size) - gammaln(size) - self._counts * shape[0]
        slope = size * (digamma(self._counts + size) - digamma(size)) - self._counts
        return self._fixed - float(self._times @ rise), np.array([-float(self._times @ slope)])

    def mean(self, eta: Floats, _shape: Floats) -> Floats:
        return np.exp(eta)

    def draw(self, eta: Floats, shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        size = np.exp(shape[0])
        return np.asarray(random.poisson(random.gamma(size, np.exp(eta) / size)).astype(float))


def _binary_curve(y: Floats, eta: Floats) -> tuple[float, Floats, Floats]:
    """The curve of 0/1 outcomes: with s = +1 for a zero, -1 for a one, the loss is log(1 + exp(s eta))."""
    sign = 1.0 - 2.0 * y
    odds = eta * sign
    np.exp(odds, out=odds)
    rest = 1.0 + odds
    loss = log_of_product(rest)
    np.reciprocal(rest, out=rest)
    odds *= rest
    rest *= odds
    odds *= sign
    return loss, odds, rest


def log_of_product(values: Floats) -> float:
    """Sum of logarithms of numbers of at least one, a logarithm per 16 unless a product overflows."""
    whole = values.size // _PRODUCT_RUN * _PRODUCT_RUN
    runs = np.multiply.reduce(values[:whole].reshape(_PRODUCT_RUN, -1), axis=0)
    summed = float(np.log(runs).sum() + np.log(values[whole:]).sum())
    return summed if np.isfinite(summed) else float(np.log(values).sum())


__all__ = ["Binomial", "Family", "NegativeBinomial", "Poisson", "log_of_product", "total"]
