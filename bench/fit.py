"""Speed of a three-level fit, end to end: from an unsorted frame with text ids and a formula to a ``Fit``.

The floor is lme4 on the same rows in the same run (its fastest settings), or, where R is missing, the time to
read the row columns and sum them by dyad with numpy. Prints one JSON line per figure. ``--size S|M|L|XL``
(default M and L).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from analysis import fit

SIZES = {"S": (37, 8), "M": (200, 20), "L": (3000, 40), "XL": (30000, 40)}
FIXED = "y ~ closeness + conflict + dependency + emo_w + emo_b + week + closeness:emo_w"
MODELS = {
    "intercepts": f"{FIXED} + (1 | professional) + (1 | dyad)",
    "slopes": f"{FIXED} + (1 + emo_w | professional) + (1 + emo_w | dyad)",
}
R_TIMER = """
suppressMessages(library(lme4))
d <- read.csv("rows.csv", stringsAsFactors = FALSE)
best <- Inf
for (i in 1:REPEATS) {
  t <- system.time(m <- suppressWarnings(lmer(FORMULA, d, control = lmerControl(optimizer = "nloptwrap",
    calc.derivs = FALSE, check.conv.grad = "ignore", check.conv.singular = "ignore"))))[["elapsed"]]
  best <- min(best, t)
}
cat(best, format(REMLcrit(m), digits = 15), "\\n")
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


def lme4_seconds(folder: Path, formula: str, repeats: int) -> tuple[float, float] | None:
    """lme4's seconds and criterion on ``rows.csv`` in ``folder``; None without R or lme4."""
    if shutil.which("Rscript") is None:
        return None
    script = R_TIMER.replace("FORMULA", formula).replace("REPEATS", str(repeats))
    done = subprocess.run(["Rscript", "-e", script], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"lme4 not timed: {done.stderr.strip()[:200]}", file=sys.stderr)
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


def report(name: str, value: float, unit: str, floor: float, n: int) -> None:
    """One figure as a JSON line; ratio is floor over value for seconds."""
    ratio = floor / value if value else None
    print(
        json.dumps({"name": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio, "n": n}),
        flush=True,
    )


def main() -> None:
    """Run the chosen sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", nargs="*", choices=list(SIZES), default=["M", "L"])
    parser.add_argument("--no-r", action="store_true")
    chosen = parser.parse_args()
    for size in chosen.size:
        frame = make_rows(size)
        with tempfile.TemporaryDirectory() as folder:
            frame.to_csv(Path(folder) / "rows.csv", index=False)
            for model, formula in MODELS.items():
                run(size, model, formula, frame, None if chosen.no_r else Path(folder))


def run(size: str, model: str, formula: str, frame: pd.DataFrame, folder: Path | None) -> None:
    """Time one model against lme4, or against the floor."""
    repeats = 5 if size in ("S", "M") else 3
    seconds, found = timed(lambda: fit(formula, frame), repeats)
    told = lme4_seconds(folder, formula, 1 if size in ("L", "XL") else 3) if folder else None
    floor = floor_seconds(frame) if told is None else told[0]
    against = "sums" if told is None else "lme4"
    report(f"fit {size} {model} vs {against}", seconds, "s", floor, len(frame))
    with_df, _ = timed(lambda: fit(formula, frame).coefficients, repeats)
    report(f"fit and Satterthwaite {size} {model} vs {against}", with_df, "s", floor, len(frame))
    adjusted, _ = timed(lambda: fit(formula, frame, df="kenward-roger").coefficients, 1)
    report(f"fit and Kenward-Roger {size} {model} vs {against}", adjusted, "s", floor, len(frame))
    if told is not None:
        report(f"criterion above lme4 {size} {model}", found.deviance - told[1], "deviance", 0.0, len(frame))


if __name__ == "__main__":
    main()
