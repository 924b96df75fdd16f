"""What one can ask of a formula's fit when the outcome is not Gaussian."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis

LABELS = {0: "none", 1: "some", 2: "much", 3: "most", 4: "all", 5: "over"}


@pytest.fixture(scope="module")
def rows(diary: pd.DataFrame) -> pd.DataFrame:
    return diary.assign(
        prof="p" + diary.prof.astype(str),
        dyad="d" + diary.dyad.astype(str),
        place=np.where(np.arange(len(diary)) % 3 == 0, "home", "school"),
    )


@pytest.fixture(scope="module")
def binary(rows: pd.DataFrame) -> Any:
    return analysis.fit("anger ~ demand + place + (1 + demand | prof) + (1 | dyad)", rows, family="binomial")


@pytest.fixture(scope="module")
def hurdle(rows: pd.DataFrame) -> Any:
    return analysis.fit("fear ~ demand + offset(log(hours)) + (1 | prof)", rows, family="hurdle_poisson")


def test_predictions_of_the_own_rows_and_of_a_frame_are_those_of_the_engine(binary: Any, rows: pd.DataFrame):
    own = binary.predict()
    assert np.allclose(own, binary.laplace.fitted(), atol=1e-10)
    some = rows.iloc[[5, 2, 9]]
    assert np.allclose(binary.predict(some), own[[5, 2, 9]], atol=1e-10)
    one_label = some.assign(place="school")
    assert np.isfinite(binary.predict(one_label, scale="link")).all()
    assert np.allclose(binary.predict(some, random=False), binary.predict(random=False)[[5, 2, 9]])
    strange = some.assign(prof="new", dyad="newer")
    with pytest.raises(ValueError, match="'prof' has groups the model has not seen, such as 'new'"):
        binary.predict(strange)
    assert np.allclose(binary.predict(strange, unseen="zero"), binary.predict(some, random=False))


def test_group_numbers_match_whatever_their_type(diary: pd.DataFrame):
    lacking = diary.assign(prof=diary.prof.astype(float))
    lacking.loc[3, "prof"] = np.nan
    fit = analysis.fit("anger ~ demand + (1 | prof)", lacking, family="binomial")
    assert np.allclose(fit.predict(diary.head(3)), fit.predict()[:3])
    assert fit.missing.missing.tolist() == [1]
    assert "1 of" in fit.notes[-1]
    with pytest.raises(ValueError, match="'prof' is missing in some rows"):
        fit.predict(lacking.iloc[2:5])
    assert set(fit.random_effects()["prof"].group) == set(diary.prof.astype(str))


def test_the_numbers_of_a_gaussian_fit_are_there(binary: Any, rows: pd.DataFrame):
    assert binary.n_groups == {"prof": rows.prof.nunique(), "dyad": rows.dyad.nunique()}
    assert binary.n_rows == len(rows)
    assert binary.loglik == pytest.approx(-binary.deviance / 2)
    assert binary.convergence.converged
    table = binary.coefficients
    assert np.allclose(np.sqrt(np.diag(binary.vcov)), table.std_error)
    assert binary.test("demand").p == pytest.approx(table.p[1])
    assert binary.test(["demand", "placeschool"]).df1 == 2
    for useless in ({"demand": 0}, {"demand": np.nan}):
        with pytest.raises(ValueError, match="finite weights"):
            binary.test(useless)
    assert np.allclose(binary.estimate_contrast("demand").ci_low, table.ci_low[1])
    assert np.allclose(binary.intervals().ci_high, table.ci_high)
    effects = binary.random_effects()
    assert list(effects["prof"].columns) == ["group", "(Intercept)", "demand"]
    assert set(effects["dyad"].group) == set(rows.dyad)


def test_simulated_outcomes_come_back_with_the_seed(binary: Any):
    drawn = binary.simulate(2, seed=1)
    assert drawn.shape == (binary.n_rows, 2)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.array_equal(drawn, binary.simulate(2, seed=1))
    assert abs(binary.simulate(40, seed=2).mean() - binary.design.response.mean()) < 0.1


@pytest.mark.parametrize("name", ["icc", "r2_marginal", "r2_conditional", "explained"])
def test_what_is_not_there_says_so(binary: Any, hurdle: Any, name: str):
    for fit in (binary, hurdle):
        with pytest.raises(ValueError, match=f"{name} is not available for family"):
            getattr(fit, name)
        with pytest.raises(ValueError, match="'profile' intervals are not available"):
            fit.intervals("profile")


def test_nested_fits_compare(binary: Any, rows: pd.DataFrame):
    smaller = analysis.fit("anger ~ place + (1 + demand | prof) + (1 | dyad)", rows, family="binomial")
    found = analysis.compare(smaller, binary)
    assert found.df[1] == 1
    assert found.chi_squared[1] == pytest.approx(smaller.deviance - binary.deviance)


def test_an_ordinal_outcome_keeps_its_labels(rows: pd.DataFrame):
    codes = rows.strain - rows.strain.min()
    names = [LABELS[code] for code in sorted(codes.unique())]
    strain = pd.Categorical(codes.map(LABELS), categories=[names[0], "unused", *names[1:]], ordered=True)
    fit = analysis.fit("strain ~ demand + (1 | prof)", rows.assign(strain=strain), family="ordinal")
    assert fit.shape_names == tuple(f"{low}|{high}" for low, high in zip(names, names[1:], strict=False))
    assert set(np.unique(fit.simulate(1, seed=3).astype(str))) <= set(names)
    assert np.allclose(fit.predict(rows.head(4)), fit.laplace.fitted()[:4])
    assert np.allclose(fit.predict().sum(axis=1), 1)


def test_a_hurdle_predicts_and_says_what_is_wrong(hurdle: Any, rows: pd.DataFrame):
    expected = hurdle.any.predict() * hurdle.amount.predict()
    assert np.allclose(hurdle.predict(rows.head(5)), expected[:5])
    positive = hurdle.hurdle.positive
    assert np.allclose(hurdle.amount.predict()[positive], hurdle.hurdle.amount.fitted())
    assert np.allclose(hurdle.any.predict(), hurdle.hurdle.any.fitted())
    assert hurdle.notes == (*(f"any: {n}" for n in hurdle.any.notes), *(f"amount: {n}" for n in hurdle.amount.notes))
    assert list(hurdle.random_effects()["prof"].columns) == ["part", "group", "(Intercept)"]
    assert abs(hurdle.simulate(60, seed=1).mean() - rows.fear.mean()) < 0.3
    assert hurdle.singular_terms == (
        *(f"any: {what}" for what in hurdle.any.singular_terms),
        *(f"amount: {what}" for what in hurdle.amount.singular_terms),
    )
    for fear, sentence in ((rows.fear + 1, "'fear' is never zero"), (rows.fear.clip(upper=1), "never above 1")):
        with pytest.raises(ValueError, match=sentence):
            analysis.fit("fear ~ demand + (1 | prof)", rows.assign(fear=fear), family="hurdle_poisson")
    with pytest.raises(ValueError, match="two parts"):
        hurdle.test("demand")


def test_messages_name_the_columns_and_labels_of_the_user(rows: pd.DataFrame):
    repeated = rows.assign(dyad="k" + (np.arange(len(rows)) % 7).astype(str))
    with pytest.raises(ValueError, match=r"'dyad' k\d appears under more than one 'prof'; .*\(1 \| prof/dyad\)"):
        analysis.fit(
            "anger ~ demand + (1 | prof) + (1 | dyad)",
            repeated.assign(prof="p" + (np.arange(len(rows)) % 5).astype(str)),
            family="binomial",
        )
    with pytest.raises(ValueError, match="The outcome 'strain' of a binomial model must lie between"):
        analysis.fit("strain ~ demand + (1 | prof)", rows, family="binomial")


def test_fits_of_two_families_are_not_compared() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"p": np.repeat(np.arange(20), 8), "x": rng.normal(size=160), "y": rng.poisson(3, 160)})
    gaussian = analysis.fit("y ~ x + (1 | p)", frame.astype({"y": float}), reml=False)
    with pytest.raises(ValueError, match="different families"):
        analysis.compare(gaussian, analysis.fit("y ~ x + (1 | p)", frame, family="poisson"))
