"""Names and numbers as a reader wants to see them."""

from __future__ import annotations

import math
from html import escape

TERMS = {
    "(Intercept)": "Intercept",
    "clo_d": "Closeness, this client against the others",
    "con_d": "Conflict, this client against the others",
    "dep_d": "Dependency, this client against the others",
    "clo_p": "Closeness, the professional’s average",
    "con_p": "Conflict, the professional’s average",
    "dep_p": "Dependency, the professional’s average",
    "valence_w": "Pleasantness of the event",
    "disruptive_w": "Disruption in the event",
    "valence_b": "Pleasantness, this client’s average event",
}
SHORT_TERMS = {"clo": "Closeness", "con": "Conflict", "dep": "Dependency"}
OUTCOMES = {"surface": "Surface acting", "genuine": "Genuine expression"}
OUTCOME_HELP = {
    "surface": "mean of hiding and faking, 1 to 5",
    "genuine": "showing what was felt, 1 to 5",
}


def number(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """A figure with a real minus sign; a dash when there is none."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("-", "−")


def p_value(p: float) -> str:
    return "< .001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"


def percent(share: float, digits: int = 0) -> str:
    return "–" if not math.isfinite(share) else f"{100 * share:.{digits}f} %"


def count(n: float) -> str:
    return f"{int(n):,}".replace(",", "\u202f")


def safe(text: object) -> str:
    """Text from a bundle or a file name, made harmless for HTML."""
    return escape(str(text), quote=True)
