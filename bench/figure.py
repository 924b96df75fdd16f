"""One figure as one JSON line."""

from __future__ import annotations

import json


def show(name: str, value: float, unit: str, *, floor: float | None = None, n: int = 1) -> None:
    """Print a figure; `ratio` is value / floor, where there is a floor."""
    ratio = round(value / floor, 4) if floor else None
    line = {"name": name, "value": round(value, 3), "unit": unit, "floor": round(floor, 3) if floor else None}
    print(json.dumps({**line, "ratio": ratio, "n": n}), flush=True)
