"""What every engine offers the optimiser: a criterion that depends on the data through per-group sums only.

The model in units of the residual variance is ``Var(y) = sigma2 * (I + sum_l Z_l Psi_l Z_l')``. Write ``V``
for the matrix in brackets, ``W = [X y]`` (k = p + 1 columns), ``N = Z' V^-1 Z`` and ``U = Z' V^-1 W``. One
*sweep* over the groups gives ``log|V|``, ``W' V^-1 W`` and the sums of blocks of N and of products of U that
the exact gradient, the average information, Satterthwaite's and Kenward and Roger's degrees of freedom need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from analysis.terms.table import Array, Codes

Blocks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Shape:
    """Sizes of a fit: ``height`` n, ``fixed`` p, ``log_weight`` (sum of log weights and log Jacobians), and
    per random level its number of columns, correlated ``blocks`` and number of groups."""

    height: int
    fixed: int
    log_weight: float
    widths: tuple[int, ...]
    blocks: tuple[Blocks, ...]
    groups: tuple[int, ...]


@dataclass(frozen=True)
class Sweep:
    """One evaluation at ``psis``: ``log_det`` = log|V|, ``moments`` = W' V^-1 W (k, k); per level ``traces``
    = sum over groups of the diagonal block of N (q, q) and ``crosses[l][i, j]`` = sum over groups of U_i' U_j
    (k, k)."""

    psis: tuple[Array, ...]
    log_det: float
    moments: Array
    traces: tuple[Array, ...] = ()
    crosses: tuple[Array, ...] = ()
    kept: list[Any] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Direction:
    """A change of one level's Psi by ``e_row b' + b e_row'``: what a step in one entry of its factor does."""

    level: int
    row: int
    vector: Array


@dataclass(frozen=True)
class Information:
    """A batch of independent blocks of the data: ``n`` (batch, m, m) blocks of N, ``u`` (batch, m, p) of Z'
    V^-1 X, and ``places[l]`` (q, groups) the positions inside the block of each column of level l (same in
    the whole batch), or, when blocks differ, with a mask of padded groups left at inert zero rows."""

    n: Array
    u: Array
    places: tuple[Codes, ...]


class Problem(Protocol):
    """An engine: nested groups (``nested.py``) or groups that cross (``crossed.py``)."""

    shape: Shape

    def sweep(self, psis: Sequence[Array], gradient: bool = True) -> Sweep:
        """Evaluate at relative covariances ``psis``."""

    def curvature(self, sweep: Sweep, directions: Sequence[Direction], coefficients: Array) -> tuple[Array, Array]:
        """For directions d: ``r' dV_d V^-1 dV_e r`` (m, m) and ``X' V^-1 dV_d r`` (m, p), with r = V^-1 W
        c."""

    def projections(self, sweep: Sweep) -> list[Array]:
        """Per level U, shape (q, k, groups), groups in the order of their codes."""

    def information(self, sweep: Sweep) -> Iterator[Information]:
        """The blocks of N and U, for Kenward-Roger."""

    def square_means(self) -> list[Array]:
        """Per level, the mean over rows of z z' (q, q), in standard units."""

    def mapped(self, change: Array) -> "Problem":
        """The same problem with columns ``W @ change`` (k, k'), the outcome last."""


def factor_inverse(psi: Array, sums: Array, floor: Array | None = None) -> tuple[float, Array]:
    """``(Psi^-1 + S)^-1`` for every group, valid for singular Psi, and the sum of ``log det(I + S Psi)``.

    ``sums`` has shape (q, q, groups), ``floor`` optionally det(S) of each group when q = 2.
    """
    q = psi.shape[0]
    if q == 0:
        return 0.0, np.empty((0, 0, sums.shape[-1]))
    if q == 1:
        scale = sums[0, 0] * psi[0, 0] + 1.0
        return float(np.log(scale).sum()), (psi[0, 0] / scale)[None, None]
    if q == 2:
        return _inverse_of_two(psi, sums, floor)
    stacked = np.moveaxis(sums, -1, 0)
    root = semidefinite_root(psi)
    lower = np.linalg.cholesky(np.eye(q) + root.T @ stacked @ root)
    half = np.linalg.solve(lower, np.broadcast_to(root.T, lower.shape))
    inverse = np.swapaxes(half, -1, -2) @ half
    logs = np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum()
    return 2 * float(logs), np.ascontiguousarray(np.moveaxis(inverse, 0, -1))


def _inverse_of_two(psi: Array, sums: Array, floor: Array | None) -> tuple[float, Array]:
    a, b, c = psi[0, 0], psi[1, 0], psi[1, 1]
    det_psi = max(a * c - b * b, 0.0)
    if floor is None:
        floor = np.maximum(sums[0, 0] * sums[1, 1] - sums[0, 1] ** 2, 0.0)
    det = sums[0, 0] * a
    det += sums[1, 1] * c
    det += sums[0, 1] * (2 * b)
    det += floor * det_psi
    det += 1.0
    over = 1.0 / det
    inverse = np.empty(sums.shape)
    np.multiply(sums[1, 1] * det_psi + a, over, out=inverse[0, 0])
    np.multiply(sums[0, 0] * det_psi + c, over, out=inverse[1, 1])
    np.multiply(sums[0, 1] * (-det_psi) + b, over, out=inverse[0, 1])
    inverse[1, 0] = inverse[0, 1]
    return float(np.log(det).sum()), inverse


def semidefinite_root(psi: Array) -> Array:
    """Lower Cholesky factor of a matrix that may be singular."""
    q = psi.shape[0]
    root = np.zeros((q, q))
    for j in range(q):
        left = psi[j, j] - root[j, :j] @ root[j, :j]
        if left > 1e-15 * max(psi[j, j], 1e-300):
            root[j, j] = np.sqrt(left)
            root[j + 1 :, j] = (psi[j + 1 :, j] - root[j + 1 :, :j] @ root[j, :j]) / root[j, j]
    return root
