"""Fits random small designs, many singular, with the Laplace engine and with glmmTMB, and compares deviances.

    python -m bench laplace_designs [--designs 60] [--seed 1]

Prints JSON lines: the largest amount by which the own deviance lies above glmmTMB's (floor 1e-6: no fit may
be worse by more), the number of fits in which glmmTMB lies above the own by more than 1e-6, and the number of
own fits that did not converge. Designs that glmmTMB cannot fit are left out. Needs R with glmmTMB.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from analysis.laplace import LaplaceFit, RandomColumns, fit_laplace
from bench.figure import show

FAMILIES = {
    "binomial": "binomial()",
    "poisson": "poisson()",
    "negative_binomial": "nbinom2()",
    "truncated_poisson": "truncated_poisson()",
}
R_SCRIPT = """
suppressMessages(library(glmmTMB))
for (line in readLines("designs.txt")) {
  part <- strsplit(line, ";")[[1]]
  d <- read.csv(part[1]); d$p <- factor(d$p); d$d <- factor(d$d)
  value <- tryCatch(suppressWarnings(
    2 * glmmTMB(as.formula(part[2]), d, family = eval(parse(text = part[3])))$fit$objective),
    error = function(e) NA)
  cat(sprintf("%s %.10f\\n", part[1], value))
}
"""


def design(seed: int) -> tuple[str, np.ndarray, tuple[bool, bool]]:
    """Family, columns (y, a, b, professional, dyad) and whether b has a slope at either level."""
    random = np.random.default_rng(seed)
    n = int(random.integers(4, 40))
    of_dyad = np.repeat(np.arange(n), random.integers(1, 5, size=n))
    dyad = np.repeat(np.arange(of_dyad.size), random.integers(1, int(random.integers(3, 15)), size=of_dyad.size))
    professional = of_dyad[dyad]
    a, b = random.normal(size=of_dyad.size)[dyad], random.normal(size=dyad.size)
    sd = random.choice([0.0, 0.3, 1.0, 2.0], size=4)
    slopes = (bool(random.integers(2)), bool(random.integers(2)))
    eta = 0.3 * a + 0.3 * b + sd[0] * random.normal(size=n)[professional]
    eta += sd[1] * random.normal(size=of_dyad.size)[dyad]
    eta += slopes[0] * 0.5 * sd[2] * random.normal(size=n)[professional] * b
    eta += slopes[1] * 0.5 * sd[3] * random.normal(size=of_dyad.size)[dyad] * b
    eta = np.clip(eta, -6, 4)
    family = str(random.choice(list(FAMILIES)))
    if family == "binomial":
        y = (random.random(dyad.size) < 1 / (1 + np.exp(-eta))).astype(float)
    else:
        spread = random.gamma(2, 0.5, dyad.size) if family == "negative_binomial" else 1.0
        y = np.maximum(random.poisson(np.exp(eta) * spread), 1.0 if family.startswith("truncated") else 0.0)
    return family, np.column_stack([y, a, b, professional, dyad]), slopes


def own_fit(family: str, table: np.ndarray, slopes: tuple[bool, bool]) -> LaplaceFit:
    """The engine's fit of one design."""
    X = np.column_stack([np.ones(len(table)), table[:, 1:3]])
    z = [X[:, [0, 2]] if slope else None for slope in slopes]
    names = [("(Intercept)", "b") if slope else ("(Intercept)",) for slope in slopes]
    random = RandomColumns(z[0], names[0], z[1], names[1])
    codes = table[:, 3].astype(int), table[:, 4].astype(int)
    return fit_laplace(table[:, 0], X, *codes, family=family, random=random)


def in_r(folder: Path, lines: list[str]) -> dict[str, float]:
    """glmmTMB's deviance by file, where it gives one; empty, said on stderr, without R."""
    if shutil.which("Rscript") is None:
        print("R is not installed; only the engine's own convergence is told.", file=sys.stderr)
        return {}
    (folder / "designs.txt").write_text("\n".join(lines))
    done = subprocess.run(["Rscript", "-e", R_SCRIPT], cwd=folder, capture_output=True, text=True, check=True)
    told = [line.split() for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in told if value != "NA"}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--designs", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    own: dict[str, float] = {}
    lost, lines = 0, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(given.seed * 10_000, given.seed * 10_000 + given.designs):
            family, table, slopes = design(seed)
            try:
                fit = own_fit(family, table, slopes)
            except ValueError:
                continue
            lost += not fit.converged
            file = f"{seed}.csv"
            own[file] = fit.deviance
            np.savetxt(folder / file, table, delimiter=",", header="y,a,b,p,d", comments="", fmt="%.17g")
            terms = [f"({'1+b' if slope else '1'}|{level})" for slope, level in zip(slopes, "pd", strict=True)]
            lines.append(f"{file};y~a+b+{'+'.join(terms)};{FAMILIES[family]}")
        told = in_r(folder, lines)
    above = np.array([own[file] - value for file, value in told.items()])
    if above.size:
        show("laplace designs: own deviance above glmmTMB at most", above.max(), "deviance", floor=1e-6, n=above.size)
        show("laplace designs: glmmTMB above own by more than 1e-6", int((above < -1e-6).sum()), "fits", n=above.size)
    show("laplace designs: own fits not converged", lost, "fits", floor=0, n=len(own))


if __name__ == "__main__":
    main()
