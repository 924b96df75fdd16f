"""The report on relationships and emotional labour: one HTML page that needs nothing else."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analysis.bundle import Bundle
from analysis.compliance import Compliance, compliance
from analysis.effect_sizes import explained, standardised
from analysis.recipes.relationship_labour import FEW_EVENTS, RelationshipLabour, relationship_labour
from analysis.recipes.three_level import DF_METHOD, ThreeLevelFit
from analysis.report import pictures, tables
from analysis.report.words import OUTCOMES, SHORT_TERMS, count, number, percent, safe
from analysis.sample import Who


def relationship_labour_page(bundle: Bundle, *, who: Who = "auto") -> str:
    """The whole page as text. Raises ValueError in one plain sentence when the recipe cannot be run on the
    bundle.

    The same bundle gives the same page: nothing in it depends on the clock."""
    result = relationship_labour(bundle, who=who)
    prompts = bundle["prompts"]
    found = compliance(prompts[prompts["professional"].isin(result.sample.professionals)])
    title = safe(bundle.title)
    parts = [
        f'<p class="sub">Dyade report · data of {safe(str(bundle.about.get("made_at", ""))[:10])}</p><h1>{title}</h1>',
        "<p>How the relationship with one client goes together with hiding, faking and showing feelings.</p>",
        _mark(result),
        _facts(bundle, result, found),
        _warnings(result),
        _findings(result),
        _forests(result),
        _lines(result),
        _numbers(result),
        _who(result, found),
        _methods(result),
        _source(bundle, result),
    ]
    style = (Path(__file__).parent / "style.css").read_text()
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}: report</title><style>{style}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _mark(result: RelationshipLabour) -> str:
    sample = result.sample
    if sample.any_simulated:
        word = "Simulated data" if sample.all_simulated else "Partly simulated data"
        return f'<div class="loud" role="note"><strong>{word}</strong><p>{safe(sample.words)}</p></div>'
    return f'<p class="note">{safe(sample.words)}</p>'


def _facts(bundle: Bundle, result: RelationshipLabour, found: Compliance) -> str:
    n = next(iter(result.fits.values())).n
    sample, per = result.sample, result.events_per_dyad
    entries = bundle["entries"]["professional"].isin(sample.professionals).sum()
    cards = (
        ("Professionals analysed", count(n["professional"]),
         f"in the bundle: {count(sample.real)} real, {count(sample.simulated)} simulated"),
        ("Dyads", count(n["dyad"]), "one professional with one client"),
        ("Events analysed", count(n["event"]), f"with a negative emotion, of {count(entries)} entries"),
        ("Events per dyad", number(per["mean"], 1), f"median {per['median']:.0f}, fewest {per['smallest']:.0f}"),
        ("Compliance", percent(found.overall), f"of {count(found.counted)} prompts that could be answered"),
    )  # fmt: skip
    return '<dl class="facts">' + "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{safe(note)}</small></dd></div>" for name, value, note in cards
    ) + "</dl>"  # fmt: skip


def _warnings(result: RelationshipLabour) -> str:
    if not result.warnings:
        return ""
    items = "".join(f"<li>{safe(words)}</li>" for words in result.warnings)
    return f'<div class="warn" role="note"><strong>Read with care</strong><ul>{items}</ul></div>'


def _findings(result: RelationshipLabour) -> str:
    """The dyad-level effects whose interval leaves out zero, in sentences; or that there is none."""
    sentences, unsure = [], []
    for outcome, fit in result.fits.items():
        for short, name in SHORT_TERMS.items():
            c = fit[f"{short}_d"]
            if c.ci_low <= 0 <= c.ci_high:
                unsure.append(f"{name.lower()} and {OUTCOMES[outcome].lower()}")
                continue
            way = "more" if c.estimate > 0 else "less"
            sentences.append(
                f"With a client who stands out in <strong>{name.lower()}</strong>, professionals reported {way} "
                f"<strong>{OUTCOMES[outcome].lower()}</strong>: {number(c.estimate, sign=True)} scale points per SD "
                f"(95&nbsp;% interval {number(c.ci_low)} to {number(c.ci_high)})."
            )
    if not sentences:
        sentences = ["No effect of a client’s own relationship could be told from zero."]
    rest = f"<p class='note'>Not told from zero: {'; '.join(unsure)}.</p>" if unsure else ""
    return f'<h2>What the model says</h2><ul class="finding">{"".join(f"<li>{s}</li>" for s in sentences)}</ul>{rest}'


def _forests(result: RelationshipLabour) -> str:
    key = (
        '<span class="key"><svg viewBox="0 0 26 16" aria-hidden="true"><path d="M1 8h24" class="interval sure"/>'
        '<circle cx="13" cy="8" r="4" class="dot sure"/></svg>interval leaves out zero</span>'
        '<span class="key"><svg viewBox="0 0 26 16" aria-hidden="true"><path d="M1 8h24" class="interval unsure"/>'
        '<circle cx="13" cy="8" r="4" class="dot unsure"/></svg>interval holds zero</span>'
    )
    if result.truth:
        key += (
            '<span class="key"><svg viewBox="0 0 26 16" aria-hidden="true"><path d="M13 1l6 7l-6 7l-6 -7z" '
            'class="truth"/></svg>the effect simulated data were made with</span>'
        )
    drawn = "".join(
        f"<figure><h3>{OUTCOMES[outcome]}</h3>{pictures.forest(result.fits, result.truth, outcome)}</figure>"
        for outcome in result.fits
    )
    note = "Scale points per SD of the baseline score, with 95&nbsp;% intervals."
    return f'<div class="pair-of">{drawn}</div><p class="note">{note}<br>{key}</p>'


def _lines(result: RelationshipLabour) -> str:
    svg, finding = pictures.dyad_lines(result.events, result.fits["surface"])
    return (
        "<h2>The data behind the dependency effect</h2>"
        f"<p>{safe(finding)}</p>"
        f'<figure class="wide"><h3>Mean surface acting per dyad (1 to 5)</h3>{svg}<figcaption>Each thin line joins the '
        "dyads of one professional (solid: rises, dashed: falls); a larger dot rests on more events. The thick line is "
        "the model’s effect of the deviation. Raw means, nothing held constant.</figcaption></figure>"
    )


def _numbers(result: RelationshipLabour) -> str:
    parts = ["<h2>All coefficients</h2>"]
    for outcome, fit in result.fits.items():
        sizes = standardised(fit, result.events)
        parts.append(tables.coefficients(fit, result.truth.get(outcome, {}), sizes, result.adjusted[outcome]))
    parts.append(_held(result))
    parts.append(
        '<p class="note">Std.: SDs of the outcome per SD of the term at its own level (within dyads for events). '
        f"{safe(result.multiplicity)}</p>"
    )
    shares = {outcome: explained(fit, result.events) for outcome, fit in result.fits.items()}
    parts.append("<h3>Where the differences lie</h3>" + tables.variances(result.fits, shares))
    r2 = "; ".join(
        f"{OUTCOMES[o].lower()} {number(s.marginal)} marginal, {number(s.conditional)} conditional"
        for o, s in shares.items()
    )
    parts.append(
        '<p class="note">Share: intra-class correlation after the fixed effects. Explained: by the fixed effects, '
        f"of the variance at that level. R² overall: {r2}.</p>"
    )
    return "".join(parts)


def _held(result: RelationshipLabour) -> str:
    """How many intervals hold the true effect; that the truth is of the simulated part, where people are mixed."""
    if not result.truth:
        return ""
    if not result.sample.all_simulated:
        words = "The true effects are those of the simulated professionals; nobody knows those of the real ones."
        return f'<p class="note">{words}</p>'
    pairs = [(result.fits[o][term], value) for o, effects in result.truth.items() for term, value in effects.items()]
    held = sum(c.ci_low <= value <= c.ci_high for c, value in pairs)
    return (
        f'<p class="note">{held} of {len(pairs)} intervals hold the effect the data were made with; in the long run '
        "95&nbsp;% do.</p>"
    )


def _who(result: RelationshipLabour, found: Compliance) -> str:
    analysed = next(iter(result.fits.values())).n["event"]
    drawn = ""
    if found.counted:
        drawn = (
            '<div class="pair-of">'
            f"<figure><h3>Compliance per study day</h3>{pictures.day_picture(found.by_day)}</figure>"
            f"<figure><h3>Dyads by compliance</h3>{pictures.dyad_histogram(found.by_dyad)}</figure></div>"
        )
    return (
        "<h2>Who answered, and what was left out</h2>"
        f"<p>{percent(found.overall)} of {count(found.counted)} prompts were answered. Compliance counts answered and "
        "expired prompts; those missed by the system, re-planned or not yet ended are outside it.</p>"
        f"{drawn}{tables.prompt_states(found)}"
        f"<p>Inclusion filter <code>{result.filter.name}</code>, version {result.filter.version}: "
        f"{result.filter.words}.</p>"
        f"{tables.exclusions(result.exclusions, analysed)}"
    )


def _methods(result: RelationshipLabour) -> str:
    n = next(iter(result.fits.values())).n
    few = f" A dyad with fewer than {FEW_EVENTS} events has an unreliable mean." if result.warnings else ""
    formulas = "".join(f"<p><code>{safe(fit.formula)}</code></p>" for fit in result.fits.values())
    done = "; ".join(f"{OUTCOMES[o].lower()}: {_ended(f)}" for o, f in result.fits.items())
    return (
        "<h2>How this was done</h2>"
        f"<p>Events ({count(n['event'])}) are nested in dyads ({n['dyad']}) and professionals ({n['professional']}). "
        "Linear mixed models with random intercepts for professionals and dyads were fitted by restricted maximum "
        f"likelihood to {result.filter.words}, after de Ruiter and colleagues (2021, doi 10.1016/j.tate.2021.103467). "
        "Closeness, conflict and dependency were z-scored over dyads and split into the professional’s "
        "mean (<code>_p</code>) and the dyad’s deviation from it (<code>_d</code>). Valence and disruption were "
        "centred at the dyad’s mean (<code>_w</code>); <code>valence_b</code> is the dyad’s mean minus the mean of the "
        "professional’s dyad means, so that dyads with many events do not dominate." + few + "</p>"
        f"<p>Degrees of freedom are {safe(DF_METHOD)}; intervals are 95&nbsp;% t intervals. Standard errors come from "
        f"the estimated variances. Converged: {done}.</p>{formulas}"
    )


def _ended(fit: ThreeLevelFit) -> str:
    singular = f", singular in {', '.join(fit.singular)}" if fit.singular else ""
    return safe(f"{'yes' if fit.converged else 'no'} ({fit.ended}{singular})")


def _source(bundle: Bundle, result: RelationshipLabour) -> str:
    about, simulation, sample = bundle.about, bundle.simulation or {}, result.sample
    protocols = ", ".join(map(str, about.get("protocol_versions", [])))
    versions = ", ".join(f"{name} {_version(name)}" for name in ("dyade", "statsmodels", "pandas", "numpy", "scipy"))
    rows = [
        ("Study", f"{about.get('study', '–')}, protocol version {protocols}"),
        ("Bundle made", str(about.get("made_at", "–"))),
        ("Bundle SHA-256", bundle.sha256),
        ("Written by", f"dyade {about.get('dyade_version', '–')}"),
        ("Analysed with", f"{versions}, Python {platform.python_version()}"),
        ("Professionals", f"{sample.real} real, {sample.simulated} simulated, {sample.left_out} left out"),
    ]  # fmt: skip
    if simulation and result.sample.any_simulated:
        rows.append(("Simulation seed", str(simulation.get("seed", "–"))))
    else:
        rows.append(("Seed", "none: nothing here is random"))
    body = "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in rows)
    return f'<h2>Where the numbers come from</h2><dl class="source">{body}</dl>{_parameters(bundle, result)}'


def _parameters(bundle: Bundle, result: RelationshipLabour) -> str:
    """The simulator's records behind a fold, so that every made-up number can be seen for what it is."""
    records = (bundle.simulation or {}).get("parameters", [])
    if not result.sample.any_simulated or not records:
        return ""
    rows = [
        [
            f"<code>{safe(r['name'])}</code>",
            safe(", ".join(map(str, r["value"])) if isinstance(r["value"], list) else r["value"]),
            safe(r["basis"]),
        ]
        for r in records
    ]
    listed = tables.table("Parameters of the simulation", ["Parameter", "Value", "Basis"], rows)
    return f"<details><summary>The numbers the data were made with ({len(rows)})</summary>{listed}</details>"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
