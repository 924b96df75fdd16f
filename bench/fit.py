"""Speed of a three-level fit, end to end: from an unsorted frame with text ids and a formula to a ``Fit``.

    python -m bench fit [--size S M L XL] [--car1 M] [--no-r]

The floor is lme4 on the same rows in the same run, at its fastest settings (nlme for correlated residuals);
for XL, or where R is missing, the time to sum the row columns and their products by dyad with numpy.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import CAR1, fit
from bench.figure import show

SIZES = {"S": (37, 8), "M": (200, 20), "L": (3000, 40), "XL": (30000, 40)}
FIXED = "y ~ closeness + conflict + dependency + emo_w + emo_b + week + closeness:emo_w"
MODELS = {
    "intercepts": f"{FIXED} + (1 | professional) + (1 | dyad)",
    "slopes": f"{FIXED} + (1 + emo_w | professional) + (1 + emo_w | dyad)",
}
IN_R = {"S", "M", "L"}
LMER = """lmer(FORMULA, d, control = lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE,
  check.conv.grad = "ignore", check.conv.singular = "ignore"))"""
LME = """lme(FIXED, d, random = ~ 1 | professional/dyad,
  correlation = corCAR1(form = ~ hours | professional/dyad))"""
R_TIMER = """
suppressMessages(library(PACKAGE))
d <- read.csv("rows.csv", stringsAsFactors = FALSE)
best <- Inf
for (i in 1:REPEATS) best <- min(best, system.time(m <- suppressWarnings(CALL))[["elapsed"]])
cat(best, format(-2 * as.numeric(logLik(m)), digits = 15), "\\n")
"""


def make_rows(size: str, seed: int = 7) -> pd.DataFrame:
    """Simulated rows in random order, ids as text."""
    professionals, events = SIZES[size]
    rng = np.random.default_rng(seed)
    dyads = 2 * professionals
    dyad = np.repeat(np.arange(dyads), events)
    professional = dyad // 2
    level2 = rng.standard_normal((3, dyads))
    emo = rng.standard_normal(dyad.size)
    emo_b = rng.standard_normal(dyads)
    outer, inner = rng.multivariate_normal([0, 0], [[0.2, 0.03], [0.03, 0.05]], professionals), None
    inner = rng.multivariate_normal([0, 0], [[0.3, -0.05], [-0.05, 0.06]], dyads)
    slope = 0.3 + outer[professional, 1] + inner[dyad, 1]
    y = 2 + 0.2 * level2[1, dyad] + slope * emo + outer[professional, 0] + inner[dyad, 0]
    frame = pd.DataFrame(
        {
            "professional": np.char.add("p", professional.astype(str)),
            "dyad": np.char.add("d", dyad.astype(str)),
            "y": y + rng.normal(0, 0.8, dyad.size),
            "closeness": level2[0, dyad],
            "conflict": level2[1, dyad],
            "dependency": level2[2, dyad],
            "emo_w": emo,
            "emo_b": emo_b[dyad],
            "week": rng.integers(0, 14, dyad.size) / 7,
            "hours": np.cumsum(rng.uniform(2, 30, dyad.size)),
        }
    )
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def timed(act: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Best of ``repeats`` runs, in seconds, and what the last one gave."""
    best, found = float("inf"), None
    for _ in range(repeats):
        began = time.perf_counter()
        found = act()
        best = min(best, time.perf_counter() - began)
    return best, found


def r_seconds(folder: Path, package: str, call: str, repeats: int) -> tuple[float, float] | None:
    """R's seconds and criterion on ``rows.csv`` in ``folder``; None, said on stderr, where R cannot do it."""
    script = R_TIMER.replace("PACKAGE", package).replace("CALL", call).replace("REPEATS", str(repeats))
    done = subprocess.run(["Rscript", "-e", script], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{package} not timed: {done.stderr.strip()[:200]}", file=sys.stderr)
        return None
    seconds, criterion = done.stdout.split()
    return float(seconds), float(criterion)


def floor_seconds(frame: pd.DataFrame) -> float:
    """Sums by dyad of the three row columns and their products: the least a fit must do."""
    codes = frame["dyad"].factorize()[0]
    columns = [frame[name].to_numpy() for name in ("y", "emo_w", "week")]

    def sums() -> None:
        for at, a in enumerate(columns):
            np.bincount(codes, weights=a)
            for b in columns[at:]:
                np.bincount(codes, weights=a * b)

    return timed(sums, 3)[0]


def main() -> None:
    """Run the chosen sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", nargs="*", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--car1", nargs="*", choices=list(SIZES), default=["M"], help="nlme takes minutes at L")
    parser.add_argument("--no-r", action="store_true")
    chosen = parser.parse_args()
    r = not chosen.no_r and shutil.which("Rscript") is not None
    if not r:
        print("R is not used: figures are against the floor of bare sums only.", file=sys.stderr)
    for size in chosen.size:
        frame = make_rows(size)
        with tempfile.TemporaryDirectory() as folder:
            timed_in_r = Path(folder) if r and size in IN_R else None
            if timed_in_r:
                frame.to_csv(timed_in_r / "rows.csv", index=False)
            for model, formula in MODELS.items():
                plain(size, model, formula, frame, timed_in_r)
            if size in chosen.car1:
                correlated(size, frame, timed_in_r)


def plain(size: str, model: str, formula: str, frame: pd.DataFrame, folder: Path | None) -> None:
    """Time one model against lme4, or against the floor."""
    repeats = {"S": 20, "M": 5}.get(size, 3)
    call = LMER.replace("FORMULA", formula)
    told = r_seconds(folder, "lme4", call, 1 if size == "L" else 3) if folder else None
    floor, against = (floor_seconds(frame), "sums") if told is None else (told[0], "lme4")
    seconds, found = timed(lambda: fit(formula, frame), repeats)
    show(f"fit {size} {model} vs {against}", seconds, "s", floor=floor, n=len(frame))
    seconds, _ = timed(lambda: fit(formula, frame).coefficients, repeats)
    show(f"fit and Satterthwaite {size} {model} vs {against}", seconds, "s", floor=floor, n=len(frame))
    seconds, _ = timed(lambda: fit(formula, frame, df="kenward-roger").coefficients, 1)
    show(f"fit and Kenward-Roger {size} {model} vs {against}", seconds, "s", floor=floor, n=len(frame))
    if told is not None:
        show(f"criterion above lme4 {size} {model}", found.deviance - told[1], "deviance", floor=0, n=len(frame))


def correlated(size: str, frame: pd.DataFrame, folder: Path | None) -> None:
    """Time intercepts with CAR(1) residuals on real time inside the dyad against nlme, or against the floor."""
    told = r_seconds(folder, "nlme", LME.replace("FIXED", FIXED), 1) if folder else None
    floor, against = (floor_seconds(frame), "sums") if told is None else (told[0], "nlme")
    seconds, found = timed(lambda: fit(MODELS["intercepts"], frame, residual=CAR1("hours", "dyad")), 3)
    show(f"fit {size} CAR(1) vs {against}", seconds, "s", floor=floor, n=len(frame))
    if told is not None:
        show(f"criterion above nlme {size} CAR(1)", found.deviance - told[1], "deviance", floor=0, n=len(frame))


if __name__ == "__main__":
    main()
