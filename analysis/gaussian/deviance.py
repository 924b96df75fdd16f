"""The profiled criterion: coefficients and residual variance solved for, gradient and information exact.

With r2 the weighted residual sum of squares at the best coefficients and nu = n - p (REML) or n (ML),

    deviance = log|V| + nu (1 + log(2 pi r2 / nu)) + [REML: log|X' V^-1 X|]

which is lme4's REML criterion or deviance (Bates et al. 2015, doi 10.18637/jss.v067.i01, equations 34 and
42).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from analysis.gaussian.problem import Direction, Problem, Sweep
from analysis.terms.table import Array

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Profile:
    """The criterion at one point, in standard units: ``deviance``; ``root`` (p, p) lower factor of X'V^-1X;
    ``beta`` (p,); ``rss`` r2; ``nu`` the divisor of the residual variance; ``reml``; and the ``sweep`` behind
    it."""

    deviance: float
    root: Array
    beta: Array
    rss: float
    nu: int
    reml: bool
    sweep: Sweep

    @cached_property
    def inverse(self) -> Array:
        """(X'V^-1X)^-1, shape (p, p)."""
        half = solve_triangular(self.root, np.eye(self.root.shape[0]), lower=True)
        return np.asarray(half.T @ half)

    @property
    def coefficients(self) -> Array:
        """c with W c = y - X beta, shape (k,)."""
        return np.append(-self.beta, 1.0)

    @property
    def sigma2(self) -> float:
        """Residual variance, in standard units squared."""
        return self.rss / self.nu

    def psi_gradients(self, precision: float | None = None) -> tuple[list[Array], list[Array]]:
        """Per level, the derivative of the deviance to Psi (q, q), and ``K`` = Z'V^-1 r r'V^-1 Z summed over
        groups; ``precision`` replaces 1 / sigma2 where the residual variance is held fixed."""
        weight = 1.0 / self.sigma2 if precision is None else precision
        p = self.beta.size
        gradients, squares = [], []
        for trace, cross in zip(self.sweep.traces, self.sweep.crosses, strict=True):
            inner = trace.copy()
            if self.reml:
                inner -= np.einsum("ijab,ab->ij", cross[:, :, :p, :p], self.inverse)
            square = np.einsum("ijab,a,b->ij", cross, self.coefficients, self.coefficients)
            gradients.append(inner - weight * square)
            squares.append(square)
        return gradients, squares


def profile(problem: Problem, psis: Sequence[Array], reml: bool, gradient: bool = True) -> Profile:
    """Evaluate the criterion at relative covariances ``psis``; raises ``LinAlgError`` when X'V^-1X is
    singular."""
    sweep = problem.sweep(psis, gradient)
    shape = problem.shape
    p = shape.fixed
    root: Array = np.asarray(np.linalg.cholesky(sweep.moments[:p, :p]), dtype=np.float64)
    half = solve_triangular(root, sweep.moments[:p, p], lower=True)
    rss = max(float(sweep.moments[p, p] - half @ half), 0.0)
    beta = solve_triangular(root, half, lower=True, trans=1)
    nu = shape.height - p if reml else shape.height
    with np.errstate(divide="ignore"):
        deviance = sweep.log_det - shape.log_weight + nu * (1 + LOG_2PI + float(np.log(rss / nu)))
    if reml:
        deviance += 2 * float(np.log(np.diag(root)).sum())
    return Profile(deviance, root, beta, rss, nu, reml, sweep)


@dataclass(frozen=True)
class Free:
    """The free entries of the factors B_l (Psi_l = B_l B_l'): ``factors`` per level (q, q) and ``entries``,
    each (level, row, column). Within a block, columns follow the pivots, largest variance first."""

    factors: tuple[Array, ...]
    entries: tuple[tuple[int, int, int], ...]

    @classmethod
    def at(cls, psis: Sequence[Array], blocks: Sequence[tuple[tuple[int, ...], ...]]) -> "Free":
        """Factor each block by pivoted Cholesky.

        Pivoting avoids the curved valley of a plain triangular factor when the first variance is close to
        zero.
        """
        factors, entries = [], []
        for level, (psi, level_blocks) in enumerate(zip(psis, blocks, strict=True)):
            factor = np.zeros_like(psi)
            for block in level_blocks:
                part, order = _pivoted_root(psi[np.ix_(block, block)])
                factor[np.ix_(block, block)] = part
                size = len(block)
                entries += [(level, block[order[i]], block[j]) for j in range(size) for i in range(j, size)]
            factors.append(factor)
        return cls(tuple(factors), tuple(entries))

    def moved(self, step: Array) -> "Free":
        """The factors after adding ``step`` to the free entries."""
        factors = [factor.copy() for factor in self.factors]
        for value, (level, row, column) in zip(step, self.entries, strict=True):
            factors[level][row, column] += value
        return Free(tuple(factors), self.entries)

    @property
    def psis(self) -> tuple[Array, ...]:
        """The covariances B B'."""
        return tuple(factor @ factor.T for factor in self.factors)

    @property
    def directions(self) -> list[Direction]:
        """How Psi changes with each entry."""
        return [Direction(level, row, self.factors[level][:, column]) for level, row, column in self.entries]

    @property
    def size(self) -> float:
        """The largest entry in absolute value."""
        return max(float(np.abs(factor).max()) for factor in self.factors)

    def gradient(self, psi_gradients: Sequence[Array]) -> Array:
        """Derivatives to the free entries from derivatives to Psi."""
        full = [2 * g @ b for g, b in zip(psi_gradients, self.factors, strict=True)]
        return np.array([full[level][row, column] for level, row, column in self.entries])

    def bending(self, psi_gradients: Sequence[Array]) -> Array:
        """Second derivative of Psi to the free entries, weighted by the derivative to Psi."""
        size = len(self.entries)
        bend = np.zeros((size, size))
        for a, (level, row, column) in enumerate(self.entries):
            for b, (other, row_b, column_b) in enumerate(self.entries):
                if level == other and column == column_b:
                    bend[a, b] = 2 * psi_gradients[level][row, row_b]
        return bend


def average_information(problem: Problem, at: Profile, free: Free) -> tuple[Array, Array]:
    """Gradient and average-information Hessian of the profiled criterion in the free entries (m,), (m, m).

    Gilmour, Thompson and Cullis (1995), doi 10.2307/2533274, with the second-order term of Psi = B B' exact,
    so that the Hessian is right at the boundary too.
    """
    gradients, squares = at.psi_gradients()
    slope, fit_slope = free.gradient(gradients), free.gradient(squares)
    quadratic, mixed = problem.curvature(at.sweep, free.directions, at.coefficients)
    quadratic -= mixed @ at.inverse @ mixed.T
    hessian = (at.nu / at.rss) * quadratic - (at.nu / at.rss**2) * np.outer(fit_slope, fit_slope)
    return slope, hessian + free.bending(gradients)


def _pivoted_root(psi: Array) -> tuple[Array, list[int]]:
    """B with B B' = Psi, rows in the original order, columns by pivot; and the order of the pivots."""
    size = psi.shape[0]
    rest, root, left, order = psi.copy(), np.zeros((size, size)), list(range(size)), []
    for j in range(size):
        pivot = max(left, key=lambda row: float(rest[row, row]))
        order.append(pivot)
        left.remove(pivot)
        if rest[pivot, pivot] <= 0:
            continue
        root[pivot, j] = np.sqrt(rest[pivot, pivot])
        root[left, j] = rest[left, pivot] / root[pivot, j]
        rest[np.ix_(left, left)] -= np.outer(root[left, j], root[left, j])
    return root, order
