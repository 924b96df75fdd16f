"""``dyade-analysis fit``: one model from a CSV file, a Parquet file or a bundle, as text or JSON."""

import json
from pathlib import Path
from typing import Annotated

import typer


def fit(  # noqa: PLR0913 - one parameter for each option of the command
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with one row per event, or a bundle.")],
    formula: Annotated[str, typer.Option(help="Model in lme4's notation.")],
    family: Annotated[str, typer.Option(help="gaussian, binomial, poisson, ...")] = "gaussian",
    ml: Annotated[bool, typer.Option("--ml", help="Maximum likelihood instead of REML.")] = False,
    df: Annotated[str, typer.Option(help="satterthwaite or kenward-roger.")] = "satterthwaite",
    weights: Annotated[str | None, typer.Option(help="Column of precision weights.")] = None,
    car1: Annotated[str | None, typer.Option(help="Time column and group for CAR(1): hours/dyad.")] = None,
    who: Annotated[str, typer.Option(help="Whom of a bundle to analyse: auto, real, simulated or all.")] = "auto",
    stream: Annotated[bool, typer.Option("--stream", help="Read a Parquet file piece by piece.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit a mixed model and print it."""
    from analysis.fit_file import fit_file

    likelihood = {"reml": False} if ml else {}
    try:
        fitted = fit_file(
            file, formula, who=who, stream=stream, car1=car1, family=family, df=df, weights=weights, **likelihood
        )
        text = json.dumps(fitted.record, indent=2) if as_json else str(fitted.found)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(text)
    for words in fitted.rows.words:
        typer.echo(words, err=True)
