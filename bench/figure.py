"""One figure as one JSON line."""

from __future__ import annotations

import json


def show(name: str, value: float, unit: str, *, floor: float | None = None, n: int = 1) -> None:
    """Print a figure to six significant digits; `ratio` is value / floor, where there is a floor."""
    ratio = _short(value / floor) if floor else None
    line = {"name": name, "value": _short(value), "unit": unit, "floor": None if floor is None else _short(floor)}
    print(json.dumps({**line, "ratio": ratio, "n": n}), flush=True)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
