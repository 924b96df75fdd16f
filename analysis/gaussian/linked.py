"""One large part that links everybody (clients shared by professionals): eliminate the largest factor, then
solve densely.

Groups of one factor never share a row, so the factor with most groups (usually the dyads) can be eliminated
group by group whatever the others do. What is left is dense in the other factors only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import bsr_matrix, csr_matrix

from analysis.gaussian.problem import Direction, Information, Shape, Sweep, factor_inverse, semidefinite_root
from analysis.terms.table import Array, Codes


@dataclass(frozen=True)
class Kept:
    """Blocks of N and U: ``own`` (q, q, G) and sparse ``f`` (G q, m) of the eliminated factor, ``middle`` C
    (m, m) and ``reduced`` (m, m) of the others; ``n`` (m, m), ``u`` (m, k) theirs, ``u_own`` (G q, k)."""

    own: Array
    f: Any
    middle: Array
    reduced: Array
    n: Array
    u: Array
    u_own: Array


class LinkedProblem:
    """See :class:`analysis.gaussian.problem.Problem`; the last level is the one eliminated."""

    def __init__(self, shape: Shape, gram: Array, sums: Array, link: Any, square: Array, right: tuple[Array, Array]):
        self.shape, self.gram, self.sums, self.link, self.square = shape, gram, sums, link, square
        self.right_own, self.right = right
        self.q = shape.widths[-1]
        starts = np.concatenate(([0], np.cumsum([q * g for q, g in self._others()])))
        self.places: list[Codes] = [
            start + np.arange(g)[None, :] * q + np.arange(q)[:, None]
            for start, (q, g) in zip(starts, self._others(), strict=False)
        ]

    def _others(self) -> list[tuple[int, int]]:
        return list(zip(self.shape.widths[:-1], self.shape.groups[:-1], strict=True))

    def sweep(self, psis: Sequence[Array], gradient: bool = True) -> Sweep:
        """Evaluate log|V|, W'V^-1W and, with ``gradient``, what derivatives need."""
        log_det, kernel = factor_inverse(psis[-1], self.sums)
        kernels, blocks = _diagonal(kernel), _diagonal(self.sums)
        pulled = kernels @ self.right_own
        reduced = self.square - (self.link.T @ (kernels @ self.link)).toarray()
        right = self.right - self.link.T @ pulled
        root = self._root(psis)
        lower = np.linalg.cholesky(np.eye(root.shape[0]) + root.T @ reduced @ root)
        half = np.asarray(solve_triangular(lower, root.T, lower=True))
        fitted = half @ right
        moments = self.gram - self.right_own.T @ pulled - fitted.T @ fitted
        log_det += 2 * float(np.log(np.diag(lower)).sum())
        if not gradient:
            return Sweep(tuple(psis), log_det, moments)
        middle = half.T @ half
        turned = reduced @ middle
        f = (self.link - blocks @ (kernels @ self.link)).tocsr()
        own = self.sums - np.einsum("ijg,jlg,lmg->img", self.sums, kernel, self.sums)
        u_own = self.right_own - blocks @ pulled - f @ (middle @ right)
        keep = Kept(own, f, middle, reduced, reduced - turned @ reduced, right - turned @ right, u_own)
        return Sweep(tuple(psis), log_det, moments, self._traces(keep), self._crosses(keep), [keep])

    def _root(self, psis: Sequence[Array]) -> Array:
        size = self.square.shape[0]
        root = np.zeros((size, size))
        for psi, places in zip(psis, self.places, strict=False):
            factor = semidefinite_root(psi)
            for i in range(psi.shape[0]):
                for j in range(i + 1):
                    root[places[i], places[j]] = factor[i, j]
        return root

    def _traces(self, keep: Kept) -> tuple[Array, ...]:
        found = [keep.n[p[:, None], p[None, :]].sum(-1) for p in self.places]
        through = keep.f @ keep.middle
        own = keep.own.sum(-1)
        for i in range(self.q):
            for j in range(self.q):
                own[i, j] -= keep.f[j :: self.q].multiply(through[i :: self.q]).sum()
        return (*found, own)

    def _crosses(self, keep: Kept) -> tuple[Array, ...]:
        stacks = [keep.u[places] for places in self.places]
        stacks.append(np.stack([keep.u_own[i :: self.q] for i in range(self.q)]))
        return tuple(np.einsum("igk,jgl->ijkl", stack, stack, optimize=True) for stack in stacks)

    def curvature(self, sweep: Sweep, directions: Sequence[Direction], coefficients: Array) -> tuple[Array, Array]:
        """See :class:`analysis.gaussian.problem.Problem`."""
        keep, p, m = sweep.kept[0], self.shape.fixed, len(directions)
        rest, own = np.zeros((keep.n.shape[0], m)), np.zeros((keep.u_own.shape[0], m))
        rest_residual, own_residual = keep.u @ coefficients, keep.u_own @ coefficients
        last = len(self.places)
        own_places = np.arange(own.shape[0]).reshape(-1, self.q).T
        for at, direction in enumerate(directions):
            is_own = direction.level == last
            pushed, residual = (own, own_residual) if is_own else (rest, rest_residual)
            places = own_places if is_own else self.places[direction.level]
            pushed[places, at] += direction.vector[:, None] * residual[places[direction.row]]
            pushed[places[direction.row], at] += direction.vector @ residual[places]
        lifted = keep.f.T @ own
        quadratic = own.T @ (_diagonal(keep.own) @ own) - lifted.T @ keep.middle @ lifted
        between = rest.T @ (lifted - keep.reduced @ (keep.middle @ lifted))
        quadratic += rest.T @ keep.n @ rest + between + between.T
        return np.asarray(quadratic), np.asarray(rest.T @ keep.u[:, :p] + own.T @ keep.u_own[:, :p])

    def projections(self, sweep: Sweep) -> list[Array]:
        """Per level U = Z'V^-1W (q, k, groups)."""
        keep = sweep.kept[0]
        found = [np.moveaxis(keep.u[places], 1, 2) for places in self.places]
        return [*found, np.stack([keep.u_own[i :: self.q].T for i in range(self.q)])]

    def information(self, sweep: Sweep) -> Iterator[Information]:
        """The one block of N and U, the eliminated factor last."""
        keep, p = sweep.kept[0], self.shape.fixed
        side = keep.f @ (np.eye(keep.middle.shape[0]) - keep.middle @ keep.reduced)
        corner = _diagonal(keep.own).toarray() - keep.f @ (keep.f @ keep.middle).T
        n = np.block([[keep.n, side.T], [side, corner]])
        u = np.concatenate([keep.u, keep.u_own])[:, :p]
        own = keep.n.shape[0] + np.arange(keep.u_own.shape[0]).reshape(-1, self.q).T
        yield Information(n[None], u[None], (*self.places, own))

    def square_means(self) -> list[Array]:
        """Per level, the mean over rows of z z' (q, q), in standard units."""
        found = [self.square[p[:, None], p[None, :]].sum(-1) / self.shape.height for p in self.places]
        return [*found, self.sums.sum(-1) / self.shape.height]

    def mapped(self, change: Array) -> "LinkedProblem":
        """The same groups with columns ``W @ change``."""
        s = self.shape
        shape = Shape(s.height, change.shape[1] - 1, s.log_weight, s.widths, s.blocks, s.groups)
        right = (self.right_own @ change, self.right @ change)
        return LinkedProblem(shape, change.T @ self.gram @ change, self.sums, self.link, self.square, right)


def link(shape: Shape, gram: Array, square: csr_matrix, right: Array) -> LinkedProblem:
    """Build the problem from Z'Z (all columns, levels in order) and Z'W; the last level is eliminated."""
    q, count = shape.widths[-1], shape.groups[-1]
    split = square.shape[0] - q * count
    corner = square[split:, split:].tocsr()
    sums = np.zeros((q, q, count))
    for i in range(q):
        for j in range(q):
            sums[i, j] = np.asarray(corner[np.arange(count) * q + i, np.arange(count) * q + j]).ravel()
    return LinkedProblem(
        shape,
        gram,
        sums,
        square[split:, :split].tocsr(),
        square[:split, :split].toarray(),
        (right[split:], right[:split]),
    )


def _diagonal(blocks: Array) -> Any:
    """A sparse block-diagonal matrix from blocks (q, q, G)."""
    count = blocks.shape[-1]
    stacked = np.ascontiguousarray(np.moveaxis(blocks, -1, 0))
    return bsr_matrix((stacked, np.arange(count), np.arange(count + 1))).tocsr()
