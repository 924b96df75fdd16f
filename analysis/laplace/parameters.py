"""The parameter vector of a Laplace fit: where each part lies, and how it is reported.

Inside, the vector is [professional L, dyad L, beta, shape] with L lower triangular by rows, for columns of
X that are centred and scaled and columns of z that are scaled. Reported values are a linear map of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.laplace.blocks import Floats, Ints
from analysis.laplace.inner import Laplace
from analysis.laplace.state import Loadings


@dataclass(frozen=True)
class Level:
    """The random coefficients of one level: which columns of z they are, and whether they correlate."""

    columns: Ints
    correlated: bool
    given: Ints
    """Place of each coefficient in the caller's order."""

    @property
    def size(self) -> int:
        """Random coefficients a group has."""
        return int(self.columns.size)

    @cached_property
    def places(self) -> tuple[Ints, Ints]:
        """Row and column of each free element of L, row by row."""
        if self.correlated:
            low = np.tril_indices(self.size)
            return low[0].astype(np.intp), low[1].astype(np.intp)
        along = np.arange(self.size, dtype=np.intp)
        return along, along

    def triangle(self, values: Floats) -> Floats:
        """L (q, q) from its free elements."""
        out = np.zeros((self.size, self.size))
        out[self.places] = values
        return out


def pivoted(covariance: Floats) -> Ints:
    """The order in which a Cholesky factorisation would take its largest remaining variance first."""
    left = covariance.copy()
    order: list[int] = []
    for _ in range(left.shape[0]):
        rest = [j for j in range(left.shape[0]) if j not in order]
        best = max(rest, key=lambda j: float(left[j, j]))
        order.append(best)
        if left[best, best] > 0:
            left = left - np.outer(left[best], left[best]) / left[best, best]
    return np.array(order, dtype=np.intp)


def factor(covariance: Floats) -> Floats:
    """Lower triangular L with L L' = covariance, which may be singular."""
    size = covariance.shape[0]
    out = np.zeros((size, size))
    for j in range(size):
        pivot = covariance[j, j] - out[j, :j] @ out[j, :j]
        out[j, j] = np.sqrt(max(pivot, 0.0))
        for i in range(j + 1, size):
            if out[j, j] > 0:
                out[i, j] = (covariance[i, j] - out[i, :j] @ out[j, :j]) / out[j, j]
    return out


@dataclass(frozen=True)
class Layout:
    """Where the parts of the parameter vector lie."""

    professional: Level
    dyad: Level
    fixed: int
    shape: int
    z_columns: int

    @cached_property
    def cuts(self) -> tuple[int, int, int]:
        """Ends of the professional part, the dyad part and beta."""
        first = self.professional.places[0].size
        second = first + self.dyad.places[0].size
        return first, second, second + self.fixed

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.cuts[2] + self.shape

    @cached_property
    def columns_of_l(self) -> list[Ints]:
        """Places of each column of each L."""
        out = []
        for level, low in ((self.professional, 0), (self.dyad, self.cuts[0])):
            column = level.places[1]
            out += [low + np.flatnonzero(column == k) for k in range(level.size)]
        return out

    def loadings(self, par: Floats) -> Loadings:
        """Loadings on the columns of z."""
        first, second, _ = self.cuts
        return Loadings(
            dyad=self._load(self.dyad, par[first:second]),
            professional=self._load(self.professional, par[:first]),
        )

    def reordered(self, par: Floats) -> tuple[Layout, Floats] | None:
        """The same point with each level's largest variances first; None if the order is good already.

        A first variance near zero bends the valley of the deviance in L; taken last, it is an ordinary
        minimum.
        """
        first, second, _ = self.cuts
        levels, parts = [], []
        for level, values in ((self.professional, par[:first]), (self.dyad, par[first:second])):
            triangle = level.triangle(values)
            covariance = triangle @ triangle.T
            order = pivoted(covariance) if level.correlated else np.arange(level.size, dtype=np.intp)
            turned = factor(covariance[np.ix_(order, order)])
            if (np.diag(triangle) ** 2 >= 0.01 * np.diag(turned) ** 2).all():
                levels.append(level)
                parts.append(values)
            else:
                levels.append(replace(level, columns=level.columns[order], given=level.given[order]))
                parts.append(turned[level.places])
        if levels[0] is self.professional and levels[1] is self.dyad:
            return None
        return replace(self, professional=levels[0], dyad=levels[1]), np.concatenate([*parts, par[second:]])

    def _load(self, level: Level, values: Floats) -> Floats:
        out = np.zeros((self.z_columns, level.size))
        out[level.columns] = level.triangle(values)
        return out

    def split(self, par: Floats) -> tuple[Floats, Floats]:
        """Beta and shape."""
        end = self.cuts[2]
        return par[self.cuts[1] : end], par[end:]

    def join(self, loads: Loadings, beta: Floats, shape: Floats) -> Floats:
        """A gradient in the loadings, beta and shape, as a gradient in the vector."""
        parts = [
            loaded[level.columns][level.places]
            for level, loaded in ((self.professional, loads.professional), (self.dyad, loads.dyad))
        ]
        return np.concatenate([*parts, beta, shape])


class Objective:
    """Deviance and gradient of the parameter vector; counts its evaluations."""

    def __init__(self, laplace: Laplace, layout: Layout) -> None:
        self.laplace = laplace
        self.layout = layout
        self.evaluations = 0

    def __call__(self, par: Floats, *, tolerance: float = 1e-14) -> tuple[float, Floats | None]:
        """Deviance, and its gradient where it is finite."""
        self.evaluations += 1
        load = self.layout.loadings(par)
        beta, shape = self.layout.split(par)
        # A step too far overflows; its deviance is then infinite and the search turns back.
        with np.errstate(all="ignore"):
            deviance, mode = self.laplace.deviance(load, beta, shape, tolerance=tolerance)
            if mode is None or not np.isfinite(deviance):
                return np.inf, None
            gradient = self.layout.join(*self.laplace.gradient(load, shape, mode))
        return (deviance, gradient) if np.isfinite(gradient).all() else (np.inf, None)
