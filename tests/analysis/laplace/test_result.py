"""What a fit hands out: intervals, predictions, simulations, modes, what is singular."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from analysis.laplace import LaplaceFit, RandomColumns, fit_laplace
from analysis.laplace.hurdle import AnyPart, fit_hurdle

Fitted = Callable[[str], LaplaceFit]


def test_a_fit_cannot_be_changed(fitted: Fitted):
    with pytest.raises(FrozenInstanceError):
        fitted("binomial").deviance = 0.0  # type: ignore[misc]


def test_tests_and_intervals_follow_from_the_standard_errors(fitted: Fitted):
    fit = fitted("poisson")
    assert np.allclose(fit.statistic, fit.estimates / fit.std_errors)
    assert np.allclose(fit.ci_high - fit.ci_low, 2 * 1.959964 * fit.std_errors, rtol=1e-6)
    assert fit.aic == pytest.approx(fit.deviance + 2 * 5)
    assert fit.bic == pytest.approx(fit.deviance + 5 * np.log(fit.rows))
    assert fit.names == ("(Intercept)", "conflict", "demand")
    assert fit.gradient < 1e-6


@pytest.mark.parametrize("name", ["binomial", "binomial_slope", "poisson", "ordinal"])
def test_predictions_for_the_rows_of_the_data_are_the_fitted_values(
    name: str, fitted: Fitted, diary: pd.DataFrame, x: np.ndarray
):
    fit = fitted(name)
    random = RandomColumns(professional=x[:, [0, 2]]) if name == "binomial_slope" else None
    X = x[:, 1:] if name == "ordinal" else x
    offset = np.log(diary.hours) if name == "poisson" else None
    for scale in ("link", "response"):
        found = fit.predict(X, diary.prof.to_numpy(), diary.dyad.to_numpy(), offset=offset, random=random, scale=scale)
        assert np.allclose(found, fit.fitted(scale), atol=1e-8)


def test_unknown_groups_count_as_average_ones(fitted: Fitted, x: np.ndarray):
    fit = fitted("binomial")
    nobody = np.full(3, 10**6)
    assert np.allclose(fit.predict(x[:3], nobody, nobody, scale="link"), x[:3] @ fit.estimates)


def test_ordered_categories_predict_probabilities(fitted: Fitted, x: np.ndarray):
    chances = fitted("ordinal").predict(x[:, 1:])
    assert chances.shape == (len(x), 5)
    assert np.allclose(chances.sum(axis=1), 1)
    assert fitted("ordinal").shape_names == ("1|2", "2|3", "3|4", "4|5")


@pytest.mark.parametrize("name", ["binomial", "binomial_trials", "poisson", "negative_binomial", "ordinal",
                                  "truncated_poisson"])  # fmt: skip
def test_simulated_outcomes_have_the_fitted_mean(name: str, fitted: Fitted):
    fit = fitted(name)
    drawn = fit.simulate(7, 200, new_groups=False).astype(float)
    mean = fit.fitted() @ np.arange(1.0, 6.0) if name == "ordinal" else fit.fitted()
    spread = drawn.std(axis=1).mean() / np.sqrt(drawn.size)
    assert abs(drawn.mean() - mean.mean()) < 5 * spread
    assert np.array_equal(fit.simulate(3), fit.simulate(3))


@pytest.mark.parametrize("name", ["binomial", "binomial_trials", "poisson", "negative_binomial", "truncated_poisson"])
def test_pearson_residuals_have_the_spread_of_simulated_ones(name: str, fitted: Fitted):
    fit = fitted(name)
    drawn = fit.simulate(5, 400, new_groups=False) - fit.fitted()[:, None]
    ratio = fit.residuals("response") / fit.residuals("pearson") / drawn.std(axis=1)
    assert np.median(ratio) == pytest.approx(1, abs=0.02)


def test_counts_with_more_spread_than_poisson_are_told(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    offset = np.log(diary.hours.to_numpy())
    codes = diary.prof.to_numpy(), diary.dyad.to_numpy()
    plain = fit_laplace(diary.events, x, *codes, family="poisson", offset=offset)
    assert plain.dispersion > 1.5
    assert fitted("negative_binomial").dispersion == pytest.approx(1, abs=0.2)
    with pytest.raises(ValueError, match="no residuals"):
        fitted("ordinal").residuals()


def test_simulated_studies_are_recovered(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    whole = fitted("poisson")
    drawn = whole.simulate(11, 8)
    codes = diary.prof.to_numpy(), diary.dyad.to_numpy()
    offset = np.log(diary.hours.to_numpy())
    fits = [fit_laplace(y, x, *codes, family="poisson", offset=offset) for y in drawn.T]
    mean = np.mean([fit.estimates for fit in fits], axis=0)
    assert np.abs((mean - whole.estimates) / (whole.std_errors / np.sqrt(8))).max() < 3.5
    sds = np.mean([[level.sd[0] for level in fit.levels] for fit in fits], axis=0)
    assert np.allclose(sds, [level.sd[0] for level in whole.levels], atol=0.08)


def test_a_variance_of_zero_is_found_and_said(diary: pd.DataFrame, x: np.ndarray):
    fit = fit_laplace(diary.flat, x, diary.prof.to_numpy(), diary.dyad.to_numpy(), family="poisson")
    assert fit.converged and fit.singular
    assert fit.singular_what == (
        "the variance of (Intercept) between groups of 'professional' is zero",
        "the variance of (Intercept) between groups of 'dyad' is zero",
    )
    assert all(level.sd[0] == 0 for level in fit.levels)
    assert np.isfinite(fit.std_errors).all()


def test_counts_without_overdispersion_end_at_the_poisson_model(diary: pd.DataFrame, x: np.ndarray):
    codes = diary.prof.to_numpy(), diary.dyad.to_numpy()
    fit = fit_laplace(diary.flat, x, *codes, family="negative_binomial")
    plain = fit_laplace(diary.flat, x, *codes, family="poisson")
    assert fit.deviance == plain.deviance
    assert fit.aic == plain.aic + 2
    assert np.isinf(fit.shape[0])
    assert "no more than Poisson" in fit.singular_what[-1]
    assert fit.simulate(1).mean() == pytest.approx(diary.flat.mean(), rel=0.2)


def test_a_first_variance_of_zero_does_not_bend_the_search():
    """A zero intercept variance beside a large slope variance, from the shape where factors of L get
    stuck."""
    random = np.random.default_rng(8)
    professional = np.repeat(np.arange(30), 12)
    demand = random.normal(size=360)
    slope = random.normal(size=30)[professional]
    y = random.poisson(np.exp(0.3 + slope * demand))
    X = np.column_stack([np.ones(360), demand])
    fit = fit_laplace(
        y, X, professional, None, family="poisson",
        random=RandomColumns(professional=X, professional_names=("(Intercept)", "demand")),
    )  # fmt: skip
    turned = fit_laplace(
        y, X, professional, None, family="poisson",
        random=RandomColumns(professional=X[:, ::-1], professional_names=("demand", "(Intercept)")),
    )  # fmt: skip
    assert fit.converged and turned.converged
    assert fit.deviance == pytest.approx(turned.deviance, abs=1e-7)
    assert np.allclose(fit.levels[0].covariance, turned.levels[0].covariance[::-1, ::-1], atol=1e-4)


def test_a_hurdle_predicts_chance_times_amount(diary: pd.DataFrame, x: np.ndarray):
    codes = diary.prof.to_numpy(), diary.dyad.to_numpy()
    first = AnyPart(x[:, :2], ("(Intercept)", "conflict"))
    fit = fit_hurdle(diary.fear, x, *codes, any_part=first)
    expected = fit.predict(x, *codes, any_part=first)
    assert np.all(expected > 0)
    assert expected.mean() == pytest.approx(diary.fear.mean(), rel=0.1)
    assert fit.any.names == ("(Intercept)", "conflict")
    assert fit.amount.rows == (diary.fear > 0).sum()
    assert fit.log_likelihood == pytest.approx(fit.any.log_likelihood + fit.amount.log_likelihood)
