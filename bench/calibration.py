"""Do 5 % tests reject 5 % of true null hypotheses, and do 95 % intervals cover 95 %? 37 professionals x 2
dyads x 7 events.

Every study draws fresh predictors and outcomes with no effect of the professional-, dyad- or event-level
predictor and variance shares .20 / .12 / .68 (emotional labour of teachers). Prints one JSON line per
predictor and df method, whose floor is 0.05, and how many of these rates lie further than three Monte Carlo
standard errors from it.
"""

import argparse

import numpy as np
import pandas as pd

from analysis import fit
from bench.figure import show

TERMS = ("x_professional", "x_dyad", "x_event")
FORMULA = "y ~ x_professional + x_dyad + x_event + (1 | professional) + (1 | dyad)"


def null_study(rng: np.random.Generator, professionals: int = 37, dyads: int = 2, events: int = 7) -> pd.DataFrame:
    """Rows of one study in which no predictor has an effect."""
    dyad = np.repeat(np.arange(professionals * dyads), events)
    professional = dyad // dyads
    y = (
        rng.normal(0, np.sqrt(0.20), professionals)[professional]
        + rng.normal(0, np.sqrt(0.12), professionals * dyads)[dyad]
        + rng.normal(0, np.sqrt(0.68), dyad.size)
    )
    return pd.DataFrame(
        {
            "professional": professional,
            "dyad": dyad,
            "y": y,
            "x_professional": rng.standard_normal(professionals)[professional],
            "x_dyad": rng.standard_normal(professionals * dyads)[dyad],
            "x_event": rng.standard_normal(dyad.size),
        }
    )


def main() -> None:
    """Simulate, fit, count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    rejected = {(method, term): 0 for method in ("satterthwaite", "kenward-roger") for term in TERMS}
    singular = failed = 0
    for _ in range(chosen.studies):
        found = fit(FORMULA, null_study(rng))
        singular += found.singular
        failed += not found.convergence.converged
        for method in ("satterthwaite", "kenward-roger"):
            for term in TERMS:
                rejected[method, term] += found.test(term, df=method).p < 0.05
    reach = 3 * np.sqrt(0.05 * 0.95 / chosen.studies)
    rates = {cell: count / chosen.studies for cell, count in rejected.items()}
    for (method, term), rate in rates.items():
        show(f"type I error {term} {method}", rate, "share", floor=0.05, n=chosen.studies)
    outside = sum(abs(rate - 0.05) > reach for rate in rates.values())
    show("rates beyond three Monte Carlo standard errors", outside, "rates", floor=0, n=len(rates))
    show("singular fits", singular / chosen.studies, "share", n=chosen.studies)
    show("fits not converged", failed / chosen.studies, "share", floor=0, n=chosen.studies)


if __name__ == "__main__":
    main()
