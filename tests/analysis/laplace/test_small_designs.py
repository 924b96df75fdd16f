"""Small ragged studies, many singular: no search from elsewhere ends lower, and what is singular is said."""

from typing import Any

import numpy as np
import pytest

from analysis.laplace import LaplaceFit, RandomColumns, fit_laplace, fitting

FAMILIES = ("binomial", "poisson", "negative_binomial", "ordinal", "truncated_poisson")


def study(seed: int, family: str) -> dict[str, Any]:
    """A random nested study of 4 to 39 professionals, with or without slopes, one column of any scale."""
    random = np.random.default_rng([seed, FAMILIES.index(family)])
    n = int(random.integers(4, 40))
    of_dyad = np.repeat(np.arange(n), random.integers(1, 5, size=n))
    dyad = np.repeat(np.arange(of_dyad.size), random.integers(2, 12, size=of_dyad.size))
    professional, rows = of_dyad[dyad], dyad.size
    steady, mood = random.normal(size=of_dyad.size)[dyad], random.normal(size=rows)
    spread = random.choice([0.0, 0.5, 1.0], size=3)
    eta = 0.3 * steady + 0.3 * mood + spread[0] * random.normal(size=n)[professional]
    eta += spread[1] * random.normal(size=of_dyad.size)[dyad]
    eta += spread[2] * random.normal(size=n)[professional] * mood
    X = np.column_stack([np.ones(rows), 50 + 10.0 ** random.integers(-3, 4) * steady, mood])
    if family == "binomial":
        y = (random.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    elif family == "ordinal":
        y = np.digitize(eta + random.logistic(size=rows), [-1.0, 0.0, 1.5]).astype(float)
    else:
        y = random.poisson(np.exp(np.clip(eta, -5, 4))).astype(float)
        y = np.maximum(y, 1) if family.startswith("truncated") else y
    slopes = RandomColumns(professional=X[:, [0, 2]], professional_names=("(Intercept)", "mood"))
    return {
        "y": y, "X": X[:, 1:] if family == "ordinal" else X, "professional_codes": professional,
        "dyad_codes": dyad, "family": family, "random": slopes if seed % 2 else None,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("family", FAMILIES)
def test_no_other_start_ends_lower(family: str, seed: int, monkeypatch: pytest.MonkeyPatch):
    given = study(seed, family)
    fit = fit_laplace(**given)
    assert fit.converged, fit.reason

    def from_sd(sd: float) -> LaplaceFit:
        monkeypatch.setattr(fitting, "_START_SDS", (sd,))
        return fit_laplace(**given)

    for sd in (0.1, 2.0):
        assert fit.deviance < from_sd(sd).deviance + 1e-6
    assert fit.singular == any(
        np.linalg.eigvalsh(level.covariance)[0] < 1e-7 * max(1.0, level.covariance.max()) for level in fit.levels
    )
