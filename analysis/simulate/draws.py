"""Ways to make labelled answers 1..5 out of latent numbers: by thresholds, or with an exact conditional
mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[Any]
Answers = NDArray[np.int64]
LOW, HIGH = 1.02, 4.98


def thresholds(chances: Array) -> Array:
    """Cut points of a standard normal that give the five answers these probabilities; shape (4,)."""
    cuts: Array = ndtri(np.clip(np.cumsum(chances)[:-1], 1e-12, 1 - 1e-12))
    return cuts


def by_thresholds(latent: Array, cuts: Array) -> Answers:
    """Answers 1..5: one more than the number of cut points below `latent` (any shape)."""
    answers: Answers = 1 + (latent[..., None] > cuts).sum(axis=-1)
    return answers


def mean_above_one(centre: Array, sd: float, cuts: Array) -> Array:
    """E[answer - 1] when the latent number is normal(centre, sd): the sum of the chances to pass each cut."""
    passed: Array = ndtr((centre[..., None] - cuts) / sd).sum(axis=-1)
    return passed


def with_exact_mean(mean: Array, dispersion: float, latent: Array) -> Answers:
    """Answers 1 + BetaBinomial(4, p, dispersion) with p = (mean - 1)/4, picked by the quantile of a standard
    normal.

    Because `latent` is standard normal whatever the predictors are, E[answer | predictors] = mean exactly,
    while answers that share parts of their latent numbers (professional, dyad, day, event) are correlated.
    mean, latent: same shape, mean inside (1, 5). dispersion: 0..1, the beta-binomial's intra-class
    correlation.
    """
    p = (mean - 1.0) / 4.0
    total = (1.0 - dispersion) / dispersion
    a, b = p * total, (1.0 - p) * total
    up = [np.ones_like(a), a, a * (a + 1), a * (a + 1) * (a + 2)]
    down = [b * (b + 1) * (b + 2) * (b + 3), b * (b + 1) * (b + 2), b * (b + 1), b]
    scale = total * (total + 1) * (total + 2) * (total + 3)
    cumulative = np.cumsum([c * u * d / scale for c, u, d in zip((1, 4, 6, 4), up, down, strict=True)], axis=0)
    answers: Answers = 1 + (ndtr(latent)[None] > cumulative).sum(axis=0)
    return answers


def dispersion_for(mean: float, sd: float) -> float:
    """The beta-binomial dispersion that gives one answer 1..5 with this mean this SD; at least .001."""
    p = (mean - 1.0) / 4.0
    return float(np.clip((sd**2 / (4 * p * (1 - p)) - 1) / 3, 0.001, 0.95))


def inside(mean: Array) -> tuple[Array, float]:
    """Conditional means kept inside the scale, and the share that had to be moved (negligible by design)."""
    kept = np.clip(mean, LOW, HIGH)
    return kept, float(np.mean(kept != mean)) if mean.size else 0.0


def split_normal(rng: np.random.Generator, shape: tuple[int, int, int], shares: tuple[float, float, float]) -> Array:
    """Sum of independent normal parts per professional, dyad and professional-day; shape
    (professionals*dyads, days).

    shape: (professionals, dyads per professional, days). shares: variances of the three parts.
    """
    people, dyads, days = shape
    prof, dyad, day = (np.sqrt(share) for share in shares)
    parts: Any = (
        prof * rng.standard_normal((people, 1, 1))
        + dyad * rng.standard_normal((people, dyads, 1))
        + day * rng.standard_normal((people, 1, days))
    )
    summed: Array = np.broadcast_to(parts, shape).reshape(people * dyads, days)
    return summed
