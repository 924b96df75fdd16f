"""The parameter vector of a Laplace fit: where each part lies, and how it is reported.

Inside, the vector is [professional L, dyad L, beta, shape] with L lower triangular by rows, for columns of X that
are centred and scaled and columns of z that are scaled. Reported values are a linear map of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.laplace_blocks import Floats, Ints
from analysis.laplace_inner import Laplace, Loadings


@dataclass(frozen=True)
class Level:
    """The random coefficients of one level: which columns of z they are, and whether they correlate."""

    columns: Ints
    correlated: bool

    @property
    def size(self) -> int:
        """Random coefficients a group has."""
        return int(self.columns.size)

    @property
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


@dataclass(frozen=True)
class Layout:
    """Where the parts of the parameter vector lie."""

    professional: Level
    dyad: Level
    fixed: int
    shape: int
    z_columns: int

    @property
    def cuts(self) -> tuple[int, int, int]:
        """Ends of the professional part, the dyad part and beta."""
        first = self.professional.places[0].size
        second = first + self.dyad.places[0].size
        return first, second, second + self.fixed

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.cuts[2] + self.shape

    def loadings(self, par: Floats) -> Loadings:
        """Loadings on the columns of z."""
        first, second, _ = self.cuts
        return Loadings(
            dyad=self._load(self.dyad, par[first:second]), professional=self._load(self.professional, par[:first])
        )

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

    def __call__(self, par: Floats, *, tolerance: float = 1e-12) -> tuple[float, Floats | None]:
        """Deviance, and its gradient where it is finite."""
        self.evaluations += 1
        load = self.layout.loadings(par)
        beta, shape = self.layout.split(par)
        deviance, mode = self.laplace.deviance(load, beta, shape, tolerance=tolerance)
        if mode is None or not np.isfinite(deviance):
            return np.inf, None
        return deviance, self.layout.join(*self.laplace.gradient(load, shape, mode))
