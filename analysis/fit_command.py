"""``dyade-analysis fit``: one model from a CSV file, a Parquet file or a bundle, as text or JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

import polars as pl
import typer

from analysis.bundle import read_bundle
from analysis.fitting import fit as fit_model
from analysis.gaussian.mixed import Fit
from analysis.recipes.diary_rows import diary_rows
from analysis.record import fit_record, generalised_record
from analysis.residual import CAR1
from analysis.sample import Who, analysed_sample
from analysis.stream import fit_parquet


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
    try:
        if stream:
            if family != "gaussian" or car1:
                raise ValueError("--stream fits Gaussian models with independent residuals only.")
            rows = Rows(None)
            found: Any = fit_parquet(formula, file, reml=not ml, df=df, weights=weights)
        else:
            rows = read_rows(file, who)
            found = fit_model(formula, rows.frame, not ml, family, weights, residual=_residual(car1), df=df)
        text = json.dumps(_record(found) | rows.source, indent=2) if as_json else str(found)
    except ValueError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None
    typer.echo(text)
    for words in rows.words:
        typer.echo(words, err=True)


@dataclass(frozen=True)
class Rows:
    """What a file gives: ``frame``; ``words`` a reader must know of it; ``source`` the same for JSON."""

    frame: Any
    words: tuple[str, ...] = ()

    @property
    def source(self) -> dict[str, Any]:
        """Nothing for a plain file."""
        return {"sample": self.words[0], "columns_absent": list(self.words[1:])} if self.words else {}


def read_rows(file: Path, who: str = "auto") -> Rows:
    """A CSV (empty cells and NA are missing) or Parquet file, or the diary rows of a bundle; ``ValueError`` for
    anything else."""
    kind = file.suffix.lower()
    if not file.is_file():
        raise ValueError(f"There is no file {file}.")
    if kind == ".zip":
        bundle = read_bundle(file)
        sample = analysed_sample(bundle, who=cast(Who, who))
        frame, absent = diary_rows(bundle, sample)
        return Rows(frame, (sample.words, *absent))
    if who != "auto":
        raise ValueError("--who chooses among the people of a bundle; this file is none.")
    if kind in (".parquet", ".pq"):
        return Rows(pl.read_parquet(file))
    if kind in (".csv", ".tsv", ".txt"):
        separator = "\t" if kind == ".tsv" else ","
        return Rows(pl.read_csv(file, separator=separator, null_values=["", "NA"], infer_schema_length=None))
    raise ValueError(f"{file.name} is neither CSV, Parquet nor a bundle.")


def _residual(car1: str | None) -> CAR1 | None:
    if not car1:
        return None
    time, _, within = car1.partition("/")
    if not within:
        raise ValueError("--car1 needs a time column and a group, as in --car1 hours/dyad.")
    return CAR1(time, tuple(within.split(":")))


def _record(found: Any) -> dict[str, Any]:
    return fit_record(found) if isinstance(found, Fit) else generalised_record(found)
