"""Fit a file larger than memory: rows pass through once, only sums per group stay.

Gaussian models with independent residuals and one grouping factor, or one inside another. The first piece
decides the shifts of the columns; levels of label predictors are collected from the file beforehand.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.gaussian.assemble import Assembly, check_columns, check_sizes, criterion_constants
from analysis.gaussian.estimate import estimate_assembled
from analysis.gaussian.mixed import Fit
from analysis.gaussian.moments import Cells, Moments, gather_moments
from analysis.gaussian.nested import nest
from analysis.gaussian.standard import Layout, lay_out, standardise
from analysis.terms.coding import Coding, sorted_levels
from analysis.terms.design import Design, Factor, RandomLevel, build_design
from analysis.terms.expression import columns_of, label_call
from analysis.terms.formula import Formula, parse_formula
from analysis.terms.table import Array, Codes, Labels, like
from analysis.terms.variables import Missing


def fit_parquet(
    formula: str,
    path: str | Path,
    *,
    reml: bool = True,
    weights: str | None = None,
    df: str = "satterthwaite",
    confidence: float = 0.95,
    piece: int = 400_000,
) -> Fit:
    """Fit ``formula`` to a Parquet file, ``piece`` rows in memory at a time.

    The result is a :class:`~analysis.gaussian.mixed.Fit` without rows: coefficients, tests, variance components and
    random effects are there, predictions for the file's own rows are not. Raises ``ValueError`` as ``fit``
    does, and when the grouping factors cross.
    """
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"There is no file {file}.")
    parsed = parse_formula(formula)
    if not 1 <= len({random.group for random in parsed.random}) <= 2:
        raise ValueError("Fitting from a file takes one grouping factor, or one inside another.")
    parquet = pq.ParquetFile(file)
    names = set(parquet.schema_arrow.names)
    coding = _coding(parsed, file, parquet.schema_arrow, names)
    gathered = _Gathered(parsed, coding, weights, _coarsest_first(parsed, file))
    for batch in _pieces(parquet, _needed(parsed, weights, names), piece):
        gathered.add(pa.Table.from_batches([batch]))
    design, assembly = gathered.assembled()
    return Fit(design, estimate_assembled(assembly, reml), df, confidence)


def _pieces(parquet: Any, columns: list[str], piece: int) -> Iterator[Any]:
    yield from parquet.iter_batches(batch_size=piece, columns=columns, use_threads=True)


def _needed(formula: Formula, weights: str | None, names: set[str]) -> list[str]:
    """Columns of the file that the formula mentions."""
    wanted = [formula.response, *formula.offsets, *([weights] if weights else [])]
    wanted += formula.variables
    wanted += [name for one in formula.random for name in one.group]
    found: dict[str, None] = {}
    for expression in wanted:
        call = label_call(expression)
        inside = [call[0]] if call else columns_of(expression)
        found |= dict.fromkeys([expression] if expression in names else inside)
    for name in found:
        if name not in names:
            raise ValueError(f"The term '{name}' names no column of the file.{like(name, sorted(names))}")
    return list(found)


def _coarsest_first(formula: Formula, file: Path) -> list[str]:
    """Names of the grouping factors, fewest groups first."""
    groups = dict.fromkeys(random.group for random in formula.random)
    scan = pl.scan_parquet(file)
    sizes = {":".join(one): scan.select(pl.struct(one).n_unique()).collect().item() for one in groups}
    return sorted(sizes, key=lambda name: int(sizes[name]))


def _coding(formula: Formula, file: Path, schema: Any, names: set[str]) -> Coding:
    levels: dict[str, tuple[object, ...]] = {}
    for expression in formula.variables:
        call = label_call(expression)
        column = call[0] if call else expression
        if column not in names:
            continue
        kind = schema.field(column).type
        numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        if call or not (numeric or pa.types.is_decimal(kind)):
            present = pl.scan_parquet(file).select(pl.col(column).unique()).collect().to_series().drop_nulls()
            levels[expression] = sorted_levels(present.to_list())
    return Coding(levels)


class _Gathered:
    """Sums per group so far. Groups are known by their labels; arrays grow by doubling."""

    def __init__(self, formula: Formula, coding: Coding, weights: str | None, factors: list[str]) -> None:
        self.formula, self.coding, self.weights, self.factors = formula, coding, weights, factors
        self.design: Design | None = None
        self.layout: Layout | None = None
        self.known: list[dict[str, int]] = []
        self.parents = np.empty(0, dtype=np.int64)
        self.cross: dict[int, Array] = {}
        self.gram = np.empty((0, 0))
        self.rows, self.used, self.log_weight = 0, 0, 0.0
        self.lacking: dict[str, int] = {}

    def add(self, piece: Any) -> None:
        """Take in one piece of the file."""
        self.rows += piece.num_rows
        design = build_design(self.formula, piece, weights=self.weights, coding=self.coding, partial=True)
        for name, count in design.missing.by_variable.items():
            self.lacking[name] = self.lacking.get(name, 0) + count
        if design.height == 0:
            return
        levels = {level.factor.name: level for level in design.levels}
        design = replace(design, levels=tuple(levels[name] for name in self.factors))
        layout = lay_out(design)
        if self.layout is None:
            self._begin(design, layout)
        assert self.layout is not None
        layout = replace(layout, shifts=self.layout.shifts)
        inner = design.levels[-1].factor
        cells = Cells.of(inner.codes, inner.size)
        moments = gather_moments(layout.columns, layout.all_varying, cells, layout.shifts, design.weights)
        places = self._places(-1, inner)
        self._link(design, cells, places)
        for index, sums in moments.cross.items():
            self.cross[index] = _grown(self.cross[index], len(self.known[-1]))
            self.cross[index][:, places] += sums
        self.gram += moments.gram
        self.used += moments.height
        self.log_weight += moments.log_weight

    def _begin(self, design: Design, layout: Layout) -> None:
        self.design, self.layout = design, layout
        self.known = [{} for _ in design.levels]
        k = len(layout.columns)
        self.cross = {index: np.zeros((k, 0)) for index in layout.all_varying}
        self.gram = np.zeros((k, k))

    def _places(self, level: int, factor: Factor) -> Codes:
        known = self.known[level]
        return np.array([known.setdefault(label, len(known)) for label in factor.labels()], dtype=np.int64)

    def _link(self, design: Design, cells: Cells, places: Codes) -> None:
        """Remember each dyad's professional; refuse a dyad with two."""
        if len(design.levels) == 1:
            return
        outer = design.levels[0].factor
        here = self._places(0, outer)[outer.codes[cells.some_row]]
        crossing = not np.array_equal(outer.codes[cells.some_row][cells.codes], outer.codes)
        self.parents = _grown(self.parents[None], len(self.known[-1]), -1)[0]
        before = self.parents[places]
        if crossing or bool(np.any((before >= 0) & (before != here))):
            inner = design.levels[-1].factor.name
            raise ValueError(
                f"Some '{inner}' lie in more than one '{outer.name}'; crossed factors are not fitted from a file."
            )
        self.parents[places] = here

    def assembled(self) -> tuple[Design, Assembly]:
        """The problem, and a design without rows that names everything."""
        if self.design is None or self.layout is None:
            raise ValueError("No row of the file is complete.")
        size = len(self.known[-1])
        moments = Moments({i: c[:, :size] for i, c in self.cross.items()}, self.gram, self.used, self.log_weight)
        standard, cross, gram = standardise(self.layout, moments)
        design = self._without_rows()
        check_sizes(design)
        p = self.layout.fixed
        check_columns(design, gram[: p + 1, : p + 1])
        parents = self.parents[:size] if len(self.known) == 2 else None
        layout = self.layout
        problem = nest(cross, gram, p, layout.varying, layout.blocks, parents, self.used, self.log_weight)
        return design, Assembly(problem, standard, *criterion_constants(standard, self.used, p))

    def _without_rows(self) -> Design:
        assert self.design is not None
        levels = []
        for level, known in zip(self.design.levels, self.known, strict=True):
            labels = Labels(np.arange(len(known)), pa.array(list(known)))
            factor = Factor(level.factor.name, np.arange(len(known)), len(known), ((level.factor.name, labels),))
            levels.append(RandomLevel(factor, level.columns, level.blocks))
        missing = Missing(self.rows, self.used, self.lacking, {})
        return replace(
            self.design,
            response=np.empty(0),
            levels=tuple(levels),
            missing=missing,
            offset=None,
            weights=None,
        )


def _grown(values: Any, size: int, fill: float = 0) -> Any:
    """``values`` (k, m) with room for ``size`` columns."""
    if values.shape[1] >= size:
        return values
    grown = np.full((values.shape[0], max(size, 2 * values.shape[1])), fill, dtype=values.dtype)
    grown[:, : values.shape[1]] = values
    return grown
