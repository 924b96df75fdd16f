"""What must not change with the unit of time, the way a formula is written, or the type of a label."""

import numpy as np
import pandas as pd
import pytest

from analysis import CAR1, Strata, compare, fit
from analysis.stream import fit_parquet
from analysis.terms.design import build_design


@pytest.fixture(scope="module")
def frame():
    """300 rows of 60 dyads inside 20 professionals, with two label variables."""
    draw = np.random.default_rng(3)
    n = 300
    p = draw.integers(0, 20, n)
    d = p * 3 + draw.integers(0, 3, n)
    rows = pd.DataFrame({"p": p, "d": d, "x": draw.normal(size=n), "z": draw.normal(size=n)})
    rows["t"] = np.arange(n) + draw.uniform(0, 0.9, n)
    rows["f"] = draw.choice(list("abc"), n)
    rows["role"] = np.where(np.arange(n) % 2, "m", "w")
    slopes = draw.normal(size=(20, 3))[p, rows["f"].map({"a": 0, "b": 1, "c": 2})]
    rows["y"] = rows["x"] * 0.3 + slopes + draw.normal(size=60)[d] + draw.normal(size=n)
    return rows


@pytest.fixture(scope="module")
def series():
    """30 dyads inside 15 professionals, residuals correlating 0.7 one hour apart."""
    draw = np.random.default_rng(8)
    pieces = []
    for dyad in range(30):
        t = np.arange(8) + draw.uniform(0, 0.9, 8)
        e = draw.normal(size=8)
        for at in range(1, 8):
            carry = 0.7 ** (t[at] - t[at - 1])
            e[at] = carry * e[at - 1] + np.sqrt(1 - carry**2) * e[at]
        pieces.append(pd.DataFrame({"p": dyad // 2, "d": dyad, "t": t, "e": e}))
    rows = pd.concat(pieces, ignore_index=True)
    rows["x"] = draw.normal(size=len(rows))
    rows["y"] = rows["x"] + draw.normal(size=15)[rows["p"]] + draw.normal(size=30)[rows["d"]] + rows["e"]
    return rows


@pytest.mark.parametrize("unit", [1 / 24, 1 / 8766, 1e-6, 3.6e6])
def test_the_unit_of_time_changes_nothing_but_phi(series, unit):
    formula = "y ~ x + (1 | p) + (1 | d)"
    hours = fit(formula, series, residual=CAR1("t", "d"))
    other = fit(formula, series.assign(t=series["t"] * unit), residual=CAR1("t", "d"))
    assert other.deviance == pytest.approx(hours.deviance, abs=1e-8)
    np.testing.assert_allclose(other.coefficients["estimate"], hours.coefficients["estimate"], atol=1e-6)
    np.testing.assert_allclose(other.coefficients["df"], hours.coefficients["df"], rtol=1e-5)


def test_two_bars_with_a_label_variable_are_the_terms_one_by_one(frame):
    short = fit("y ~ x + (x + f || p)", frame)
    long = fit("y ~ x + (1 | p) + (0 + x | p) + (0 + f | p)", frame)
    assert short.deviance == pytest.approx(long.deviance, abs=1e-6)
    assert short.n_parameters == long.n_parameters
    assert [c.name for c in short.design.levels[0].columns] == ["(Intercept)", "x", "fa", "fb", "fc"]


@pytest.mark.parametrize(
    ("fixed", "names"),
    [
        ("0 + f + role", "fa fb fc rolew"),
        ("0 + f * role", "fa fb fc rolew fb:rolew fc:rolew"),
        ("0 + x + f + role + x:role", "x fa fb fc rolew x:rolew"),
        ("0 + x:f + role", "rolem rolew x:fa x:fb x:fc"),
        ("0 + f:x + role:x", "fa:x fb:x fc:x x:rolew"),
        ("f / role", "(Intercept) fb fc fa:rolew fb:rolew fc:rolew"),
    ],
)
def test_labels_without_an_intercept_are_coded_as_in_r(frame, fixed, names):
    design = build_design(f"y ~ {fixed} + (1 | p)", frame)
    assert sorted(design.names) == sorted(names.split())
    assert np.linalg.matrix_rank(design.fixed_matrix()) == len(design.names)


def test_ids_that_became_floats_are_the_same_groups(frame):
    holed = frame.assign(p=frame["p"].astype(float).where(frame.index != 299))
    found = fit("y ~ x + (1 | p)", holed)
    np.testing.assert_allclose(found.predict(frame.head(299)), found.predict(), atol=1e-10)
    assert "16" in set(found.random_effects()["p"]["group"])


def test_combinations_with_colons_in_them_stay_apart():
    draw = np.random.default_rng(1)
    ends = np.repeat(["v:w", "q", "r", "s", "w", "q", "r", "s"], 25)
    rows = pd.DataFrame({"a": np.repeat(["u", "u:v"], 100), "b": ends, "x": draw.normal(size=200)})
    rows["y"] = np.repeat(np.arange(8) * 2.0, 25) + draw.normal(size=200)
    found = fit("y ~ x + (1 | a:b)", rows)
    np.testing.assert_allclose(found.predict(rows), found.predict(), atol=1e-10)
    assert found.random_effects()["a:b"]["group"][0] == "u:v:w"


def test_a_missing_id_is_no_group(frame):
    texts = frame.assign(p=frame["p"].astype(str).replace("3", ""))
    found = fit("y ~ x + (1 | p)", texts)
    holed = texts.head(5).assign(p=None)
    alone = found.predict(holed, random=False)
    np.testing.assert_allclose(found.predict(holed, unseen="zero"), alone)
    with pytest.raises(ValueError, match="'p' is missing in some rows"):
        found.predict(holed)
    with pytest.raises(ValueError, match="'p:d' has groups the model has not seen, such as '0:99'"):
        fit("y ~ x + (1 | p:d)", frame).predict(frame.head(1).assign(p=0, d=99))


def test_a_fit_from_a_file_knows_its_combinations(frame, tmp_path):
    frame.to_parquet(tmp_path / "rows.parquet")
    formula = "y ~ x + (1 | p) + (1 | p:d)"
    there, here = fit_parquet(formula, tmp_path / "rows.parquet"), fit(formula, frame)
    np.testing.assert_allclose(there.predict(frame.head(9)), here.predict()[:9], atol=1e-5)


def test_only_likelihoods_of_the_same_data_are_compared(frame):
    large = fit("y ~ x + (1 | p) + (1 | d)", frame)
    assert len(compare(fit("y ~ x + (1 | p)", frame, weights=np.ones(300)), large)) == 2
    with pytest.raises(ValueError, match="different fixed effects"):
        compare(fit("y ~ x + (1 | p)", frame.assign(x=frame["z"])), large)
    with pytest.raises(ValueError, match="different weights"):
        compare(fit("y ~ x + (1 | p)", frame, weights=np.exp(frame["z"])), large)
    with pytest.raises(ValueError, match="different offset"):
        compare(fit("y ~ x + offset(z) + (1 | p)", frame), large)


def test_a_larger_model_that_fits_worse_is_refused(frame):
    small = fit("y ~ x + (1 | p)", frame, reml=False)
    with pytest.raises(ValueError, match="fits worse"):
        compare(small, fit("y ~ z + t + (1 | p)", frame, reml=False))


def test_fits_from_files_are_compared_on_one_outcome_only(frame, tmp_path):
    path = tmp_path / "rows.parquet"
    frame.assign(v=2 * frame["y"]).to_parquet(path)
    large = fit_parquet("y ~ x + (1 | p) + (1 | d)", path)
    assert len(compare(fit_parquet("y ~ x + (1 | p)", path), large)) == 2
    with pytest.raises(ValueError, match="or outcomes"):
        compare(fit_parquet("v ~ x + (1 | p)", path), large)
    frame.assign(y=2 * frame["y"]).to_parquet(path)
    with pytest.raises(ValueError, match="or outcomes"):
        compare(fit_parquet("y ~ x + (1 | p)", path), large)


def test_what_cannot_be_used_is_named(frame):
    formula = "y ~ x + (1 | p)"
    with pytest.raises(ValueError, match="'role' has one label only"):
        fit(formula, frame.assign(role="m"), residual=Strata("role"))
    with pytest.raises(ValueError, match="2 columns named 'x'"):
        fit(formula, pd.concat([frame, frame[["x"]]], axis=1))
    found = fit(formula, pd.concat([frame, frame[["z"]]], axis=1))
    for weights, said in (({"x": 0}, "only zeros"), ({"x": np.nan}, "finite"), ([0, np.inf], "finite")):
        with pytest.raises(ValueError, match=said):
            found.test(weights)


def test_text_beside_numbers_is_text_in_groups_and_refused_in_predictors(frame):
    mixed = frame["p"].astype(object).replace(3, "three")
    with pytest.raises(ValueError, match="'f' mixes text and numbers"):
        fit("y ~ f + (1 | p)", frame.assign(f=frame["f"].astype(object).replace("a", 1)))
    there, here = fit("y ~ x + (1 | p)", frame.assign(p=mixed)), fit("y ~ x + (1 | p)", frame)
    assert there.deviance == pytest.approx(here.deviance, abs=1e-8)
