"""Residuals of a Laplace fit and the dispersion check for counts."""

from __future__ import annotations

import numpy as np

from analysis.laplace.blocks import Floats


def variance(family: str, eta: Floats, shape: Floats, trials: Floats) -> Floats:
    """Variance (n,) of the outcome given its linear predictor, in the units of the outcome squared.

    Raises ValueError for ordered categories, which have no units.
    """
    if family == "ordinal":
        raise ValueError("ordered categories have no residuals: compare the predicted probabilities instead")
    if family == "binomial":
        chance = 1 / (1 + np.exp(-eta))
        return np.asarray(chance * (1 - chance) / trials)
    mean = np.exp(eta)
    size = np.exp(shape[0]) if shape.size else np.inf
    plain = mean + mean**2 / size
    if not family.startswith("truncated"):
        return np.asarray(plain)
    log_zero = -mean if np.isinf(size) else -size * np.log1p(mean / size)
    positive = -np.expm1(log_zero)
    return np.asarray((plain + mean**2) / positive - (mean / positive) ** 2)
