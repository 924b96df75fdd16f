"""Columns shifted and scaled before anything is summed, and the way back.

Fits are the same on any scale in theory and not in floating point: a year as predictor (2024, 2025) or a
slope in thousandths would lose digits. Every column is divided by its root mean square, and columns far from
zero are centred where an intercept can take up the difference (in the fixed part, and in every random block
they vary in).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.gaussian.moments import Moments
from analysis.terms.design import Column, Design
from analysis.terms.table import Array

FAR_FROM_ZERO = 5.0
"""Columns whose mean is more standard deviations from zero than this are centred."""


@dataclass(frozen=True)
class Layout:
    """Which columns there are: ``columns`` (fixed ones, the outcome, then those that only vary), ``fixed`` =
    p, ``varying`` per level the indices of its columns, ``blocks`` per level its sets of correlated
    positions, the ``shifts`` taken off each column, and ``ones`` the index of the column of ones (-1 when
    there is none)."""

    columns: tuple[Column, ...]
    fixed: int
    varying: tuple[tuple[int, ...], ...]
    blocks: tuple[tuple[tuple[int, ...], ...], ...]
    shifts: Array
    ones: int

    @property
    def all_varying(self) -> list[int]:
        """Indices of columns that vary over some grouping factor."""
        return sorted({index for level in self.varying for index in level})

    @property
    def intercept(self) -> int | None:
        """Index of the intercept among the fixed columns."""
        return self.ones if 0 <= self.ones < self.fixed else None


@dataclass(frozen=True)
class Standard:
    """The way back from standard to raw units: ``scales`` (k,) of all columns, ``fixed`` (p, p) with
    ``raw = outcome_scale * fixed @ standard`` (plus ``outcome_shift`` on the intercept), and ``random`` per
    level (q, q) with ``raw effects = outcome_scale * random @ standard effects``."""

    scales: Array
    fixed: Array
    random: tuple[Array, ...]
    outcome_scale: float
    outcome_shift: float
    intercept: int | None

    def coefficients(self, standard: Array) -> Array:
        """Fixed effects in raw units, shape (p,)."""
        raw = self.outcome_scale * (self.fixed @ standard)
        if self.intercept is not None:
            raw[self.intercept] += self.outcome_shift
        return raw

    def raw_psi(self, psis: Sequence[Array]) -> list[Array]:
        """Relative covariances (in units of the residual variance) on the raw columns."""
        return [back @ psi @ back.T for back, psi in zip(self.random, psis, strict=True)]

    def standard_psi(self, psis: Sequence[Array]) -> list[Array]:
        """The reverse of :meth:`raw_psi`."""
        forth = [np.linalg.inv(back) for back in self.random]
        return [there @ psi @ there.T for there, psi in zip(forth, psis, strict=True)]


def lay_out(design: Design) -> Layout:
    """Decide the columns of a fit and their shifts."""
    outcome = design.response if design.offset is None else design.response - design.offset
    columns = [*design.columns, Column("", (outcome,))]
    place = {_key(column): index for index, column in enumerate(design.columns)}
    varying = []
    for level in design.levels:
        for column in level.columns:
            if _key(column) not in place:
                place[_key(column)] = len(columns)
                columns.append(column)
        varying.append(tuple(place[_key(column)] for column in level.columns))
    blocks = tuple(level.blocks for level in design.levels)
    fixed = len(design.columns)
    shifts = _shifts(columns, fixed, varying, blocks)
    return Layout(tuple(columns), fixed, tuple(varying), blocks, shifts, place.get((), -1))


def _key(column: Column) -> tuple[int, ...]:
    return tuple(sorted(id(part) for part in column.parts))


def _intercept(columns: Sequence[Column]) -> int | None:
    return next((index for index, column in enumerate(columns) if not column.parts), None)


def _shifts(
    columns: Sequence[Column],
    fixed: int,
    varying: Sequence[tuple[int, ...]],
    blocks: Sequence[tuple[tuple[int, ...], ...]],
) -> Array:
    shifts = np.zeros(len(columns))
    if _intercept(columns[:fixed]) is None:
        return shifts
    bound = set(range(fixed + 1, len(columns)))
    for level, level_blocks in zip(varying, blocks, strict=True):
        for block in level_blocks:
            members = [level[position] for position in block]
            if _intercept([columns[member] for member in members]) is None:
                bound.update(members)
    for index, column in enumerate(columns):
        if index in bound or not column.parts:
            continue
        stride = max(1, column.parts[0].size // 5000)
        sample = np.prod([part[::stride] for part in column.parts], axis=0)
        mean = float(sample.mean())
        if abs(mean) > FAR_FROM_ZERO * float(sample.std()):
            shifts[index] = mean
    return shifts


def standardise(layout: Layout, moments: Moments) -> tuple[Standard, dict[int, Array], Array]:
    """The way back, the per-cell sums (k, cells) of the varying columns and the Gram matrix, all in standard
    units."""
    scales = np.sqrt(np.diag(moments.gram) / moments.height)
    scales[scales == 0] = 1.0
    cross = {i: total / (scales[i] * scales[:, None]) for i, total in moments.cross.items()}
    gram = moments.gram / np.outer(scales, scales)
    fixed = _forth(layout, scales, range(layout.fixed), layout.intercept)
    random = []
    for level, blocks in zip(layout.varying, layout.blocks, strict=True):
        forth = np.zeros((len(level), len(level)))
        for block in blocks:
            members = [level[position] for position in block]
            one = members.index(layout.ones) if layout.ones in members else None
            forth[np.ix_(block, block)] = _forth(layout, scales, members, one)
        random.append(_inverse(forth))
    standard = Standard(
        scales,
        _inverse(fixed) if layout.fixed else fixed,
        tuple(random),
        float(scales[layout.fixed]),
        float(layout.shifts[layout.fixed]),
        layout.intercept,
    )
    return standard, cross, gram


def _inverse(square: Array) -> Array:
    return np.asarray(np.linalg.inv(square), dtype=np.float64)


def _forth(layout: Layout, scales: Array, members: Sequence[int], one: int | None) -> Array:
    """Matrix from raw to standard effects of ``members``; ``one`` is the intercept's position among them."""
    forth = np.diag(scales[list(members)]) if len(members) else np.zeros((0, 0))
    if one is not None:
        for position, member in enumerate(members):
            if position != one:
                forth[one, position] = layout.shifts[member] * scales[members[one]]
    return forth
