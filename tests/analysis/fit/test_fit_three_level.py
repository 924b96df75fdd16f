"""The fit: refusals, then balanced data, for which REML equals the analysis of variance in closed form
(Searle, Casella & McCulloch 1992, Variance Components, section 4.4)."""

import numpy as np
import pandas as pd
import pytest

from analysis.fit_statsmodels import Fit, fit_three_level

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
def fit() -> Fit:
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


def test_it_refuses_missing_columns_and_gaps() -> None:
    with pytest.raises(ValueError, match="z"):
        fit_three_level(balanced(), "y", ["z"])
    gaps = balanced()
    gaps.loc[0, "x"] = np.nan
    with pytest.raises(ValueError, match="x has missing values"):
        fit_three_level(gaps, "y", ["x"])


def test_it_refuses_too_few_units_and_nothing_to_explain() -> None:
    frame = balanced()
    with pytest.raises(ValueError, match="too few"):
        fit_three_level(frame[frame["professional"] < 2], "y", ["x"])
    with pytest.raises(ValueError, match="too few"):
        fit_three_level(frame.drop_duplicates("professional"), "y", ["x"])
    with pytest.raises(ValueError, match="same at every event"):
        fit_three_level(frame.assign(y=1.0), "y", ["x"])


def test_it_refuses_terms_that_say_the_same() -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        fit_three_level(balanced().assign(twice=lambda f: 2 * f["x"]), "y", ["x", "twice"])


def test_variances_equal_the_analysis_of_variance(fit: Fit) -> None:
    professional, dyad, event = mean_squares(balanced())
    assert fit.converged
    # The optimiser stops near the optimum: 3 significant digits.
    assert fit.variances["residual"] == pytest.approx(event, rel=2e-3)
    assert fit.variances["dyad"] == pytest.approx((dyad - event) / EVENTS, rel=5e-3)
    assert fit.variances["professional"] == pytest.approx((professional - dyad) / (DYADS * EVENTS), rel=1e-2)
    assert sum(fit.icc.values()) == pytest.approx(1)


def test_the_dyad_slope_and_its_standard_error_are_exact(fit: Fit) -> None:
    frame = balanced()
    dyad = frame.groupby("dyad").agg(y=("y", "mean"), x=("x", "first"))
    assert fit["x"].estimate == pytest.approx((dyad["x"] * dyad["y"]).sum() / (dyad["x"] ** 2).sum(), abs=1e-9)
    _, ms_dyad, _ = mean_squares(frame)
    assert fit["x"].std_error == pytest.approx(np.sqrt(ms_dyad / EVENTS / (2 * PEOPLE)), rel=5e-3)


def test_degrees_of_freedom_belong_to_the_level(fit: Fit) -> None:
    assert (fit["x"].level, fit["x"].df) == ("dyad", PEOPLE * (DYADS - 1) - 1)
    assert (fit["(Intercept)"].level, fit["(Intercept)"].df) == ("professional", PEOPLE - 1)
    assert fit.n == {"professional": PEOPLE, "dyad": PEOPLE * DYADS, "event": PEOPLE * DYADS * EVENTS}
    # t(23) at 97.5 %: 2.0687 (any t table)
    assert fit["x"].ci_high - fit["x"].estimate == pytest.approx(2.0687 * fit["x"].std_error, rel=1e-4)


def test_the_order_of_rows_does_not_matter(fit: Fit) -> None:
    shuffled = fit_three_level(balanced().sample(frac=1, random_state=1), "y", ["x"])
    assert shuffled == fit


def test_no_dyad_variance_is_a_result_and_not_a_failure() -> None:
    rng = np.random.default_rng(5)
    frame = balanced().assign(y=lambda f: rng.normal(0, 1, len(f)))
    flat = fit_three_level(frame, "y", ["x"])
    assert 0 <= flat.variances["dyad"] < 0.1 and flat.variances["residual"] == pytest.approx(1, abs=0.15)
    assert np.isfinite(flat["x"].std_error)
