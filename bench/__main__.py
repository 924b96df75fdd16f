"""`python -m bench [NAME ...] [--OPTION ...]`: each figure is one JSON line, as `bench/figure.py` writes it.

Machines are shared and noisy, so a figure is worth what its ratio to a floor from the same run is worth.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import takewhile
from pathlib import Path

HERE = Path(__file__).parent
# What runs without a name, and with which arguments; a name alone runs a bench at its full length.
QUICKLY: dict[str, list[str]] = {"app": [], "entries": [], "coverage": ["--seeds", "300"]}


def main(given: list[str]) -> int:
    """Names first, then options, which every bench named gets."""
    names = list(takewhile(lambda word: not word.startswith("-"), given))
    files = (file for file in HERE.glob("[a-z]*.py") if '__name__ == "__main__"' in file.read_text("utf-8"))
    known = sorted(file.stem for file in files)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no bench called {', '.join(unknown)}. Benches: {', '.join(known)}.", file=sys.stderr)
        return 2
    chosen = {name: given[len(names) :] for name in names} if names else QUICKLY
    return max(_run(name, arguments) for name, arguments in chosen.items())


def _run(name: str, arguments: list[str]) -> int:
    print(f"bench {name} ...", file=sys.stderr, flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], cwd=HERE.parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
