"""Against glmmTMB 1.1.5 (and, for ordinal outcomes, a TMB template), carried on to a gradient below 1e-12.

Tolerances: deviance 1e-7, estimates 1e-6 of a standard error, standard errors 2e-5 relative, standard
deviations of random effects 1e-6.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.laplace import LaplaceFit, fit_laplace
from analysis.laplace.hurdle import fit_hurdle

FOLDER = Path(__file__).parent / "reference"
NAMES = (
    *(
        "binomial",
        "binomial_trials",
        "binomial_one_level",
        "binomial_slope",
        "binomial_slope_diag",
        "poisson",
    ),
    *("negative_binomial", "negative_binomial_slope", "ordinal", "ordinal_one_level"),
)


def named(reference: dict[str, Any], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of this kind and their standard errors."""
    at = [i for i, name in enumerate(reference["par_names"]) if name == kind]
    return np.array(reference["par"])[at], np.array(reference["se"])[at]


def agrees(fit: LaplaceFit, reference: dict[str, Any], kind: str = "beta") -> None:
    beta, error = named(reference, kind)
    assert fit.converged, fit.reason
    assert np.abs((fit.estimates - beta) / error).max() < 1e-6
    assert np.abs(fit.std_errors / error - 1).max() < 2e-5


@pytest.mark.parametrize("name", NAMES)
def test_estimates_and_deviance_match_r(name: str, fitted: Callable[[str], LaplaceFit], reference: dict[str, Any]):
    fit = fitted(name)
    assert abs(fit.deviance - reference[name]["deviance"]) < 1e-7
    agrees(fit, reference[name])


@pytest.mark.parametrize("name", ["binomial", "binomial_trials", "binomial_one_level", "poisson", "negative_binomial"])
def test_standard_deviations_match_r(name: str, fitted: Callable[[str], LaplaceFit], reference: dict[str, Any]):
    log_sd, _ = named(reference[name], "theta")
    assert np.allclose([level.sd[0] for level in fitted(name).levels], np.exp(log_sd), atol=1e-6)


def test_correlated_slopes_match_r(fitted: Callable[[str], LaplaceFit], reference: dict[str, Any]):
    theta, _ = named(reference["binomial_slope"], "theta")
    professional, dyad = fitted("binomial_slope").levels
    assert np.allclose(professional.sd, np.exp(theta[:2]), atol=1e-6)
    assert professional.correlation[0, 1] == pytest.approx(theta[2] / np.hypot(1, theta[2]), abs=1e-6)
    assert dyad.sd[0] == pytest.approx(np.exp(theta[3]), abs=1e-6)


def test_conditional_modes_match_r(fitted: Callable[[str], LaplaceFit], reference: dict[str, Any]):
    fit = fitted("negative_binomial")
    order = np.concatenate([level.modes[np.argsort(level.labels), 0] for level in fit.levels])
    assert np.allclose(order, reference["negative_binomial"]["modes"], atol=1e-6)


def test_thresholds_and_size_match_r(fitted: Callable[[str], LaplaceFit], reference: dict[str, Any]):
    for name, kind in (("ordinal", "alpha"), ("negative_binomial", "betad")):
        values, errors = named(reference[name], kind)
        assert np.abs((fitted(name).shape - values) / errors).max() < 1e-6
        assert np.abs(fitted(name).shape_std_errors / errors - 1).max() < 2e-5


@pytest.mark.parametrize("counts", ["poisson", "negative_binomial"])
def test_a_hurdle_matches_r_in_both_parts(counts: str, diary: pd.DataFrame, x: np.ndarray, reference: dict[str, Any]):
    found = fit_hurdle(diary.fear, x, diary.prof.to_numpy(), diary.dyad.to_numpy(), counts=counts)
    expected = reference[f"hurdle_{counts}"]
    assert found.converged
    assert abs(found.deviance - expected["deviance"]) < 1e-7
    agrees(found.amount, expected)
    zero, error = named(expected, "betazi")
    assert np.abs((found.any.estimates + zero) / error).max() < 1e-6
    assert np.abs(found.any.std_errors / error - 1).max() < 2e-5


@pytest.mark.parametrize("name", ["sim_S_bin", "sim_M_bin"])
def test_larger_binary_sets_match_r(name: str, reference: dict[str, Any]):
    rows = pd.read_csv(FOLDER / f"{name}.csv.gz")
    columns = ["Intercept", "closeness", "conflict", "dependency", "emo_w", "emo_b", "week", "clo_emo"]
    fit = fit_laplace(rows.y, rows[columns], rows.g3.to_numpy(), rows.g2.to_numpy(), names=columns)
    assert abs(fit.deviance - reference[name]["deviance"]) < 1e-7
    agrees(fit, reference[name])
