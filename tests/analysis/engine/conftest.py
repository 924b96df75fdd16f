"""Reference data and fits, each read or made once per session and never changed."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis import Fit, fit

HERE = Path(__file__).parent / "reference"
SAME_ROWS = {"sim_S_ri": "sim_S_rs", "sim_M_ri": "sim_M_rs"}
FIXED = "y ~ closeness + conflict + dependency + emo_w + emo_b + week + closeness:emo_w"


@cache
def _rows(name: str) -> pd.DataFrame:
    if name in ("small", "pairs"):
        return pd.read_csv(HERE / f"{name}.csv")
    return pd.read_csv(HERE / f"{SAME_ROWS.get(name, name)}.csv.gz")


@cache
def _told(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text())


@cache
def _fitted(name: str, reml: bool) -> Fit:
    inner = "1 + emo_w" if name.endswith("rs") else "1"
    return fit(f"{FIXED} + ({inner} | g3) + ({inner} | g2)", _rows(name), reml=reml)


@pytest.fixture(scope="session")
def rows() -> Any:
    """``rows(name)``: a reference data set."""
    return lambda name: _rows(name).copy()


@pytest.fixture(scope="session")
def told() -> Any:
    """``told(name)``: what R said about it."""
    return _told


@pytest.fixture(scope="session")
def fitted() -> Any:
    """``fitted(name, reml)``: our fit of a simulated reference set."""
    return _fitted
