"""Random small designs, many singular: does any fit end above the lowest criterion lme4 finds?

Needs R with lme4; ``singular_designs.R`` draws the designs and searches from several starts and optimisers.
Prints JSON lines; exits with 1 when a fit ends more than 1e-6 above.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from analysis import fit
from bench.figure import show

SCRIPT = Path(__file__).with_name("singular_designs.R")


def main() -> int:
    """Draw, fit, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--designs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if shutil.which("Rscript") is None:
        print("R is not installed; nothing to compare with.", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = ["Rscript", str(SCRIPT), folder, str(chosen.designs), str(chosen.seed)]
        subprocess.run(command, check=True, capture_output=True)
        rows = dict(tuple(pd.read_csv(Path(folder) / "rows.csv").groupby("design")))
        best = pd.read_csv(Path(folder) / "best.csv")
    above, singular, failed = [], 0, 0
    for one in best.itertuples():
        inner = "1 + x" if one.slope else "1"
        found = fit(f"y ~ x + z + ({inner} | professional) + ({inner} | dyad)", rows[one.design])
        above.append(found.deviance - one.best)
        singular += found.singular
        failed += not found.convergence.converged
    figures = {
        "fits above lme4's best by more than 1e-6": sum(value > 1e-6 for value in above),
        "largest deviance above lme4's best": max(above),
        "lme4 default above the best by more than 1e-3": int((best["default"] > best["best"] + 1e-3).sum()),
        "singular fits": singular,
        "fits not converged": failed,
    }
    for name, value in figures.items():
        show(name, float(value), "deviance" if name.startswith("largest") else "fits", floor=0, n=len(above))
    return int(figures["fits above lme4's best by more than 1e-6"] > 0)


if __name__ == "__main__":
    sys.exit(main())
