"""Small random designs, many singular: never above the lowest criterion lme4 finds."""

from pathlib import Path

import pandas as pd

from analysis import fit

HERE = Path(__file__).parent / "reference"


def test_no_fit_ends_above_lme4():
    rows = dict(tuple(pd.read_csv(HERE / "singular_rows.csv.gz").groupby("design")))
    best = pd.read_csv(HERE / "singular_best.csv")
    worse, singular = {}, 0
    for one in best.itertuples():
        inner = "1 + x" if one.slope else "1"
        found = fit(f"y ~ x + z + ({inner} | professional) + ({inner} | dyad)", rows[one.design])
        singular += found.singular
        if found.deviance > one.best + 1e-6 or not found.convergence.converged:
            worse[one.design] = found.deviance - one.best
    assert worse == {}
    assert singular >= 15
