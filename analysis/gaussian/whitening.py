"""Residual structures read from the rows, at given parameters: what turns dependent rows into independent
ones.

A whitened row is ``R^(-1/2)`` times the row, R the residual correlation (and relative variance); ``-log|R|``
enters the criterion where the sum of log weights does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from analysis.gaussian.standard import Layout
from analysis.terms.design import Column
from analysis.terms.table import Array, Codes


class Whitening(Protocol):
    """A residual structure at given parameters."""

    def whitened(self, layout: Layout, height: int) -> tuple[Layout, float]:
        """The layout with whitened columns, shifts already taken off, and ``-log|R|``."""


@dataclass(frozen=True)
class BoundCAR1:
    """CAR(1) with its rows in order; ``gaps`` (n,) time since the previous entry of the series, infinite for
    the first. The parameter searched is the log rate of decay over a ``usual`` gap, so that the unit of time
    does not matter; phi, the correlation one unit of time apart, is what is shown."""

    order: Codes
    gaps: Array
    usual: float
    names: tuple[str, ...] = ("phi",)

    @property
    def start(self) -> Array:
        """Unconstrained starting value."""
        return np.array([np.log(-np.log(0.2))])

    def natural(self, point: Array) -> Array:
        """phi from the unconstrained parameter, phi = exp(-exp(x) / usual)."""
        return np.asarray(np.exp(-np.exp(point) / self.usual))

    @cached_property
    def steps(self) -> Array:
        """The gaps in usual gaps."""
        return self.gaps / self.usual

    @cached_property
    def in_order(self) -> bool:
        """Whether the rows already stand by series and time."""
        return bool(np.all(self.order[1:] > self.order[:-1]))

    def in_sorted_rows(self) -> "BoundCAR1":
        """The same structure once the rows themselves are sorted."""
        return BoundCAR1(np.arange(self.order.size), self.gaps, self.usual)

    def sorted(self, column: Array) -> Array:
        """A column (n,) by series and time."""
        return column if self.in_order else column[self.order]

    def unsorted(self, column: Array) -> Array:
        """The reverse of :meth:`sorted`."""
        if self.in_order:
            return column
        result = np.empty_like(column)
        result[self.order] = column
        return result

    def at(self, point: Array) -> "_CAR1At":
        """Whitening at an unconstrained point."""
        return _CAR1At(self, float(np.exp(point[0])))


@dataclass(frozen=True)
class _CAR1At:
    bound: BoundCAR1
    rate: float

    def _carry_and_left(self) -> tuple[Array, Array]:
        """The correlation with the previous entry (n,), and the SD that is left given it."""
        with np.errstate(under="ignore"):
            decay = np.maximum(self.rate, 1e-300) * self.bound.steps
            return np.exp(-decay), np.sqrt(-np.expm1(-2 * decay))

    def whitened(self, layout: Layout, height: int) -> tuple[Layout, float]:
        """See :class:`Whitening`."""
        carry, left = self._carry_and_left()
        scale = 1.0 / left

        def white(column: Array) -> Array:
            row = self.bound.sorted(column)
            turned = row.copy()
            turned[1:] -= carry[1:] * row[:-1]
            turned *= scale
            return self.bound.unsorted(turned)

        return _replaced(layout, height, white), 2 * float(np.log(scale).sum())

    def factor(self, noise: Array) -> Array:
        """Residuals with the structure from independent ones (n,)."""
        carry, left = self._carry_and_left()
        row = self.bound.sorted(noise) * left
        for at in range(1, row.size):
            row[at] += carry[at] * row[at - 1]
        return self.bound.unsorted(row)


@dataclass(frozen=True)
class BoundStrata:
    """Strata read: ``codes`` (n,) and label ``names``; parameters are SD ratios to the first label."""

    codes: Codes
    labels: tuple[str, ...]
    order: None = None

    @property
    def names(self) -> tuple[str, ...]:
        """One ratio per label after the first."""
        return tuple(f"sd({label})/sd({self.labels[0]})" for label in self.labels[1:])

    @property
    def start(self) -> Array:
        """Equal variances."""
        return np.zeros(len(self.labels) - 1)

    def natural(self, point: Array) -> Array:
        """Ratios from their logarithms."""
        return np.exp(point)

    def at(self, point: Array) -> "_Scaled":
        """Whitening at an unconstrained point."""
        return _Scaled(np.concatenate(([1.0], np.exp(point)))[self.codes])


@dataclass(frozen=True)
class _Scaled:
    sd: Array

    def whitened(self, layout: Layout, height: int) -> tuple[Layout, float]:
        """See :class:`Whitening`."""
        return _replaced(layout, height, lambda column: column / self.sd), -2 * float(np.log(self.sd).sum())

    def factor(self, noise: Array) -> Array:
        """Residuals with the structure from independent ones (n,)."""
        return noise * self.sd


@dataclass(frozen=True)
class BoundPairs:
    """Pairs read: ``first`` and ``second`` rows of complete pairs; parameters are the SD ratio and the
    correlation."""

    codes: Codes
    labels: tuple[str, ...]
    first: Codes
    second: Codes
    order: None = None

    @property
    def names(self) -> tuple[str, ...]:
        """SD ratio and correlation."""
        a, b = self.labels
        return (f"sd({b})/sd({a})", f"cor({a},{b})")

    @property
    def start(self) -> Array:
        """Equal variances, no correlation."""
        return np.zeros(2)

    def natural(self, point: Array) -> Array:
        """Ratio and correlation from log and atanh."""
        return np.array([np.exp(point[0]), np.tanh(point[1])])

    def at(self, point: Array) -> "_PairsAt":
        """Whitening at an unconstrained point."""
        ratio, correlation = self.natural(point)
        return _PairsAt(self, np.array([1.0, ratio])[self.codes], float(correlation))


@dataclass(frozen=True)
class _PairsAt:
    bound: BoundPairs
    sd: Array
    correlation: float

    def whitened(self, layout: Layout, height: int) -> tuple[Layout, float]:
        """See :class:`Whitening`."""
        left = np.sqrt((1 - self.correlation) * (1 + self.correlation))

        def white(column: Array) -> Array:
            row = column / self.sd
            result = row.copy()
            result[self.bound.second] = (row[self.bound.second] - self.correlation * row[self.bound.first]) / left
            return result

        log_det = 2 * float(np.log(self.sd).sum()) + 2 * self.bound.second.size * float(np.log(left))
        return _replaced(layout, height, white), -log_det

    def factor(self, noise: Array) -> Array:
        """Residuals with the structure from independent ones (n,)."""
        left = np.sqrt((1 - self.correlation) * (1 + self.correlation))
        result = noise.copy()
        result[self.bound.second] = left * noise[self.bound.second] + self.correlation * noise[self.bound.first]
        return result * self.sd


def _replaced(layout: Layout, height: int, white: Callable[[Array], Array]) -> Layout:
    columns = []
    for column, shift in zip(layout.columns, layout.shifts, strict=True):
        columns.append(Column(column.name, (white(column.values(height) - shift),)))
    return Layout(tuple(columns), layout.fixed, layout.varying, layout.blocks, layout.shifts, layout.ones)
