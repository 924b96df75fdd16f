"""Baseline questionnaires: twelve integer items per dyad that measure closeness, conflict and dependency."""

from __future__ import annotations

import numpy as np

from analysis.simulate.draws import Answers, Array, by_thresholds, thresholds
from analysis.simulate.parameters import Settings

SCALES = ("closeness", "conflict", "dependency")
ITEMS = tuple(f"{scale[:3]}{n}" for scale in SCALES for n in range(1, 5))
# Cutting a normal number into five answers weakens correlations by about this factor (checked in the tests).
_CUTTING = {"closeness": 0.80, "conflict": 0.80, "dependency": 0.82}


def baseline_items(rng: np.random.Generator, people: int, dyads: int, s: Settings) -> Answers:
    """Answers 1..5, shape (professionals * dyads, 12), in the order of ITEMS."""
    loadings = {scale: _latent_item_r(s[f"{scale}_alpha"], _CUTTING[scale]) for scale in SCALES}
    factors = _latent_scores(rng, people, dyads, s)
    columns = []
    for j, scale in enumerate(SCALES):
        noise = rng.standard_normal((people * dyads, 4))
        latent = np.sqrt(loadings[scale]) * factors[:, [j]] + np.sqrt(1 - loadings[scale]) * noise
        columns.append(by_thresholds(latent, thresholds(s.chances[f"{scale}_item"])))
    return np.concatenate(columns, axis=1)


def standardised_scores(items: Answers, s: Settings) -> dict[str, Array]:
    """Observed scale scores (mean of four items) in design-SD units around the design mean; arrays
    (dyads,)."""
    return {
        scale: (items[:, 4 * j : 4 * j + 4].mean(axis=1) - s[f"{scale}_mean"]) / s[f"{scale}_sd"]
        for j, scale in enumerate(SCALES)
    }


def _latent_item_r(alpha: float, cutting: float) -> float:
    """Inter-item correlation behind an alpha of four items, before the answers are cut into five
    categories."""
    return min(0.97, alpha / (4 - 3 * alpha) / cutting)


def _latent_scores(rng: np.random.Generator, people: int, dyads: int, s: Settings) -> Array:
    wanted = (s["closeness_conflict_r"], s["closeness_dependency_r"], s["conflict_dependency_r"])
    alpha = [s[f"{scale}_alpha"] for scale in SCALES]
    pairs = ((0, 1), (0, 2), (1, 2))
    correlation = np.eye(3)
    for (i, j), r in zip(pairs, wanted, strict=True):
        correlation[i, j] = correlation[j, i] = np.clip(r / np.sqrt(alpha[i] * alpha[j]) / 0.97, -0.95, 0.95)
    root = np.linalg.cholesky(correlation).T
    share = np.array([s[f"{scale}_prof_share"] for scale in SCALES])
    prof = rng.standard_normal((people, 1, 3)) @ root * np.sqrt(share)
    dyad = rng.standard_normal((people, dyads, 3)) @ root * np.sqrt(1 - share)
    scores: Array = prof + dyad
    scores[:, 0, 1] += s["high_risk_conflict"]
    return scores.reshape(people * dyads, 3)
