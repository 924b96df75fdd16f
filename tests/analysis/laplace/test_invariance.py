"""What must not matter does not: row order, labels, units, how trials or repeated rows are written down."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.laplace import LaplaceFit, RandomColumns, fit_laplace

NAMES = ["(Intercept)", "conflict", "demand"]
Fitted = Callable[[str], LaplaceFit]


def same(one: LaplaceFit, other: LaplaceFit) -> None:
    assert one.deviance == pytest.approx(other.deviance, abs=1e-7)
    assert np.allclose(one.estimates, other.estimates, atol=1e-6)
    assert np.allclose(one.std_errors, other.std_errors, rtol=1e-4)


def test_row_order_and_labels(diary: pd.DataFrame, fitted: Fitted):
    rows = diary.sample(frac=1, random_state=3)
    x = np.column_stack([np.ones(len(rows)), rows.conflict, rows.demand])
    prof = ("p" + (1000 - rows.prof).astype(str)).to_numpy()
    fit = fit_laplace(rows.anger, x, prof, rows.dyad.to_numpy() * 10**9)
    same(fit, fitted("binomial"))


def test_units_of_a_column(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    turned = np.column_stack([x[:, 0], 1e6 * x[:, 1] + 5e6, 1e-5 * x[:, 2]])
    slopes = RandomColumns(professional=turned[:, [0, 2]], professional_names=("(Intercept)", "demand"))
    fit = fit_laplace(diary.anger, turned, diary.prof.to_numpy(), diary.dyad.to_numpy(), random=slopes)
    whole = fitted("binomial_slope")
    assert not fit.singular
    assert fit.deviance == pytest.approx(whole.deviance, abs=1e-6)
    assert fit.estimates[1] == pytest.approx(whole.estimates[1] / 1e6, rel=1e-5)
    assert fit.estimates[0] == pytest.approx(whole.estimates[0] - 5 * whole.estimates[1], abs=1e-5)
    assert np.allclose(fit.levels[0].sd, whole.levels[0].sd * [1, 1e5], rtol=1e-5)


def test_a_zero_variance_is_judged_in_units_of_the_outcome(diary: pd.DataFrame, x: np.ndarray):
    codes = diary.prof.to_numpy(), None
    for unit in (1e-6, 1.0, 1e6):
        z = np.column_stack([x[:, 0], unit * x[:, 2]])
        random = RandomColumns(professional=z, professional_names=("(Intercept)", "demand"))
        assert not fit_laplace(diary.anger, x, *codes, random=random).singular


def test_proportions_are_the_single_trials_they_count(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    trials = diary.trials.to_numpy()
    row = np.repeat(np.arange(len(diary)), trials)
    turn = np.concatenate([np.arange(k) for k in trials])
    y = (turn < diary.hidden.to_numpy()[row]).astype(float)
    fit = fit_laplace(y, x[row], diary.prof.to_numpy()[row], diary.dyad.to_numpy()[row])
    whole = fitted("binomial_trials")
    assert np.allclose(fit.estimates, whole.estimates, atol=1e-7)
    assert np.allclose(fit.std_errors, whole.std_errors, rtol=1e-4)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "ordinal"])
def test_a_weight_of_two_is_a_row_written_twice(family: str, diary: pd.DataFrame, x: np.ndarray):
    y = diary[{"poisson": "calls", "negative_binomial": "events", "ordinal": "strain"}[family]]
    x = x[:, 1:] if family == "ordinal" else x
    row = np.concatenate([np.arange(len(y)), np.flatnonzero(diary.trials > 3)])
    prof, dyad = diary.prof.to_numpy(), diary.dyad.to_numpy()
    weighted = fit_laplace(y, x, prof, dyad, family=family, weights=1.0 + (diary.trials > 3))
    same(weighted, fit_laplace(y[row], x[row], prof[row], dyad[row], family=family))


def test_an_offset_is_a_column_with_a_coefficient_of_one(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    shifted = np.log(diary.hours.to_numpy()) + 0.3 * x[:, 1]
    fit = fit_laplace(diary.calls, x, diary.prof.to_numpy(), diary.dyad.to_numpy(), family="poisson", offset=shifted)
    assert np.allclose(fit.estimates + [0, 0.3, 0], fitted("poisson").estimates, atol=1e-7)


def test_one_level_is_found_whichever_name_it_has(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    fit = fit_laplace(diary.anger, x, None, diary.prof.to_numpy(), names=NAMES)
    same(fit, fitted("binomial_one_level"))
    assert [level.level for level in fit.levels] == ["dyad"]


def test_order_of_correlated_coefficients(diary: pd.DataFrame, x: np.ndarray, fitted: Fitted):
    turned = RandomColumns(professional=x[:, [2, 0]], professional_names=("demand", "(Intercept)"))
    fit = fit_laplace(diary.anger, x, diary.prof.to_numpy(), diary.dyad.to_numpy(), random=turned)
    whole = fitted("binomial_slope")
    assert np.allclose(fit.levels[0].covariance, whole.levels[0].covariance[::-1, ::-1], atol=1e-5)
    assert np.allclose(fit.levels[0].modes, whole.levels[0].modes[:, ::-1], atol=1e-5)


def test_three_correlated_coefficients_do_not_depend_on_their_coding():
    """Correlated coefficients of (1, a, b) and of (1, a + b, a - 2 b) are the same model."""
    random = np.random.default_rng(4)
    professional, dyad = np.repeat(np.arange(60), 20), np.repeat(np.arange(120), 10)
    a, b = random.normal(size=(2, 1200))
    root = np.array([[0.8, 0, 0], [0.3, 0.6, 0], [-0.3, 0.2, 0.5]])
    one = np.column_stack([np.ones(1200), a, b])
    effects = random.normal(size=(60, 3)) @ root.T
    y = random.poisson(np.exp(one @ [0.0, 0.4, -0.2] + np.sum(one * effects[professional], axis=1)))
    turn = np.array([[1.0, 0, 0], [0, 1, 1], [0, 1, -2]])
    names = ("(Intercept)", "first", "second")
    fits = [
        fit_laplace(
            y,
            z,
            professional,
            dyad,
            family="poisson",
            random=RandomColumns(professional=z, professional_names=names),
        )
        for z in (one, one @ turn)
    ]
    assert fits[0].converged and fits[1].converged
    assert fits[0].deviance == pytest.approx(fits[1].deviance, abs=1e-7)
    assert np.allclose(fits[0].estimates, turn @ fits[1].estimates, atol=1e-6)
    back = turn @ fits[1].levels[0].covariance @ turn.T
    assert np.allclose(fits[0].levels[0].covariance, back, atol=1e-5)
