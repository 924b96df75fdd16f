"""A model fitted to a file: CSV, Parquet or a bundle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from analysis.bundle import read_bundle
from analysis.fitting import fit
from analysis.gaussian.mixed import Fit
from analysis.recipes.diary_rows import diary_rows
from analysis.record import fit_record, generalised_record
from analysis.residual import CAR1
from analysis.sample import Who, analysed_sample
from analysis.stream import fit_parquet

PARQUET = (".parquet", ".pq")
TEXT = {".csv": ",", ".tsv": "\t", ".txt": ","}


@dataclass(frozen=True)
class FileFit:
    """``found`` the fit; ``rows`` what the file gave."""

    found: Any
    rows: "Rows"

    @property
    def record(self) -> dict[str, Any]:
        """Every number, ready for JSON."""
        made = fit_record(self.found) if isinstance(self.found, Fit) else generalised_record(self.found)
        return made | self.rows.source


def fit_file(
    file: Path, formula: str, *, who: str = "auto", stream: bool = False, car1: str | None = None, **options: Any
) -> FileFit:
    """Fit ``formula`` to ``file``. ``who`` chooses among the people of a bundle; ``stream`` reads a Parquet file
    piece by piece; ``car1`` "hours/dyad" names the time and the group of CAR(1) residuals; ``options`` are those
    of ``fit``. ``ValueError`` in one sentence for what cannot be read or fitted."""
    if not stream:
        rows = read_rows(file, who)
        return FileFit(fit(formula, rows.frame, residual=_residual(car1), **options), rows)
    if options.pop("family", "gaussian") != "gaussian" or car1:
        raise ValueError("--stream fits Gaussian models with independent residuals only.")
    if file.suffix.lower() not in PARQUET:
        raise ValueError("--stream reads Parquet files only.")
    return FileFit(fit_parquet(formula, file, **options), Rows(None))


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
    if kind not in (*PARQUET, *TEXT):
        raise ValueError(f"{file.name} is neither CSV, Parquet nor a bundle.")
    try:
        return Rows(pl.read_parquet(file) if kind in PARQUET else _read_text(file, TEXT[kind]))
    except (pl.exceptions.PolarsError, OSError) as problem:
        reason = str(problem).partition("\n")[0]
        raise ValueError(f"{file.name} cannot be read as its name says: {reason}.") from None


def _read_text(file: Path, separator: str) -> pl.DataFrame:
    return pl.read_csv(file, separator=separator, null_values=["", "NA"], infer_schema_length=None)


def _residual(car1: str | None) -> CAR1 | None:
    if not car1:
        return None
    time, _, within = car1.partition("/")
    if not within:
        raise ValueError("--car1 needs a time column and a group, as in --car1 hours/dyad.")
    return CAR1(time, tuple(within.split(":")))
