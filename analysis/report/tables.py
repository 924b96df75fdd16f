"""The report's tables as HTML: real headers, captions, and figures that line up."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.compliance import Compliance
from analysis.effect_sizes import Explained
from analysis.recipes.three_level import ThreeLevelFit
from analysis.report.words import OUTCOME_HELP, OUTCOMES, TERMS, count, number, p_value, percent, safe

_STATES = {
    "answered": "answered in time",
    "expired": "not answered before it closed",
    "missed": "missed by the system",
    "superseded": "re-planned",
    "planned": "still to come",
    "open": "open now",
}


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, extra: Sequence[int] = ()) -> str:
    """A table whose cells are HTML already; columns numbered in `extra` are left out on a phone."""

    def css(j: int) -> str:
        return ' class="extra"' if j in extra else ""

    def cell(j: int, content: str) -> str:
        if j == 0:
            return f'<th scope="row">{content}</th>'
        return content if content.startswith("<td") else f"<td{css(j)}>{content}</td>"

    heads = "".join(f'<th scope="col"{css(j)}>{content}</th>' for j, content in enumerate(head))
    body = "".join(f"<tr>{''.join(cell(j, c) for j, c in enumerate(row))}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{safe(caption)}"><table>'
        f"<caption><span>{safe(caption)}</span></caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def coefficients(
    fit: ThreeLevelFit, truth: dict[str, float], sizes: dict[str, float], adjusted: dict[str, float]
) -> str:
    """All fixed effects of one model; `adjusted` holds Holm's p; with the true effects in a column of their own
    where they are known."""
    head = ["Effect", "Estimate", "SE", "95 % interval", "df", "t", "p", "p, Holm", "Std."]
    rows = []
    for c in fit.coefficients:
        row = [
            f"{safe(TERMS[c.term])} <code>{safe(c.term)}</code>",
            number(c.estimate, sign=True),
            number(c.std_error),
            f"{number(c.ci_low)} to {number(c.ci_high)}",
            f"{c.df:.1f}",
            number(c.statistic),
            safe(p_value(c.p)),
            safe(p_value(adjusted[c.term])) if c.term in adjusted else "–",
            number(sizes[c.term]) if c.term in sizes else "–",
        ]
        if truth:
            row.append(_true(truth.get(c.term), c.ci_low, c.ci_high))
        rows.append(row)
    caption = f"{OUTCOMES[fit.outcome]} ({OUTCOME_HELP[fit.outcome]}), {count(fit.n['event'])} events"
    return table(caption, [*head, "True effect"] if truth else head, rows, extra=(2, 4, 5, 6, 7, 8))


def _true(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "–"
    inside = low <= value <= high
    return (
        f'<td class="true{"" if inside else " miss"}">{number(value, sign=True)}{"" if inside else " (outside)"}</td>'
    )


def variances(fits: dict[str, ThreeLevelFit], shares: dict[str, Explained]) -> str:
    """Variance components, their shares, and what the fixed effects explain per level."""
    levels = (
        ("professional", "Professionals", "professional"),
        ("dyad", "Dyads", "dyad"),
        ("residual", "Events (and error)", "event"),
    )
    rows = []
    for key, name, level in levels:
        row = [name]
        for outcome, fit in fits.items():
            row += [
                number(fit.variances[key], 3),
                percent(fit.icc[key]),
                percent(getattr(shares[outcome], level)),
            ]
        rows.append(row)
    head = ["Between …"]
    for outcome in fits:
        head += [f"{OUTCOMES[outcome]}: variance", "share", "explained"]
    return table("What is left between professionals, dyads and events", head, rows)


def prompt_states(found: Compliance) -> str:
    rows = [
        [
            safe(_STATES.get(str(r.state), str(r.state))) + f" <code>{safe(r.state)}</code>",
            f'<td class="words">{safe(str(r.reason).replace("_", " ")) or "–"}</td>',
            count(float(str(r.size_))),
        ]
        for r in found.states.rename(columns={"size": "size_"}).itertuples()
    ]
    return table("How every prompt ended", ["End state", "Reason", "Prompts"], rows)


def exclusions(left_out: Sequence[tuple[str, int]], analysed: int) -> str:
    rows = [[safe(reason), count(n)] for reason, n in left_out]
    rows.append(["<strong>events analysed</strong>", f"<strong>{count(analysed)}</strong>"])
    return table("What was left out, in this order", ["Left out", "Number"], rows)
