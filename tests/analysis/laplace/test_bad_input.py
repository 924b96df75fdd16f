"""What cannot be fitted is refused in one sentence that names the column; what does not converge says why."""

from typing import Any

import numpy as np
import pytest

from analysis.laplace import RandomColumns, fit_laplace
from analysis.laplace.hurdle import fit_hurdle

ROWS = 240
NAMES = ["(Intercept)", "conflict", "demand"]


@pytest.fixture
def study() -> dict[str, Any]:
    random = np.random.default_rng(5)
    professional = np.repeat(np.arange(12), 20)
    dyad = np.repeat(np.arange(24), 10)
    X = np.column_stack([np.ones(ROWS), random.normal(size=(ROWS, 2))])
    y = (random.random(ROWS) < 0.5).astype(float)
    return {"y": y, "X": X, "professional_codes": professional, "dyad_codes": dyad, "names": NAMES}


def refused(study: dict[str, Any], sentence: str, **changes: Any) -> None:
    with pytest.raises(ValueError, match=sentence):
        fit_laplace(**(study | changes))


def test_an_outcome_outside_the_range_of_its_family_is_refused(study: dict[str, Any]):
    y = study["y"]
    refused(study, "between 0 and 1", y=2 * y)
    refused(study, "0 or 1, or a proportion", y=y / 2)
    refused(study, "whole numbers of 0 or more", y=y - 1, family="poisson")
    refused(study, "whole numbers of 0 or more", y=y + 0.5, family="negative_binomial")
    refused(study, "whole numbers of 1 or more", y=y, family="truncated_poisson")
    refused(study, "always 1", y=np.ones(ROWS))
    refused(study, "always 0", y=np.zeros(ROWS), family="poisson")
    refused(study, "only one category", y=np.ones(ROWS), family="ordinal", X=study["X"][:, 1:], names=NAMES[1:])
    refused(study, "missing or infinite", y=np.where(y > 0, np.nan, y))
    refused(study, "must be numbers", y=np.array(["yes"] * ROWS))


def test_columns_that_cannot_be_told_apart_are_refused_by_name(study: dict[str, Any]):
    X = study["X"]
    refused(study, "'demand' is constant", X=np.column_stack([X[:, :2], np.full(ROWS, 3.0)]))
    refused(study, "'demand' is a combination of 'conflict'", X=np.column_stack([X[:, :2], 2 * X[:, 1] + 1]))
    refused(
        study,
        "column 'demand' has missing or infinite",
        X=np.column_stack([X[:, :2], np.where(X[:, 2] > 1, np.inf, X[:, 2])]),
    )
    refused(study, "thresholds", family="ordinal", y=study["y"] + 1)
    refused(study, "2 names were given for 3 columns", names=NAMES[:2])
    refused(study, "one per outcome", X=X[:10])


def test_groups_that_are_no_nested_levels_are_refused(study: dict[str, Any]):
    refused(study, "professional has one group", professional_codes=np.zeros(ROWS, dtype=int))
    refused(study, "dyad 0 appears under more than one professional", dyad_codes=np.arange(ROWS) % 5)
    refused(study, "professional codes, dyad codes or both", professional_codes=None, dyad_codes=None)
    with pytest.raises(ValueError, match="client 0 appears under more than one leader"):
        named = RandomColumns(level_names=("leader", "client"))
        fit_laplace(**(study | {"dyad_codes": np.arange(ROWS) % 5, "random": named}))
    repeated = RandomColumns(dyad=np.ones((ROWS, 2)), dyad_names=("(Intercept)", "mood"))
    refused(study, "'mood' does not vary", random=repeated)


def test_offsets_weights_and_families_are_checked(study: dict[str, Any]):
    refused(study, "weights must be positive", weights=np.zeros(ROWS))
    refused(study, "offset has missing or infinite", offset=np.full(ROWS, -np.inf))
    refused(study, "offset has 3 rows", offset=np.zeros(3))
    refused(study, "'gamma' is unknown", family="gamma")
    with pytest.raises(ValueError, match="subtract the floor first"):
        fit_hurdle(study["y"] - 1, study["X"], study["professional_codes"], study["dyad_codes"])


def test_a_column_that_separates_the_outcomes_is_said_and_is_no_convergence(study: dict[str, Any]):
    alone = (np.arange(ROWS) % 10 == 0).astype(float)
    y = np.where(alone > 0, 1.0, study["y"])
    fit = fit_laplace(**(study | {"y": y, "X": np.column_stack([study["X"], alone]), "names": [*NAMES, "alone"]}))
    assert not fit.converged
    assert "separation: column 'alone'" in fit.reason
    assert np.isnan(fit.std_errors[3])
    assert np.isfinite(fit.std_errors[:3]).all()


def test_complete_separation_is_said(study: dict[str, Any]):
    fit = fit_laplace(**(study | {"y": (study["X"][:, 1] > 0.3).astype(float)}))
    assert not fit.converged
    assert "separation: column 'conflict'" in fit.reason


def test_a_count_that_is_always_zero_in_one_condition_is_said(study: dict[str, Any]):
    absent = (np.arange(ROWS) % 10 == 0).astype(float)
    y = np.where(absent > 0, 0.0, 1 + study["y"])
    X = np.column_stack([study["X"], absent])
    for family in ("poisson", "negative_binomial"):
        fit = fit_laplace(**(study | {"y": y, "X": X, "names": [*NAMES, "absent"], "family": family}))
        assert "separation: column 'absent'" in fit.reason


def test_outcomes_that_never_vary_within_professionals_are_said(study: dict[str, Any]):
    y = (study["professional_codes"] % 2).astype(float)
    fit = fit_laplace(**(study | {"y": y}))
    assert not fit.converged
    assert "standard deviation grows without limit" in fit.reason
