"""Ordered categories by cumulative logits: P(y <= j) = logistic(threshold_j - eta), no intercept in eta.

With a and b the upper and lower threshold of the observed category, each minus eta, and F the logistic
function, F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(b - a)), so that no digits are lost in the tails (McCullagh
1980, doi 10.1111/j.2517-6161.1980.tb01109.x); the last factor is free of eta and counted in the constant. The
categories are 0..k-1 in the engine; thresholds are the shape.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from analysis.laplace.blocks import Floats
from analysis.laplace.families import log_of_product


class CumulativeLogit:
    """Ordered categories 0..k-1; the shape is the k-1 increasing thresholds."""

    name = "ordinal"

    def __init__(self, y: Floats, weights: Floats | None, labels: tuple[str, ...]) -> None:
        self.categories = len(labels)
        self.shape_names = tuple(f"{low}|{high}" for low, high in zip(labels, labels[1:], strict=False))
        self._counts = np.bincount(y.astype(np.intp), weights=weights, minlength=len(labels)).astype(float)

    def curve(self, y: Floats, eta: Floats, shape: Floats, weights: Floats | None) -> tuple[float, Floats, Floats]:
        above, below = self._odds(y, eta, shape)
        for_above, for_below = 1 + above, 1 + below
        grown = for_above * for_below
        loss = log_of_product(grown) if weights is None else float(np.log(grown) @ weights)
        np.reciprocal(for_above, out=for_above)
        np.reciprocal(for_below, out=for_below)
        above *= for_above
        below *= for_below
        return loss, above - below, above * for_above + below * for_below

    def third(self, y: Floats, eta: Floats, shape: Floats, _first: Floats, _second: Floats) -> Floats:
        above, below = self._odds(y, eta, shape)
        high, low = 1 / (1 + above), below / (1 + below)
        return np.asarray(-high * (1 - high) * (1 - 2 * high) - low * (1 - low) * (1 - 2 * low))

    def shape_gradient(self, y: Floats, eta: Floats, shape: Floats, rows: tuple[Floats, Floats, Floats]) -> Floats:
        weight, spread, pull = rows
        above, below = self._odds(y, eta, shape)
        high, low = 1 / (1 + above), below / (1 + below)
        for_upper = high - 1 + high * (1 - high) * (0.5 * spread * (1 - 2 * high) + pull)
        for_lower = low + low * (1 - low) * (0.5 * spread * (1 - 2 * low) + pull)
        category = y.astype(np.intp)
        upper = np.bincount(category, weights=weight * for_upper, minlength=self.categories)
        lower = np.bincount(category, weights=weight * for_lower, minlength=self.categories)
        return np.asarray(upper[:-1] + lower[1:])

    def constant(self, shape: Floats) -> tuple[float, Floats]:
        gap, inner = np.diff(shape), self._counts[1:-1]
        if (gap <= 0).any():
            return np.inf, np.zeros(shape.size)
        squeeze = inner / np.expm1(gap)
        gradient = np.zeros(shape.size)
        gradient[1:] -= squeeze
        gradient[:-1] += squeeze
        return -float(inner @ np.log(-np.expm1(-gap))), gradient

    def mean(self, eta: Floats, shape: Floats) -> Floats:
        cumulative = expit(shape[None, :] - eta[:, None])
        ends = np.zeros((eta.size, 1))
        return np.diff(np.hstack([ends, cumulative, ends + 1]), axis=1)

    def draw(self, eta: Floats, shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        noise = random.logistic(size=eta.size)
        return np.searchsorted(shape, eta + noise).astype(float)

    def _odds(self, y: Floats, eta: Floats, shape: Floats) -> tuple[Floats, Floats]:
        """exp(eta - upper threshold) and exp(lower threshold - eta) of the observed category."""
        category = y.astype(np.intp)
        grown = np.exp(eta)
        with np.errstate(over="ignore"):
            upper = np.append(np.exp(-shape), 0.0)[category]
            lower = np.append(0.0, np.exp(shape))[category]
        upper *= grown
        lower /= grown
        return upper, lower
