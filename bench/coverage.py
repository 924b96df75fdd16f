"""How often 95 % intervals of the recipe on relationships and emotional labour hold the effect the data were
made with.

    python -m bench coverage --seeds 2000 --table docs/analysis-coverage.md

One cohort per seed (37 professionals x 2 dyads x 30 days), six relationship terms x two outcomes. Each figure
is a JSON line; its floor is .95 and its ratio value / floor. Exits 1 when a coverage is further than three
Monte Carlo standard errors from .95.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from analysis.center import split_dyad_scores
from analysis.recipes.diary_rows import OUTCOMES, SHORT, split_by_level
from analysis.recipes.relationship_labour import RELATIONSHIP_TERMS, TERMS
from analysis.recipes.three_level import fit_three_level
from analysis.simulate import Cohort, simulate_cohort
from bench.figure import show

CELLS = [(outcome, term) for outcome in OUTCOMES for term in RELATIONSHIP_TERMS]
NOMINAL = 0.95


def estimates(cohort: Cohort) -> np.ndarray:
    """Per cell (estimate, standard error, low, high, truth, converged, singular) in the report's units; shape
    (12, 7)."""
    dyads = cohort.dyads.copy()
    dyads["dyad"] = dyads["professional"] * 1000 + dyads["dyad"]
    for scale, short in SHORT.items():
        dyads[scale] = dyads[[f"{short}{k}" for k in range(1, 5)]].mean(axis=1)
    events = cohort.occasions.dropna(subset=["hid"]).copy()
    events["dyad"] = events["professional"] * 1000 + events["dyad"]
    events["surface"] = ((events["hid"] + events["faked"]) / 2).astype(float)
    events["genuine"] = events["showed"].astype(float)
    frame = split_by_level(events, split_dyad_scores(dyads[["professional", "dyad", *SHORT]], SHORT))
    numbers = {record["name"]: record["value"] for record in cohort.simulation["parameters"]}
    rows = []
    for outcome in OUTCOMES:
        fit = fit_three_level(frame, outcome, TERMS)
        for scale, short in SHORT.items():
            truth = numbers[f"{scale}_{outcome}"] / numbers[f"{scale}_sd"] * dyads[scale].std()
            for part in "dp":
                c = fit[f"{short}_{part}"]
                where = CELLS.index((outcome, c.term))
                rows.append(
                    (where, c.estimate, c.std_error, c.ci_low, c.ci_high, truth, fit.converged, bool(fit.singular))
                )
    return np.array([row[1:] for row in sorted(rows)], dtype=float)


def one_seed(seed: int) -> np.ndarray:
    return estimates(simulate_cohort(seed=seed))


def run(seeds: int, workers: int) -> np.ndarray:
    """All seeds; shape (seeds, 12, 7)."""
    with ProcessPoolExecutor(workers) as pool:
        return np.array(list(pool.map(one_seed, range(1, seeds + 1), chunksize=10)))


def summary(results: np.ndarray) -> list[dict[str, float | str]]:
    """Coverage, bias in standard errors, and mean SE against the real spread, per cell."""
    estimate, se, low, high, truth, *_ = np.moveaxis(results, 2, 0)
    n = len(results)
    error = estimate - truth
    return [
        {
            "outcome": outcome,
            "term": term,
            "truth": truth[:, j].mean(),
            "bias": error[:, j].mean(),
            "bias_se": error[:, j].std(ddof=1) / np.sqrt(n),
            "spread": error[:, j].std(ddof=1),
            "mean_se": se[:, j].mean(),
            "coverage": ((low[:, j] <= truth[:, j]) & (truth[:, j] <= high[:, j])).mean(),
        }
        for j, (outcome, term) in enumerate(CELLS)
    ]


def table(rows: list[dict[str, float | str]], n: int, converged: float, singular: float) -> str:
    reach = 3 * np.sqrt(NOMINAL * (1 - NOMINAL) / n)
    low, high = 100 * (NOMINAL - reach), 100 * (NOMINAL + reach)
    text = f"""# Do the intervals hold what they promise?

Made by `python -m bench coverage --seeds {n} --table docs/analysis-coverage.md`.

{n} simulated cohorts of 37 professionals with 2 dyads each and 30 days, analysed by the recipe on
relationships and emotional labour: REML, t intervals with Satterthwaite's degrees of freedom. A 95 % interval
should hold the effect the data were made with in 95 % of the cohorts; with {n} cohorts, chance alone moves
that figure within {low:.1f} to {high:.1f} % (three Monte Carlo standard errors). Effects are per SD of the
observed score. The optimiser reached the optimum in {100 * converged:.1f} % of the fits; {100 * singular:.1f} % were
singular (a variance of zero) and are counted like the others.

| outcome | term | true effect | mean error (its SE) | spread of estimates | mean standard error | coverage |
|---|---|---|---|---|---|---|
"""
    for r in rows:
        text += (
            f"| {r['outcome']} | {r['term']} | {r['truth']:+.3f} | {r['bias']:+.4f} ({r['bias_se']:.4f}) "
            f"| {r['spread']:.4f} | {r['mean_se']:.4f} | {100 * float(r['coverage']):.1f} % |\n"
        )
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", type=Path)
    arguments = parser.parse_args()
    results = run(arguments.seeds, arguments.workers)
    rows = summary(results)
    mc_se = float(np.sqrt(NOMINAL * (1 - NOMINAL) / arguments.seeds))
    for r in rows:
        value = float(r["coverage"])
        name = f"coverage.{r['outcome']}.{r['term']}"
        show(name, value, "share of intervals", floor=NOMINAL, n=arguments.seeds)
    if arguments.table:
        arguments.table.write_text(table(rows, arguments.seeds, *results[:, :, 5:].mean(axis=(0, 1))))
    return int(any(abs(float(r["coverage"]) - NOMINAL) > 3 * mc_se for r in rows))


if __name__ == "__main__":
    raise SystemExit(main())
