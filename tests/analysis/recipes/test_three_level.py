"""A recipe's model: refusals, then balanced data, for which REML equals the analysis of variance in closed form
(Searle, Casella & McCulloch 1992, Variance Components, section 4.4), and statsmodels for another opinion."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from analysis.recipes.relationship_labour import TERMS, RelationshipLabour
from analysis.recipes.three_level import ThreeLevelFit, fit_three_level

PEOPLE, DYADS, EVENTS = 12, 3, 6


def balanced(seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = [(p, f"{p}-{d}", e) for p in range(PEOPLE) for d in range(DYADS) for e in range(EVENTS)]
    frame = pd.DataFrame(index, columns=["professional", "dyad", "event"])
    parts = rng.normal(0, 0.8, PEOPLE).repeat(DYADS * EVENTS) + rng.normal(0, 0.6, PEOPLE * DYADS).repeat(EVENTS)
    frame["y"] = 2 + parts + rng.normal(0, 1, len(frame))
    frame["x"] = np.tile([-1.0, 0.0, 1.0], PEOPLE).repeat(EVENTS)
    return frame


@pytest.fixture(scope="module")
def fit() -> ThreeLevelFit:
    return fit_three_level(balanced(), "y", ["x"])


def mean_squares(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Mean squares of professionals, dyads (after x) and events; in a balanced design x is orthogonal to the rest."""
    dyad = frame.groupby(["professional", "dyad"]).agg(y=("y", "mean"), x=("x", "first")).reset_index()
    professional = dyad.groupby("professional")["y"].mean()
    deviation = dyad["y"] - dyad["professional"].map(professional)
    slope = (dyad["x"] * deviation).sum() / (dyad["x"] ** 2).sum()
    ms_dyad = EVENTS * ((deviation - slope * dyad["x"]) ** 2).sum() / (PEOPLE * (DYADS - 1) - 1)
    within = frame["y"] - frame.groupby("dyad")["y"].transform("mean")
    return (
        DYADS * EVENTS * professional.var(),
        ms_dyad,
        (within**2).sum() / (PEOPLE * DYADS * (EVENTS - 1)),
    )


def test_it_refuses_missing_columns_and_says_which_rows_have_gaps() -> None:
    with pytest.raises(ValueError, match="'z' names no column"):
        fit_three_level(balanced(), "y", ["z"])
    with pytest.raises(ValueError, match="'dyad' names no column"):
        fit_three_level(balanced().drop(columns="dyad"), "y", ["x"])
    gaps = balanced()
    gaps.loc[0, "x"] = np.nan
    found = fit_three_level(gaps, "y", ["x"])
    assert found.n["event"] == len(gaps) - 1 and any("1 of" in note and "x 1" in note for note in found.notes)


def test_it_refuses_too_few_units_and_nothing_to_explain() -> None:
    frame = balanced()
    with pytest.raises(ValueError, match="too few"):
        fit_three_level(frame[frame["professional"] < 2], "y", ["x"])
    with pytest.raises(ValueError, match="too few"):
        fit_three_level(frame.drop_duplicates("professional"), "y", ["x"])
    with pytest.raises(ValueError, match="y"):
        fit_three_level(frame.assign(y=1.0), "y", ["x"])


def test_it_refuses_terms_that_say_the_same() -> None:
    with pytest.raises(ValueError, match="twice"):
        fit_three_level(balanced().assign(twice=lambda f: 2 * f["x"]), "y", ["x", "twice"])


def test_variances_equal_the_analysis_of_variance(fit: ThreeLevelFit) -> None:
    professional, dyad, event = mean_squares(balanced())
    assert fit.converged and fit.ended and fit.singular == ()
    assert fit.variances["residual"] == pytest.approx(event, rel=1e-6)
    assert fit.variances["dyad"] == pytest.approx((dyad - event) / EVENTS, rel=1e-6)
    assert fit.variances["professional"] == pytest.approx((professional - dyad) / (DYADS * EVENTS), rel=1e-6)
    assert sum(fit.icc.values()) == pytest.approx(1)


def test_the_dyad_slope_and_its_standard_error_are_exact(fit: ThreeLevelFit) -> None:
    frame = balanced()
    dyad = frame.groupby("dyad").agg(y=("y", "mean"), x=("x", "first"))
    assert fit["x"].estimate == pytest.approx((dyad["x"] * dyad["y"]).sum() / (dyad["x"] ** 2).sum(), abs=1e-9)
    _, ms_dyad, _ = mean_squares(frame)
    assert fit["x"].std_error == pytest.approx(np.sqrt(ms_dyad / EVENTS / (2 * PEOPLE)), rel=1e-6)


def test_degrees_of_freedom_belong_to_the_level(fit: ThreeLevelFit) -> None:
    assert (fit["x"].level, fit["(Intercept)"].level) == ("dyad", "professional")
    # In a balanced design Satterthwaite's df are those of the mean square that tests the term.
    assert fit["x"].df == pytest.approx(PEOPLE * (DYADS - 1) - 1, rel=1e-4)
    assert fit["(Intercept)"].df == pytest.approx(PEOPLE - 1, rel=1e-4)
    assert fit.n == {"professional": PEOPLE, "dyad": PEOPLE * DYADS, "event": PEOPLE * DYADS * EVENTS}
    # t(23) at 97.5 %: 2.0687 (any t table)
    assert fit["x"].ci_high - fit["x"].estimate == pytest.approx(2.0687 * fit["x"].std_error, rel=1e-4)


def test_the_order_of_rows_does_not_matter(fit: ThreeLevelFit) -> None:
    shuffled = fit_three_level(balanced().sample(frac=1, random_state=1), "y", ["x"])
    for ours, theirs in zip(fit.coefficients, shuffled.coefficients, strict=True):
        assert dataclasses.astuple(theirs)[2:] == pytest.approx(dataclasses.astuple(ours)[2:], rel=1e-6, abs=1e-9)


def test_a_variance_of_zero_is_a_result_and_is_said() -> None:
    rng = np.random.default_rng(5)
    frame = balanced().assign(y=lambda f: rng.normal(0, 1, len(f)))
    frame["y"] -= frame.groupby("dyad")["y"].transform("mean")
    flat = fit_three_level(frame, "y", ["x"])
    assert flat.converged and flat.variances["dyad"] == 0
    assert "((Intercept) | dyad)" in flat.singular and np.isfinite(flat["x"].std_error)
    assert any("Singular fit" in note for note in flat.notes)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("outcome", ["surface", "genuine"])
def test_statsmodels_says_the_same(analysed: RelationshipLabour, outcome: str) -> None:
    frame = analysed.events.sort_values(["professional", "dyad"], kind="stable")
    exog = np.column_stack([np.ones(len(frame)), frame[list(TERMS)]])
    people = [codes.to_numpy() for _, codes in frame.groupby("professional")["dyad"]]
    members = [(dyads[:, None] == np.unique(dyads)).astype(float) for dyads in people]
    names = [[f"d{j}" for j in range(one.shape[1])] for one in members]
    model = MixedLM(
        frame[outcome].to_numpy(), exog, frame["professional"].to_numpy(),
        exog_re=np.ones((len(frame), 1)), exog_vc=VCSpec(["dyad"], [names], [members]),
    )  # fmt: skip
    other = model.fit(reml=True, method=["lbfgs", "powell"])
    found = analysed.fits[outcome]
    ours = (found.variances["professional"], found.variances["dyad"], found.variances["residual"])
    # It stops early: three digits.
    assert ours == pytest.approx((other.cov_re[0, 0], other.vcomp[0], other.scale), abs=2e-3)
    assert [c.estimate for c in found.coefficients] == pytest.approx(list(other.fe_params), abs=2e-3)
