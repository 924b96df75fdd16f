"""Input that cannot be fitted is refused in one sentence that names the column."""

import numpy as np
import polars as pl
import pytest

from analysis import CAR1, compare, fit

SMALL = "y ~ x1 + baseline + (1 | professional) + (1 | dyad)"


@pytest.fixture
def frame(rows):
    return rows("small")


@pytest.mark.parametrize(
    ("change", "formula", "said"),
    [
        ({"k": 1.0}, "y ~ x1 + k + (1 | dyad)", "'k' is constant"),
        ({"k": 0.0}, "y ~ x1 + k + (1 | dyad)", "'k' is zero"),
        (
            {"twice": lambda d: 2 * d["x1"] - d["baseline"]},
            "y ~ x1 + baseline + twice + (1 | dyad)",
            "'twice' is an exact",
        ),
        ({"one": "a"}, "y ~ x1 + (1 | one)", "'one' has only one group"),
        ({"one": "a"}, "y ~ x1 + one + (1 | dyad)", "'one' has one label only"),
        ({}, "y ~ x1 + (1 + baseline | dyad)", "'baseline' does not vary inside any 'dyad'"),
        (
            {},
            "baseline ~ x1 + (1 | professional) + (1 | dyad)",
            "outcome 'baseline' does not vary inside any 'dyad'",
        ),
        ({}, "y ~ x1 + closeness + (1 | dyad)", "'closeness' names no column"),
        ({}, "z ~ x1 + (1 | dyad)", "outcome 'z' names no column"),
        ({}, "y ~ x1 + (1 | school)", "'school' names no column"),
        ({}, "role ~ x1 + (1 | dyad)", "'role' holds labels"),
        ({}, "y ~ log(role) + (1 | dyad)", "'role', which holds labels"),
        ({}, "y ~ x1", "no random term"),
        ({"row": lambda d: np.arange(len(d))}, "y ~ x1 + (1 | row)", "'row' has"),
        ({"y": lambda d: 2 * d["x1"]}, "y ~ x1 + (1 | dyad)", "explained exactly"),
        ({}, "y ~ x1 + sin(x1) + (1 | dyad)", "sin"),
        ({}, "y x1", "one outcome, one '~'"),
        ({}, "y ~ (x1 + (1 | dyad)", "parentheses"),
    ],
)
def test_it_says_what_is_wrong(frame, change, formula, said):
    with pytest.raises(ValueError, match=".") as problem:
        fit(formula, frame.assign(**change))
    assert said in str(problem.value)


def test_infinite_values_are_refused(frame):
    frame.loc[3, "x1"] = np.inf
    with pytest.raises(ValueError, match="'x1' has infinite values in 1 rows"):
        fit(SMALL, frame)


def test_weights_must_be_positive(frame):
    frame.loc[0, "weight"] = 0.0
    with pytest.raises(ValueError, match="positive"):
        fit(SMALL, frame, weights="weight")


def test_two_entries_at_one_time_are_refused(frame):
    with pytest.raises(ValueError, match="same 'day'"):
        fit(SMALL, frame, residual=CAR1("day", "dyad"))


def test_unknown_words_are_refused(frame):
    with pytest.raises(ValueError, match="satterthwaite"):
        fit(SMALL, frame, df="wald")
    with pytest.raises(ValueError, match="family"):
        fit(SMALL, frame, family="gamma")
    with pytest.raises(ValueError, match="no fixed effect 'x9'"):
        fit(SMALL, frame).test("x9")


def test_missing_values_are_counted_by_variable_and_level(frame):
    frame.loc[[0, 1, 2], "x1"] = np.nan
    frame.loc[[2, 5], "y"] = np.nan
    frame.loc[frame["dyad"] == frame["dyad"].iloc[-1], "baseline"] = np.nan
    found = fit(SMALL, frame)
    counted = found.missing.set_index("variable")["missing"]
    assert counted["x1"] == 3
    assert counted["y"] == 2
    assert found.design.missing.groups_lost == {"professional": 0, "dyad": 1}
    assert any("rows left out" in note and "1 dyad" in note for note in found.notes)


def test_polars_nulls_are_missing_too(frame):
    frame.loc[[0, 1], "x1"] = np.nan
    there = pl.from_pandas(frame).with_columns(pl.col("x1").fill_nan(None))
    assert fit(SMALL, there).deviance == pytest.approx(fit(SMALL, frame).deviance, abs=1e-9)


def test_few_professionals_are_fitted_and_said(frame):
    found = fit(SMALL, frame[frame["professional"] <= 4])
    assert any("Only 4 groups of 'professional'" in note for note in found.notes)


def test_two_factors_with_the_same_groups_are_said(frame):
    found = fit("y ~ x1 + (1 | pair) + (1 | dyad)", frame.assign(pair=frame["dyad"] + 0.5))
    assert any("are the same groups" in note for note in found.notes)


def test_a_zero_variance_is_zero(frame):
    found = fit("y ~ x1 + (1 | school / professional)", frame.assign(school=frame["professional"] % 4))
    assert found.singular_terms == ("((Intercept) | school)",)
    assert found.icc["variance"][0] == 0.0
    assert "Singular fit" in found.summary().splitlines()[0]


def test_comparing_what_cannot_be_compared(frame):
    small, large = fit("y ~ x1 + (1 | dyad)", frame), fit("y ~ x1 + baseline + (1 | dyad)", frame)
    with pytest.raises(ValueError, match="different fixed effects"):
        compare(small, large)
    with pytest.raises(ValueError, match="one is ML"):
        compare(small, large.refit(reml=False))
    with pytest.raises(ValueError, match="different rows"):
        compare(small, fit("y ~ x1 + (1 | dyad)", frame.iloc[5:]))


def test_likelihood_ratio(frame):
    table = compare(fit("y ~ x1 + baseline + (1 | dyad)", frame), fit("y ~ x1 + (1 | dyad)", frame), refit=True)
    assert list(table["parameters"]) == [4, 5]
    assert table["chi_squared"].iloc[1] == pytest.approx(table["deviance"].iloc[0] - table["deviance"].iloc[1])
    assert 0 < table["p"].iloc[1] < 1
