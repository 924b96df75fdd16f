"""What must not change a fit: row order, scale, labels, the kind of frame, and how a file is cut."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis import CAR1, Strata, fit
from analysis.gaussian.estimate import criterion_at
from analysis.stream import fit_parquet

SLOPES = "y ~ x1 + baseline + (1 + x1 | professional) + (1 | dyad)"


@pytest.fixture(scope="module")
def base(rows):
    return fit(SLOPES, rows("small"))


def same(found, base, rtol=1e-6):
    assert found.deviance == pytest.approx(base.deviance, abs=1e-7)
    assert_allclose(found.coefficients["estimate"], base.coefficients["estimate"], rtol=rtol)
    assert_allclose(found.coefficients["df"], base.coefficients["df"], rtol=1e-4)


@given(seed=st.integers(0, 2**16))
@settings(max_examples=8, deadline=None)
def test_row_order(rows, base, seed):
    same(fit(SLOPES, rows("small").sample(frac=1, random_state=seed)), base)


@given(scale=st.sampled_from([1e-7, 1e-3, 50.0, 1e6]), shift=st.sampled_from([0.0, 3.0, 2024.0]))
@settings(max_examples=8, deadline=None)
def test_rescaling_and_shifting_a_predictor(rows, base, scale, shift):
    frame = rows("small")
    frame["x1"] = (frame["x1"] + shift) * scale
    found = fit(SLOPES, frame)
    # REML's criterion holds log|X'X|, which changes with the unit by a known amount.
    assert found.deviance - 2 * np.log(scale) == pytest.approx(base.deviance, abs=1e-6)
    mine, theirs = found.coefficients, base.coefficients
    assert mine["estimate"][1] * scale == pytest.approx(theirs["estimate"][1], rel=1e-5)
    assert mine["df"][1] == pytest.approx(theirs["df"][1], rel=1e-4)


def test_rescaling_the_outcome(rows, base):
    frame = rows("small")
    frame["y"] = frame["y"] * 1e5 + 1e6
    found = fit(SLOPES, frame)
    assert_allclose(found.coefficients["statistic"][1:], base.coefficients["statistic"][1:], rtol=1e-5)


def test_labels_and_frames(rows, base):
    frame = rows("small")
    named = frame.assign(professional=frame["professional"].map("p{}".format), dyad=frame["dyad"].map("dyad {}".format))
    same(fit(SLOPES, named), base)
    same(fit(SLOPES, pl.from_pandas(named)), base)
    same(fit(SLOPES, named.astype({"dyad": "category"})), base)


def test_nested_notation(rows, base):
    frame = rows("small")
    frame["number"] = frame["dyad"] % 10
    same(fit("y ~ x1 + baseline + (1 + x1 | professional) + (1 | professional:number)", frame), base)
    plain = fit("y ~ x1 + baseline + (1 | professional/number)", frame)
    same(plain, fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", frame))


@pytest.mark.parametrize("piece", [37, 100_000])
def test_a_file_read_in_pieces(rows, base, tmp_path, piece):
    frame = rows("small").sample(frac=1, random_state=3)
    frame["dyad"] = frame["dyad"].map("d{}".format)
    frame.loc[frame.index[:4], "x1"] = np.nan
    pl.from_pandas(frame).write_parquet(tmp_path / "rows.parquet")
    formula = SLOPES.replace("baseline", "baseline + role")
    whole, found = fit(formula, frame), fit_parquet(formula, tmp_path / "rows.parquet", piece=piece)
    same(found, whole)
    assert found.n_rows == whole.n_rows
    assert_allclose(found.icc["icc"], whole.icc["icc"], rtol=1e-5)
    assert found.design.missing.by_variable == whole.design.missing.by_variable
    assert "R2" not in found.summary()
    with pytest.raises(ValueError, match="keeps no rows"):
        found.residuals()


def test_a_file_with_crossed_factors_is_refused(rows, tmp_path):
    pl.from_pandas(rows("small")).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="more than one"):
        fit_parquet("y ~ x1 + (1 | professional) + (1 | client)", tmp_path / "rows.parquet")


def test_the_gradient_is_the_derivative_of_the_criterion(base):
    found, step = base.estimate, 1e-5
    for level in range(2):
        sides = []
        for sign in (1, -1):
            relative = [psi.copy() for psi in found.relative]
            relative[level][0, 0] *= 1 + sign * step
            sides.append(criterion_at(found.assembly, relative, True))
        assert abs(sides[0] - sides[1]) / (2 * step) < 1e-4
        assert min(sides) > found.criterion


def test_recovery(rows):
    """Mean of 60 fits to outcomes simulated by a fit: within three standard errors of what they came from."""
    model = fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", rows("small"))
    draws = model.simulate(60, seed=5)
    refits = [model.refit(response=draws[:, at]) for at in range(60)]
    for truth, values in (
        (model.estimate.beta, [one.estimate.beta for one in refits]),
        (np.array([model.estimate.sigma2]), [np.array([one.estimate.sigma2]) for one in refits]),
        (model.estimate.covariances[0][0], [one.estimate.covariances[0][0] for one in refits]),
        (model.estimate.covariances[1][0], [one.estimate.covariances[1][0] for one in refits]),
    ):
        mean, error = np.mean(values, 0), np.std(values, 0) / np.sqrt(60)
        assert np.all(np.abs(mean - truth) < 3.5 * error)


def test_predictions(rows, base):
    frame = rows("small")
    assert_allclose(base.predict(frame), base.predict(), atol=1e-10)
    assert_allclose(base.residuals(), frame["y"] - base.predict())
    strangers = frame.assign(professional=999, dyad=frame["dyad"] + 5000)
    assert_allclose(base.predict(strangers, unseen="zero"), base.predict(random=False), atol=1e-10)
    with pytest.raises(ValueError, match="has groups the model has not seen"):
        base.predict(strangers)
    effects = base.random_effects()["professional"]
    assert list(effects.columns) == ["group", "(Intercept)", "x1"]
    assert abs(effects["(Intercept)"].mean()) < 0.2


def test_a_fit_cannot_be_changed(base):
    with pytest.raises(AttributeError):
        base.df_method = "none"


@pytest.mark.parametrize("seed", [1, 2])
def test_row_order_with_correlated_residuals(rows, seed):
    frame = rows("sim_Sar_ri")
    formula = "y ~ emo_w + closeness + (1 | g3) + (1 | g2)"
    found = fit(formula, frame.sample(frac=1, random_state=seed), residual=CAR1("time", "g2"))
    expected = fit(formula, frame, residual=CAR1("time", "g2"))
    assert found.deviance == pytest.approx(expected.deviance, abs=1e-7)
    assert found.estimate.residual["phi"] == pytest.approx(expected.estimate.residual["phi"], abs=1e-5)
    assert_allclose(found.coefficients["df"], expected.coefficients["df"], rtol=1e-3)
    ours, theirs = found.random_effects()["g2"], expected.random_effects()["g2"]
    merged = ours.merge(theirs, on="group")
    assert_allclose(merged["(Intercept)_x"], merged["(Intercept)_y"], atol=1e-4)


def test_df_with_equal_strata_are_those_without(rows):
    """Two strata by a coin: the variance ratio is near one, and df near those of the plain model."""
    frame = rows("small")
    plain = fit("y ~ x1 + baseline + (1 | professional) + (1 | dyad)", frame)
    strata = fit(plain.formula, frame, residual=Strata("role"))
    assert_allclose(strata.coefficients["df"][2], plain.coefficients["df"][2], rtol=0.05)
    assert strata.n_parameters == plain.n_parameters + 1
