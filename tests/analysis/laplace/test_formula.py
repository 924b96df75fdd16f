"""The same models through `analysis.fit` and a formula."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import analysis

RANDOM = "(1 | prof) + (1 | dyad)"
FORMULAS = {
    "binomial": f"anger ~ conflict + demand + {RANDOM}",
    "binomial_one_level": "anger ~ conflict + demand + (1 | prof)",
    "binomial_slope": "anger ~ conflict + demand + (1 + demand | prof) + (1 | dyad)",
    "binomial_slope_diag": "anger ~ conflict + demand + (1 + demand || prof) + (1 | dyad)",
    "poisson": f"calls ~ conflict + demand + offset(log(hours)) + {RANDOM}",
    "negative_binomial": f"events ~ conflict + demand + offset(log(hours)) + {RANDOM}",
    "ordinal": "strain ~ conflict + demand + (1 | prof/dyad)",
}


def family_of(name: str) -> str:
    return name if name in ("poisson", "negative_binomial", "ordinal") else "binomial"


@pytest.mark.parametrize("name", list(FORMULAS))
def test_a_formula_gives_the_fit_of_r(name: str, diary: pd.DataFrame, reference: dict[str, Any]):
    rows = diary.assign(prof="p" + diary.prof.astype(str), dyad="d" + diary.dyad.astype(str))
    fit = analysis.fit(FORMULAS[name], rows, family=family_of(name))
    expected = reference[name]
    beta = np.array(expected["par"])[[kind == "beta" for kind in expected["par_names"]]]
    assert fit.converged
    assert fit.deviance == pytest.approx(expected["deviance"], abs=1e-7)
    assert np.allclose(fit.coefficients.estimate, beta, atol=1e-6)


def test_an_outcome_outside_the_range_of_its_family_is_refused(diary: pd.DataFrame):
    with pytest.raises(ValueError, match="between 0 and 1"):
        analysis.fit(f"strain ~ conflict + {RANDOM}", diary, family="binomial")
    with pytest.raises(ValueError, match="family"):
        analysis.fit(f"strain ~ conflict + {RANDOM}", diary, family="gamma")
