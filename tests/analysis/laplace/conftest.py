"""The simulated diary study and the R fits to it; every model is fitted once per session and never
changed."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.laplace import LaplaceFit, RandomColumns, fit_laplace

FOLDER = Path(__file__).parent / "reference"
SLOPE = ("(Intercept)", "demand")


@pytest.fixture(scope="session")
def diary() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "diary.csv")


@pytest.fixture(scope="session")
def reference() -> dict[str, Any]:
    return json.loads((FOLDER / "fits.json").read_text())["fits"]


@pytest.fixture(scope="session")
def x(diary: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(diary)), diary.conflict, diary.demand])


@pytest.fixture(scope="session")
def fitted(diary: pd.DataFrame, x: np.ndarray) -> Callable[[str], LaplaceFit]:
    """The fit of this name, as the reference script names it."""
    prof, dyad = diary.prof.to_numpy(), diary.dyad.to_numpy()
    trials, hours = diary.trials.to_numpy(float), np.log(diary.hours.to_numpy())
    names = ["(Intercept)", "conflict", "demand"]
    slopes = x[:, [0, 2]]
    some = diary.fear.to_numpy() > 0

    def count(y: pd.Series, **more: Any) -> LaplaceFit:
        return fit_laplace(y, x, prof, dyad, offset=hours, names=names, **more)

    def binary(**more: Any) -> LaplaceFit:
        return fit_laplace(diary.anger, x, prof, dyad, names=names, **more)

    by_professional = {"professional": slopes, "professional_names": SLOPE}
    recipes: dict[str, Callable[[], LaplaceFit]] = {
        "binomial": binary,
        "binomial_trials": lambda: fit_laplace(diary.hidden / trials, x, prof, dyad, weights=trials, names=names),
        "binomial_one_level": lambda: fit_laplace(diary.anger, x, prof, None, names=names),
        "binomial_slope": lambda: binary(random=RandomColumns(**by_professional)),
        "binomial_slope_diag": lambda: binary(random=RandomColumns(**by_professional, correlated=(False, True))),
        "poisson": lambda: count(diary.calls, family="poisson"),
        "negative_binomial": lambda: count(diary.events, family="negative_binomial"),
        "negative_binomial_slope": lambda: count(
            diary.events, family="negative_binomial", random=RandomColumns(dyad=slopes, dyad_names=SLOPE)
        ),
        "truncated_poisson": lambda: fit_laplace(
            diary.fear[some], x[some], prof[some], dyad[some], family="truncated_poisson", names=names
        ),
        "ordinal": lambda: fit_laplace(diary.strain, x[:, 1:], prof, dyad, family="ordinal", names=names[1:]),
        "ordinal_one_level": lambda: fit_laplace(diary.strain, x[:, 1:], prof, None, family="ordinal", names=names[1:]),
    }
    return cache(lambda name: recipes[name]())
