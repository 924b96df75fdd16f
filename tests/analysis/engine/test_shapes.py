"""Random parts of every shape, against lme4, lmerTest, pbkrtest and nlme (``reference/make_reference.R``)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import Pairs, Strata, fit

MODELS = {
    "days": "y ~ x1 + baseline + (1 | professional) + (1 | dyad) + (1 | professional:day)",
    "slopes": "y ~ x1 + x2 + x3 + (1 + x1 + x2 + x3 || professional) + (1 + x1 | dyad)",
    "correlated": "y ~ x1 + x2 + x3 + (1 + x1 + x2 + x3 | professional) + (1 | dyad)",
    "clients": "y ~ x1 + baseline + (1 | professional) + (1 | client)",
    "alone": "y ~ x1 * role + (1 + x1 | professional)",
    "roles": "y ~ 0 + role + role:x1 + (0 + role | professional) + (1 | dyad)",
}
SINGULAR = ("slopes", "correlated", "roles")


def tame(frame):
    return frame.assign(x2=(frame["x2"] - 2000) / 50, x3=frame["x3"] * 1000)


@pytest.fixture(scope="module", params=list(MODELS))
def pair(request, rows, told):
    return request.param, fit(MODELS[request.param], tame(rows("small"))), told("small")[request.param]


def in_order(found, expected):
    terms = list(found.coefficients["term"])
    return [terms.index(term) for term in expected["term"]]


def test_criterion_is_not_above_lme4(pair):
    _, found, expected = pair
    assert found.deviance <= expected["criterion"] + 1e-6
    assert found.deviance == pytest.approx(expected["criterion"], abs=1e-5)
    assert found.convergence.converged


def test_fixed_effects_and_errors(pair):
    name, found, expected = pair
    at = in_order(found, expected)
    errors = np.array(expected["se"])
    # On a singular fit lme4 itself stops about 1e-4 short in theta.
    slack = 2e-4 if name in SINGULAR else 1e-5
    assert_allclose(np.sqrt(np.diag(found.estimate.vcov))[at], errors, rtol=slack)
    assert np.abs((found.estimate.beta[at] - expected["beta"]) / errors).max() < slack


def test_degrees_of_freedom(pair):
    name, found, expected = pair
    at = in_order(found, expected)
    if found.singular:
        assert found.small_sample.flagged
        return
    assert_allclose(found.coefficients["df"].to_numpy()[at], expected["df"], rtol=1e-4)
    method = found.small_sample_by("kenward-roger")
    p = len(at)
    assert_allclose(np.sqrt(np.diag(method.vcov))[at], expected["kr_se"], rtol=1e-5)
    assert_allclose(np.array([method.df(row) for row in np.eye(p)])[at], expected["kr_df"], rtol=1e-4)


def test_variance_components(pair):
    name, found, expected = pair
    table = found.variance_components
    largest = max(abs(one["vcov"]) for one in expected["vc"])
    # On a singular fit lme4 itself stops about 1e-4 short in theta.
    slack = 5e-3 * largest if name in SINGULAR else 1e-5 * largest
    for one in expected["vc"]:
        # lme4 numbers the terms of || as professional, professional.1, ...
        group = "residual" if one["group"] == "Residual" else one["group"].split(".")[0]
        mine = table[table["group"] == group]
        if group != "residual":
            wanted = {one["a"], one["b"] or ""}
            mine = mine[[{a, b} == wanted for a, b in zip(mine["term"], mine["with"], strict=True)]]
        assert mine["estimate"].iloc[0] == pytest.approx(one["vcov"], abs=slack)


def test_joint_contrasts_are_those_of_lmertest(rows, told):
    found = fit(MODELS["days"], tame(rows("small")))
    expected = told("small")["days"]["joint"]
    plain = found.test(["x1", "baseline"])
    adjusted = found.test(["x1", "baseline"], df="kenward-roger")
    assert (plain.df1, adjusted.df1) == (2, 2)
    assert_allclose([plain.statistic, plain.df2], [expected["f"], expected["df"]], rtol=1e-4)
    assert_allclose([adjusted.statistic, adjusted.df2], [expected["kr_f"], expected["kr_df"]], rtol=1e-4)


def test_ml_of_crossed_days(rows, told):
    found = fit(MODELS["days"], rows("small"), reml=False)
    assert found.deviance == pytest.approx(told("small")["days_ml"]["criterion"], abs=1e-6)


def test_precision_weights_are_those_of_lme4(rows, told):
    found = fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", rows("small"), weights="weight")
    expected = told("small")["weights"]
    assert found.deviance == pytest.approx(expected["criterion"], abs=1e-6)
    assert_allclose(found.coefficients["std_error"], expected["se"], rtol=1e-5)
    assert_allclose(found.coefficients["df"], expected["df"], rtol=1e-4)


def test_a_residual_variance_per_role_is_that_of_nlme(rows, told):
    found = fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", rows("small"), residual=Strata("role"))
    expected = told("small")["strata"]
    assert found.deviance <= expected["criterion"] + 1e-6
    assert found.estimate.residual["sd(P)/sd(C)"] == pytest.approx(
        expected["ratio"]["P"] / expected["ratio"]["C"], rel=1e-4
    )
    assert_allclose(np.sqrt(np.diag(found.estimate.vcov)), expected["se"], rtol=1e-4)


def test_one_with_many_is_that_of_nlme(rows, told):
    found = fit("score ~ 0 + role + (0 + role | professional)", rows("pairs"), residual=Pairs("role", "dyad"))
    expected = told("small")["pairs"]
    assert found.deviance <= expected["criterion"] + 1e-6
    assert found.estimate.residual["cor(C,P)"] == pytest.approx(abs(expected["correlation"]), rel=1e-3)
    assert_allclose(found.estimate.beta, expected["beta"], rtol=1e-4)


def test_profile_intervals_are_those_of_lme4(rows, told):
    found = fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", rows("small"))
    mine = found.intervals("profile", components=True).set_index("term")
    expected = told("small")["profile"]
    names = {"sigma": "sd residual"}
    for term, low, high in zip(expected["term"], expected["low"], expected["high"], strict=True):
        name = names.get(term, term.replace("sd_(Intercept)|", "sd (Intercept) | "))
        ends = mine.loc[name, ["ci_low", "ci_high"]].astype(float)
        # lme4 interpolates its profile by a spline: three to four digits.
        assert_allclose(ends, [low, high], rtol=2e-3, atol=1e-3)
