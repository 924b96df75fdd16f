"""Ordered categories by cumulative logits: P(y <= j) = logistic(threshold_j - eta), no intercept in eta.

With a and b the upper and lower threshold of the observed category, each minus eta, and F the logistic
function, F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(b - a)), so that no digits are lost in the tails (McCullagh
1980, doi 10.1111/j.2517-6161.1980.tb01109.x). The categories are 0..k in the engine; thresholds are the
shape.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from analysis.laplace_blocks import Floats
from analysis.laplace_families import total


class CumulativeLogit:
    """Ordered categories 0..k-1; the shape is the k-1 increasing thresholds."""

    name = "ordinal"

    def __init__(self, categories: int, labels: tuple[str, ...]) -> None:
        self.categories = categories
        self.shape_names = tuple(f"{low}|{high}" for low, high in zip(labels, labels[1:], strict=False))

    def curve(
        self, y: Floats, eta: Floats, shape: Floats, weights: Floats | None
    ) -> tuple[float, Floats, Floats]:
        above, below, gap = self._edges(y, eta, shape)
        if (np.diff(shape) <= 0).any():
            return np.inf, above, below
        high, low = expit(above), expit(below)
        with np.errstate(divide="ignore"):
            loss = np.logaddexp(0, -above) + np.logaddexp(0, below) - np.log(-np.expm1(-gap))
        return total(loss, weights), (1 - high) - low, high * (1 - high) + low * (1 - low)

    def third(self, y: Floats, eta: Floats, shape: Floats, _first: Floats, _second: Floats) -> Floats:
        above, below, _ = self._edges(y, eta, shape)
        high, low = expit(above), expit(below)
        return np.asarray(-high * (1 - high) * (1 - 2 * high) - low * (1 - low) * (1 - 2 * low))

    def shape_gradient(
        self, y: Floats, eta: Floats, shape: Floats, rows: tuple[Floats, Floats, Floats]
    ) -> Floats:
        weight, spread, pull = rows
        above, below, gap = self._edges(y, eta, shape)
        high, low = expit(above), expit(below)
        with np.errstate(over="ignore"):
            squeeze = 1 / np.expm1(gap)
        for_upper = -(1 - high) - squeeze + high * (1 - high) * (0.5 * spread * (1 - 2 * high) + pull)
        for_lower = low + squeeze + low * (1 - low) * (0.5 * spread * (1 - 2 * low) + pull)
        category = y.astype(np.intp)
        upper = np.bincount(category, weights=weight * for_upper, minlength=self.categories)
        lower = np.bincount(category, weights=weight * for_lower, minlength=self.categories)
        return upper[:-1] + lower[1:]

    def constant(self, shape: Floats) -> tuple[float, Floats]:
        return 0.0, np.zeros(shape.size)

    def mean(self, eta: Floats, shape: Floats) -> Floats:
        cumulative = expit(shape[None, :] - eta[:, None])
        ends = np.zeros((eta.size, 1))
        return np.diff(np.hstack([ends, cumulative, ends + 1]), axis=1)

    def draw(self, eta: Floats, shape: Floats, _trials: Floats, random: np.random.Generator) -> Floats:
        noise = random.logistic(size=eta.size)
        return np.searchsorted(shape, eta + noise).astype(float)

    def _edges(self, y: Floats, eta: Floats, shape: Floats) -> tuple[Floats, Floats, Floats]:
        """Upper and lower threshold minus eta, and their distance (infinite at either end)."""
        category = y.astype(np.intp)
        bounded = np.concatenate(([-np.inf], shape, [np.inf]))
        upper, lower = bounded[category + 1], bounded[category]
        return upper - eta, lower - eta, upper - lower
