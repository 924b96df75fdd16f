"""Standardised effects at their own level, and explained variance per level, of a fitted three-level
model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.recipes.three_level import ThreeLevelFit

_UNIT = {"professional": ["professional"], "dyad": ["dyad"], "event": []}


def standardised(fit: ThreeLevelFit, frame: pd.DataFrame) -> dict[str, float]:
    """Per term: SDs of the outcome (over events) per SD of the term over the units of its own level, so
    that an event-level term is scaled by its within-dyad SD. frame: the analysed rows."""
    spread = float(frame[fit.outcome].std())
    sizes = {}
    for c in fit.coefficients[1:]:
        keys = _UNIT[c.level]
        values = frame.drop_duplicates(keys)[c.term] if keys else frame[c.term]
        sizes[c.term] = c.estimate * float(values.std()) / spread
    return sizes


@dataclass(frozen=True)
class Explained:
    """Shares 0..1. marginal: fixed effects; conditional: with the intercepts (Nakagawa & Schielzeth 2013,
    doi 10.1111/j.2041-210x.2012.00261.x); event, dyad, professional: of the variance at that level."""

    marginal: float
    conditional: float
    event: float
    dyad: float
    professional: float


def explained(fit: ThreeLevelFit, frame: pd.DataFrame) -> Explained:
    """Variance of the fixed prediction, split like the data, beside the estimated variances."""
    terms = [c.term for c in fit.coefficients[1:]]
    weights = np.array([c.estimate for c in fit.coefficients[1:]])
    predicted = pd.Series(frame[terms].to_numpy(dtype=float) @ weights, index=frame.index)
    dyad = predicted.groupby(frame["dyad"]).transform("mean")
    professional = dyad.groupby(frame["professional"]).transform("mean")
    parts = {"event": predicted - dyad, "dyad": dyad - professional, "professional": professional}
    fixed = {level: float(part.var(ddof=0)) for level, part in parts.items()}
    random = {**fit.variances, "event": fit.variances["residual"]}
    total_fixed, total_random = sum(fixed.values()), sum(fit.variances.values())
    total = total_fixed + total_random
    per_level = {level: fixed[level] / (fixed[level] + random[level]) for level in fixed}
    return Explained(total_fixed / total, (total - random["event"]) / total, **per_level)
