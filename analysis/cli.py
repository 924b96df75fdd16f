"""The command line of the analysis: `dyade-analysis simulate | describe | fit | recipe | report`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer

# Threads make the small matrices of these models slower, up to six times. numpy reads this once, when it is first
# imported, so it stands above the imports that bring numpy in; what the user has set is kept.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

from analysis.bundle import read_bundle  # noqa: E402
from analysis.bundle_format import TABLES  # noqa: E402
from analysis.fit_command import fit  # noqa: E402
from analysis.sample import Who, analysed_sample  # noqa: E402

if TYPE_CHECKING:
    from analysis.recipes.relationship_labour import RelationshipLabour

app = typer.Typer(
    help="Simulate, describe and analyse bundles of diary data.", no_args_is_help=True, add_completion=False
)
recipes = typer.Typer(help="Run a named analysis on a bundle.", no_args_is_help=True)
app.add_typer(recipes, name="recipe")
app.command()(fit)

BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="a bundle: the zip from `dyade export`")]
Whom = Annotated[str, typer.Option("--who", help="whom to analyse: auto, real, simulated or all")]


@app.command()
def simulate(
    output: Annotated[Path, typer.Option("-o", "--output", help="the bundle to write")],
    professionals: Annotated[int, typer.Option(help="how many professionals")] = 37,
    dyads: Annotated[int, typer.Option(help="dyads per professional")] = 2,
    days: Annotated[int, typer.Option(help="school days, one prompt per dyad and day")] = 30,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bundle")] = 1,
    effect: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, 0 switches an effect off; repeatable")] = None,
    study: Annotated[Path | None, typer.Option(help="protocol file (default: the teacher diary)")] = None,
) -> None:
    """Write a bundle of a simulated cohort whose true effects are known. Everyone in it is marked as
    simulated."""
    from analysis.simulate import simulate_cohort
    from analysis.simulate.as_bundle import STUDY, write_simulated_bundle

    with _plain_errors():
        cohort = simulate_cohort(
            professionals=professionals,
            dyads_per_professional=dyads,
            days=days,
            seed=seed,
            effects=_effects(effect or []),
        )
        write_simulated_bundle(output, cohort, study=study or STUDY)
    size = f"{professionals} simulated professionals, {len(cohort.dyads)} dyads, {days} days"
    typer.echo(f"{output}: {size}, seed {seed}.")


@app.command()
def describe(bundle: BundlePath) -> None:
    """Say what a bundle holds: study, tables, who is real, compliance, events per dyad."""
    from analysis.compliance import compliance

    with _plain_errors():
        read = read_bundle(bundle)
        sample = analysed_sample(read, who="all")
    about = read.about
    typer.echo(f"{read.title} ({about.get('study')}), made {about.get('made_at')}")
    typer.echo(f"{sample.real} real and {sample.simulated} simulated professionals")
    for name in TABLES:
        typer.echo(f"  {name:<14} {len(read[name]):>8} rows")
    found = compliance(read["prompts"])
    if found.counted:
        typer.echo(f"Compliance {100 * found.overall:.1f} % of {found.counted} answered or expired prompts")
    if len(read["entries"]):
        per_dyad = read["entries"].groupby("dyad").size()
        spread = f"mean {per_dyad.mean():.1f}, fewest {per_dyad.min()}, most {per_dyad.max()}"
        typer.echo(f"Entries per dyad: {spread}")


@recipes.command("relationship-labour")
def relationship_labour_command(
    bundle: BundlePath,
    who: Whom = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
) -> None:
    """Closeness, conflict and dependency on surface acting and genuine expression (de Ruiter et al. 2021)."""
    from analysis.recipes.relationship_labour import relationship_labour

    with _plain_errors():
        read = read_bundle(bundle)
        result = relationship_labour(read, who=cast(Who, who))
    document = {
        "bundle_sha256": read.sha256,
        "sample": {
            "real": result.sample.real,
            "simulated": result.sample.simulated,
            "left_out": result.sample.left_out,
        },
        "filter": asdict(result.filter),
        "exclusions": [{"reason": reason, "n": n} for reason, n in result.exclusions],
        "events_per_dyad": result.events_per_dyad,
        "warnings": list(result.warnings),
        "multiplicity": result.multiplicity,
        "fits": {outcome: asdict(fit) for outcome, fit in result.fits.items()},
        "p_holm": result.adjusted,
        "truth": result.truth,
        "seed": (read.simulation or {}).get("seed"),
    }
    if as_json:
        typer.echo(json.dumps(document, indent=1))
        return
    _print_recipe(result)


def _print_recipe(result: RelationshipLabour) -> None:
    """What is wrong first, then who was analysed and the models."""
    for words in (*result.warnings, result.sample.words):
        typer.echo(words)
    for outcome, model in result.fits.items():
        n, truth, adjusted = model.n, result.truth.get(outcome, {}), result.adjusted[outcome]
        typer.echo(f"\n{model.formula}")
        typer.echo(f"{n['event']} events, {n['dyad']} dyads, {n['professional']} professionals")
        typer.echo(f"df: {model.df_method}")
        for c in model.coefficients:
            holm = f"  Holm {adjusted[c.term]:.3f}" if c.term in adjusted else ""
            told = f"  true {truth[c.term]:.3f}" if c.term in truth else ""
            numbers = f"{c.estimate:>7.3f}  SE {c.std_error:.3f}  [{c.ci_low:>6.3f}, {c.ci_high:>6.3f}]"
            typer.echo(f"  {c.term:<13} {numbers}  df {c.df:>5.1f}  p {c.p:.3f}{holm}{told}")
        typer.echo("  variances: " + ", ".join(f"{level} {value:.3f}" for level, value in model.variances.items()))
        ended = "converged" if model.converged else "not converged"
        typer.echo(f"  {ended}: {model.ended}; singular: {', '.join(model.singular) or 'no'}")
    typer.echo(f"\n{result.multiplicity}")


@app.command()
def report(
    bundle: BundlePath,
    output: Annotated[Path, typer.Option("-o", "--output", help="the HTML page to write")],
    who: Whom = "auto",
) -> None:
    """Write one self-contained HTML page: who answered, what the model says, and where the numbers come
    from."""
    from analysis.report import relationship_labour_page

    with _plain_errors():
        page = relationship_labour_page(read_bundle(bundle), who=cast(Who, who))
        output.write_text(page, encoding="utf-8")
    typer.echo(f"{output} written.")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """A refusal is one sentence on stderr and exit code 2, never a traceback."""
    try:
        yield
    except ValueError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}. Choose another place.")


def _refuse(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(2)


def _effects(given: list[str]) -> dict[str, float]:
    chosen = {}
    for pair in given:
        name, _, value = pair.partition("=")
        try:
            chosen[name.strip()] = float(value)
        except ValueError:
            raise ValueError(
                f"--effect takes NAME=VALUE with a number, such as dependency_surface=0; not {pair}."
            ) from None
    return chosen


if __name__ == "__main__":
    app()
