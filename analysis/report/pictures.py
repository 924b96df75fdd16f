"""The report's pictures as hand-written SVG: they take the page's colours (light, dark, print) and carry a
text alternative. Sizes are view-box units; pictures are drawn about as wide as a phone, so that their words
stay readable."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.recipes.three_level import ThreeLevelFit
from analysis.report.words import OUTCOMES, SHORT_TERMS, number, percent, safe


def _svg(width: float, height: float, title: str, body: list[str], name: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{safe(title)}</title>{"".join(body)}</svg>'
    )


def _text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{safe(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def _tick(value: float, *, sign: bool = False) -> str:
    """One decimal, or two where one would round a quarter away."""
    return number(value, 1 if abs(value * 10 - round(value * 10)) < 1e-6 else 2, sign=sign)


def _bar(x: float, bottom: float, width: float, height: float) -> str:
    return f'<rect x="{x:.1f}" y="{bottom - height:.1f}" width="{width:.1f}" height="{height:.1f}" class="bar"/>'


def _ticks(low: float, high: float, about: int = 5) -> list[float]:
    raw = (high - low) / about
    power = 10 ** np.floor(np.log10(raw))
    step = min((s for s in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s * power - raw)) * power
    first = np.ceil(low / step - 1e-9)
    return [float(round(k * step, 10)) for k in np.arange(first, np.floor(high / step + 1e-9) + 1)]


def forest(fits: dict[str, ThreeLevelFit], truth: dict[str, dict[str, float]], outcome: str) -> str:
    """Six relationship effects on one outcome with their 95 % intervals; open diamonds mark the true effects.
    Both outcomes share one horizontal scale."""
    terms = [f"{short}_{part}" for part in "dp" for short in SHORT_TERMS]
    everything = [v for fit in fits.values() for t in terms for v in (fit[t].ci_low, fit[t].ci_high)]
    everything += [v for effects in truth.values() for v in effects.values()]
    low, high = min(*everything, 0.0), max(*everything, 0.0)
    margin = 0.04 * (high - low)
    left, right, top, row = 96.0, 372.0, 14.0, 29.0

    def x(value: float) -> float:
        return left + (right - left) * (value - low + margin) / (high - low + 2 * margin)

    body, told = [], []
    bottom = top + 7 * row + 14
    for tick in _ticks(low, high):
        body.append(_line(x(tick), top + 10, x(tick), bottom, "zero" if tick == 0 else "grid"))
        body.append(_text(x(tick), bottom + 16, _tick(tick), "small", "middle"))
    y = top
    for part, heading in (("d", "This client against the professional’s others"), ("p", "The professional’s average")):
        body.append(f'<text x="0" y="{y + 4:.1f}" class="group halo">{heading}</text>')
        for short, name in SHORT_TERMS.items():
            y += row
            c = fits[outcome][f"{short}_{part}"]
            sure = "sure" if c.ci_low > 0 or c.ci_high < 0 else "unsure"
            body.append(_text(0, y + 4, name, "label"))
            body.append(_line(x(c.ci_low), y, x(c.ci_high), y, f"interval {sure}"))
            body.append(f'<circle cx="{x(c.estimate):.1f}" cy="{y:.1f}" r="5" class="dot {sure}"/>')
            true = truth.get(outcome, {}).get(c.term)
            if true is not None:
                body.append(f'<path d="M{x(true):.1f} {y - 8:.1f}l6 8l-6 8l-6 -8z" class="truth"/>')
            told.append(
                f"{name} ({'deviation' if part == 'd' else 'average'}) {number(c.estimate)}, "
                f"{number(c.ci_low)} to {number(c.ci_high)}" + (f", true {number(true)}" if true is not None else "")
            )
        y += row
    title = f"{OUTCOMES[outcome]}: estimates and 95 % intervals. {'; '.join(told)}."
    return _svg(380, bottom + 24, title, body, f"forest-{outcome}")


def dyad_lines(
    events: pd.DataFrame, fit: ThreeLevelFit, *, term: str = "dep_d", label: str = "dependency"
) -> tuple[str, str]:
    """(picture, its finding as a sentence): each professional's dyads joined by a line, the deviation of a
    baseline score against the dyad's mean outcome; the fat line is the model."""
    dyads = events.groupby(["professional", "dyad"]).agg(x=(term, "first"), y=(fit.outcome, "mean"), n=(term, "size"))
    dyads = dyads.reset_index().sort_values(["professional", "x"])
    left, right, top, bottom = 44.0, 470.0, 14.0, 308.0
    edge = float(dyads["x"].abs().max()) * 1.08
    low, high = 1.0, min(5.0, float(np.ceil(2 * dyads["y"].max()) / 2))

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * (x + edge) / (2 * edge), bottom - (bottom - top) * (y - low) / (high - low)

    body = []
    for tick in _ticks(low, high, 4):
        body += [_line(left, at(0, tick)[1], right, at(0, tick)[1], "grid"),
                 _text(left - 8, at(0, tick)[1] + 4, _tick(tick), "small", "end")]  # fmt: skip
    for tick in _ticks(-edge, edge, 6):
        body.append(_text(at(tick, 1)[0], bottom + 18, _tick(tick, sign=True), "small", "middle"))
    body.append(_line(*at(0, low), *at(0, high), "zero"))
    up = down = 0
    lines, dots = [], []
    for _, mine in dyads.groupby("professional"):
        xs, ys = mine["x"].to_numpy(dtype=float), mine["y"].to_numpy(dtype=float)
        apart, rising = xs[-1] - xs[0] > 1e-9, ys[-1] > ys[0]
        css = "same" if not apart else "up" if rising else "down"
        up, down = up + int(css == "up"), down + int(css == "down")
        points = [at(a, b) for a, b in zip(xs, ys, strict=True)]
        if apart:
            lines.append(f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}" class="pair {css}"/>')
        for (a, b), n in zip(points, mine["n"], strict=True):
            dots.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{1.4 + 0.7 * np.sqrt(n):.1f}" class="dyad {css}"/>')
    centre, slope = float(dyads["y"].mean()), fit[term].estimate
    reach = float(dyads["x"].abs().max())
    ends = [at(x, float(np.clip(centre + slope * x, low, high))) for x in (-reach, reach)]
    body += lines + dots + [_line(*ends[0], *ends[1], "model")]
    outcome = OUTCOMES[fit.outcome].lower()
    body.append(
        _text(
            (left + right) / 2, bottom + 38, f"{label}: below ← this professional’s mean → above (SD)", "axis", "middle"
        )
    )
    total = up + down
    finding = (
        f"Of {total} professionals whose clients differ in {label}, {up} reported more {outcome} with the client "
        f"they rated highest than with the one they rated lowest."
    )
    title = f"Mean {outcome} per dyad against {label}, dyads of one professional joined. {finding}"
    return _svg(480, bottom + 46, title, body, f"lines-{term}"), finding


def day_picture(by_day: pd.Series) -> str:
    """Compliance per study day as bars; days without prompts leave a gap."""
    width, top, bottom = 480.0, 10.0, 120.0
    last = int(by_day.index.max()) if len(by_day) else 0
    step = (width - 44) / (last + 1)
    body = []
    for share in (0, 0.5, 1):
        y = bottom - (bottom - top) * share
        body += [_line(40, y, width, y, "grid"), _text(34, y + 4, percent(share), "small", "end")]
    for day, share in by_day.items():
        height = (bottom - top) * float(share)
        x = 42 + step * int(str(day))
        body.append(_bar(x, bottom, max(step - 2, 1), height))
    marks = sorted({0, *range(6, last + 1, 7), last}) if last < 70 else [0, last // 2, last]
    marks = [m for m in marks if m == last or last - m > 3]
    body += [_text(42 + step * (m + 0.5), bottom + 17, str(m + 1), "small", "middle") for m in marks]
    body.append(_text(width / 2 + 20, bottom + 36, "day in the study", "axis", "middle"))
    early, late = by_day.iloc[: max(len(by_day) // 3, 1)].mean(), by_day.iloc[-max(len(by_day) // 3, 1) :].mean()
    title = f"Compliance per study day: {percent(early)} in the first third of the days, {percent(late)} in the last."
    return _svg(width, bottom + 44, title, body, "by-day")


def dyad_histogram(by_dyad: pd.Series) -> str:
    """How many dyads answered which share of their prompts, in tenths."""
    counts = np.bincount(np.minimum((by_dyad.to_numpy() * 10 + 1e-9).astype(int), 9), minlength=10)
    width, top, bottom = 480.0, 22.0, 120.0
    step = (width - 60) / 10
    body = [_line(40, bottom, width, bottom, "grid")]
    for i, n in enumerate(counts):
        height = (bottom - top) * n / max(counts.max(), 1)
        x = 42 + step * i
        body.append(_bar(x, bottom, step - 3, height))
        if n:
            body.append(_text(x + step / 2 - 1.5, bottom - height - 5, str(n), "small", "middle"))
    body += [_text(42 + step * i, bottom + 17, f"{10 * i}", "small", "middle") for i in range(0, 11, 2)]
    body.append(_text(width / 2 + 20, bottom + 36, "% of a dyad’s prompts answered", "axis", "middle"))
    low, high = by_dyad.min(), by_dyad.max()
    title = f"Compliance per dyad: median {percent(by_dyad.median())}, from {percent(low)} to {percent(high)}."
    return _svg(width, bottom + 44, title, body, "by-dyad")
