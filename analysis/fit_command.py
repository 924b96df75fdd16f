"""``dyade-analysis fit``: one model from a CSV or Parquet file, as text or JSON."""

import json
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from analysis.fitting import fit as fit_model
from analysis.mixed import Fit
from analysis.record import fit_record, generalised_record
from analysis.residual import CAR1
from analysis.stream import fit_parquet


def fit(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet file with one row per event.")],
    formula: Annotated[str, typer.Option(help="Model in lme4's notation.")],
    family: Annotated[str, typer.Option(help="gaussian, binomial, poisson, ...")] = "gaussian",
    ml: Annotated[bool, typer.Option("--ml", help="Maximum likelihood instead of REML.")] = False,
    df: Annotated[str, typer.Option(help="satterthwaite or kenward-roger.")] = "satterthwaite",
    weights: Annotated[str | None, typer.Option(help="Column of precision weights.")] = None,
    car1: Annotated[str | None, typer.Option(help="Time column and group for CAR(1): hours/dyad.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Read a Parquet file piece by piece.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit a mixed model and print it."""
    try:
        found = _fitted(file, formula, family, not ml, df, weights, car1, stream)
        text = json.dumps(_record(found), indent=2) if as_json else str(found)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(text)


def _fitted(
    file: Path,
    formula: str,
    family: str,
    reml: bool,
    df: str,
    weights: str | None,
    car1: str | None,
    stream: bool,
) -> Any:
    if stream:
        if family != "gaussian" or car1:
            raise ValueError("--stream fits Gaussian models with independent residuals only.")
        return fit_parquet(formula, file, reml=reml, df=df, weights=weights)
    residual = None
    if car1:
        time, _, within = car1.partition("/")
        if not within:
            raise ValueError("--car1 needs a time column and a group, as in --car1 hours/dyad.")
        residual = CAR1(time, tuple(within.split(":")))
    frame = read_frame(file)
    return fit_model(formula, frame, reml, family, weights, residual=residual, df=df)


def read_frame(file: Path) -> pl.DataFrame:
    """A CSV (empty cells and NA are missing) or Parquet file; ``ValueError`` for anything else."""
    if not file.is_file():
        raise ValueError(f"There is no file {file}.")
    if file.suffix.lower() in (".parquet", ".pq"):
        return pl.read_parquet(file)
    if file.suffix.lower() in (".csv", ".tsv", ".txt"):
        separator = "\t" if file.suffix.lower() == ".tsv" else ","
        return pl.read_csv(file, separator=separator, null_values=["", "NA"], infer_schema_length=None)
    raise ValueError(f"{file.name} is neither CSV nor Parquet.")


def _record(found: Any) -> dict[str, Any]:
    return fit_record(found) if isinstance(found, Fit) else generalised_record(found)
