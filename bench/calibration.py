"""Do 5 % tests reject 5 % of true null hypotheses, and do 95 % intervals cover 95 %? 37 professionals x 2
dyads x 7 events.

Every study draws fresh predictors and outcomes with no effect of the professional-, dyad- or event-level
predictor and variance shares .20 / .12 / .68 (emotional labour of teachers). Prints one JSON line per
predictor and df method; the floor is 0.05 and ``within`` says whether the rate lies within three Monte Carlo
standard errors of it.
"""

import argparse
import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from analysis import fit

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
    error = np.sqrt(0.05 * 0.95 / chosen.studies)
    for (method, term), count in rejected.items():
        rate = count / chosen.studies
        line = {"name": f"type I error {term} {method}", "value": rate, "unit": "share", "floor": 0.05}
        line |= {"ratio": rate / 0.05, "n": chosen.studies, "within": bool(abs(rate - 0.05) <= 3 * error)}
        print(json.dumps(line), flush=True)
    for name, count in (("singular fits", singular), ("fits not converged", failed)):
        line = {"name": name, "value": count / chosen.studies, "unit": "share", "floor": 0.0, "ratio": None}
        print(json.dumps(line | {"n": chosen.studies}), flush=True)


if __name__ == "__main__":
    main()
