"""Times the Laplace engine on simulated diary studies, against glmmTMB in the same run where R has it.

    python -m bench laplace [--size S|M|L|XL] [--family binomial ...] [--no-r] [--repeats 3]

Prints JSON lines. The value of a fit is its median seconds; the floor is glmmTMB's seconds on the same
rows or, without R, those of one bare pass over the rows (X beta, one exponential, two segment sums). For
binary outcomes at size L glmmTMB must take at least 30 times as long, and 150 times is the aim. A line
"deviance" gives the own deviance minus glmmTMB's, which must not be above zero by more than 1e-5.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from analysis.laplace import fit_laplace
from bench.figure import show

PROFESSIONALS = {"S": 37, "M": 200, "L": 6_000, "XL": 60_000}
DYADS, ROWS = 2, 20
BETA = np.array([-0.4, -0.2, 0.45, 0.17, 0.48, 0.24, -0.01, -0.04])
NAMES = ["(Intercept)", "closeness", "conflict", "dependency", "emo_w", "emo_b", "week", "clo_emo"]
R_FAMILY = {"binomial": "binomial()", "poisson": "poisson()", "negative_binomial": "nbinom2()"}
R_SCRIPT = """
suppressMessages(library(glmmTMB))
d <- read.csv("rows.csv"); d$prof <- factor(d$prof); d$dyad <- factor(d$dyad)
f <- y ~ closeness + conflict + dependency + emo_w + emo_b + week + clo_emo + (1|prof) + (1|dyad)
t <- system.time(fit <- glmmTMB(f, d, family = FAMILY))[["elapsed"]]
cat(sprintf("%.6f %.10f", t, -2 * as.numeric(logLik(fit))))
"""

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def simulate(size: str, family: str) -> Arrays:
    """Outcome, model matrix, professional and dyad codes of a study."""
    random = np.random.default_rng(20260714)
    professionals = PROFESSIONALS[size]
    dyads = professionals * DYADS
    rows = dyads * ROWS
    dyad = np.repeat(np.arange(dyads), ROWS)
    professional = dyad // DYADS
    between = random.normal(size=(4, dyads))[:, dyad]
    within = random.normal(size=rows)
    week = np.tile(np.arange(ROWS) // 7, dyads).astype(float)
    X = np.column_stack([np.ones(rows), *between[:3], within, between[3], week, between[0] * within])
    eta = X @ BETA + 0.6 * random.normal(size=professionals)[professional] + 0.6 * random.normal(size=dyads)[dyad]
    if family == "binomial":
        y = (random.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    elif family == "ordinal":
        y = 1.0 + np.digitize(eta + random.logistic(size=rows), [-1.0, 0.0, 1.5])
    else:
        spread = random.gamma(2, 0.5, rows) if family == "negative_binomial" else 1.0
        y = random.poisson(np.exp(eta) * spread).astype(float)
    return y, X[:, 1:] if family == "ordinal" else X, professional, dyad


def bare_pass(arrays: Arrays) -> float:
    """Seconds of the arithmetic no method can do without, once."""
    y, X, _, dyad = arrays
    columns = np.ascontiguousarray(X.T)
    starts = np.flatnonzero(np.diff(dyad, prepend=-1))
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        mean = np.exp(np.full(len(columns), 1e-3) @ columns)
        np.add.reduceat(y - mean, starts)
        np.add.reduceat(mean, starts)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def in_r(arrays: Arrays, family: str) -> tuple[float, float] | None:
    """Seconds and deviance of glmmTMB, or None where it cannot be run."""
    if family not in R_FAMILY or shutil.which("Rscript") is None:
        why = "glmmTMB has no such family" if family not in R_FAMILY else "R is not installed"
        print(f"{family}: {why}; against the floor only.", file=sys.stderr)
        return None
    y, X, professional, dyad = arrays
    with tempfile.TemporaryDirectory() as folder:
        header = ",".join(["y", *NAMES[1:], "prof", "dyad"])
        table = np.column_stack([y, X[:, 1:], professional, dyad])
        np.savetxt(Path(folder) / "rows.csv", table, delimiter=",", header=header, comments="", fmt="%.17g")
        script = R_SCRIPT.replace("FAMILY", R_FAMILY[family])
        done = subprocess.run(["Rscript", "-e", script], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"glmmTMB not timed: {done.stderr.strip()[:200]}", file=sys.stderr)
        return None
    seconds, deviance = done.stdout.split()[-2:]
    return float(seconds), float(deviance)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--size", choices=PROFESSIONALS, default="M")
    options.add_argument("--family", nargs="+", default=["binomial", "poisson", "negative_binomial", "ordinal"])
    options.add_argument("--no-r", action="store_true")
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    for family in given.family:
        arrays = simulate(given.size, family)
        times = []
        for _ in range(given.repeats):
            begin = time.perf_counter()
            fit = fit_laplace(*arrays, family=family)
            times.append(time.perf_counter() - begin)
        own, name = float(np.median(times)), f"laplace {family} {given.size}"
        other = None if given.no_r else in_r(arrays, family)
        if other is None:
            show(f"{name} vs one bare pass", own, "s", floor=bare_pass(arrays), n=fit.rows)
        else:
            show(f"{name} vs glmmTMB", own, "s", floor=other[0], n=fit.rows)
            show(f"{name} deviance above glmmTMB", fit.deviance - other[1], "deviance", floor=0, n=fit.rows)


if __name__ == "__main__":
    main()
