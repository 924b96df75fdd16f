"""Groups that cross: days with dyads inside a professional, clients shared by professionals. The general
engine.

Rows fall into independent *parts* (the connected components of the grouping factors: usually the
professionals). Each part is a dense block over all groups in it, and parts with the same number of groups are
worked on together. When clients link everybody there is one large part; that works, and costs the cube of its
number of groups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from analysis.gaussian.linked import LinkedProblem, link
from analysis.gaussian.problem import Blocks, Direction, Information, Shape, Sweep, semidefinite_root
from analysis.terms.table import Array, Codes

LINKED_FROM = 300
"""Columns of one connected part from which its largest factor is eliminated first."""
LARGEST = 8_000
"""Columns left after that elimination beyond which dense blocks would not fit in memory."""
TOO_LARGE = (
    "The grouping factors link so many groups into one connected part that the model does not fit in "
    "memory; leave one "
    "crossed factor out or fit a subset."
)


@dataclass(frozen=True)
class Batch:
    """Parts with equally many groups: ``square`` (b, m, m) blocks of Z'Z, ``right`` (b, m, k) of Z'W,
    ``places[l]`` (q, g) positions of the columns of level l, and ``groups[l]`` (b, g) its group codes."""

    square: Array
    right: Array
    places: tuple[Codes, ...]
    groups: tuple[Codes, ...]


class CrossedProblem:
    """See :class:`analysis.gaussian.problem.Problem`; any number of grouping factors, nested or crossed."""

    def __init__(self, shape: Shape, gram: Array, batches: Sequence[Batch]) -> None:
        self.shape, self.gram, self.batches = shape, gram, tuple(batches)

    def sweep(self, psis: Sequence[Array], gradient: bool = True) -> Sweep:
        """Evaluate log|V|, W'V^-1W and, with ``gradient``, what derivatives need."""
        k = self.shape.fixed + 1
        log_det, moments, kept = 0.0, self.gram.copy(), []
        traces = tuple(np.zeros((q, q)) for q in self.shape.widths)
        crosses = tuple(np.zeros((q, q, k, k)) for q in self.shape.widths)
        for batch in self.batches:
            root = _spread_root(psis, batch)
            pushed = np.swapaxes(root, 0, 1) @ batch.square
            lower = _cholesky(np.eye(root.shape[0]) + pushed @ root)
            fitted = _solve(lower, np.swapaxes(root, 0, 1) @ batch.right)
            log_det += 2 * float(np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum())
            moments -= np.tensordot(fitted, fitted, ([0, 1], [0, 1]))
            if gradient:
                half = _solve(lower, pushed)
                n = batch.square - np.swapaxes(half, 1, 2) @ half
                u = batch.right - np.swapaxes(half, 1, 2) @ fitted
                kept.append((n, u))
                _add_sums(batch, n, u, traces, crosses)
        return Sweep(tuple(psis), log_det, moments, traces, crosses, kept)

    def curvature(self, sweep: Sweep, directions: Sequence[Direction], coefficients: Array) -> tuple[Array, Array]:
        """See :class:`analysis.gaussian.problem.Problem`."""
        m, p = len(directions), self.shape.fixed
        quadratic, mixed = np.zeros((m, m)), np.zeros((m, p))
        for batch, (n, u) in zip(self.batches, sweep.kept, strict=True):
            residual = u @ coefficients
            pushed = np.zeros((residual.shape[0], residual.shape[1], m))
            for at, direction in enumerate(directions):
                places = batch.places[direction.level]
                pushed[:, places, at] += direction.vector[:, None] * residual[:, places[direction.row]][:, None, :]
                pushed[:, places[direction.row], at] += np.tensordot(residual[:, places], direction.vector, (1, 0))
            quadratic += np.tensordot(pushed, n @ pushed, ([0, 1], [0, 1]))
            mixed += np.tensordot(pushed, u[:, :, :p], ([0, 1], [0, 1]))
        return quadratic, mixed

    def projections(self, sweep: Sweep) -> list[Array]:
        """Per level U = Z'V^-1W (q, k, groups)."""
        k = self.shape.fixed + 1
        found = [np.zeros((q, k, g)) for q, g in zip(self.shape.widths, self.shape.groups, strict=True)]
        for batch, (_, u) in zip(self.batches, sweep.kept, strict=True):
            for level, (places, groups) in enumerate(zip(batch.places, batch.groups, strict=True)):
                found[level][:, :, groups] = np.transpose(u[:, places], (1, 3, 0, 2))
        return found

    def information(self, sweep: Sweep) -> Iterator[Information]:
        """The blocks of N and U, a batch at a time."""
        for batch, (n, u) in zip(self.batches, sweep.kept, strict=True):
            yield Information(n, u[:, :, : self.shape.fixed], batch.places)

    def square_means(self) -> list[Array]:
        """Per level, the mean over rows of z z' (q, q), in standard units."""
        means = []
        for level, q in enumerate(self.shape.widths):
            total = np.zeros((q, q))
            for batch in self.batches:
                places = batch.places[level]
                total += batch.square[:, places[:, None], places[None, :]].sum((0, 3))
            means.append(total / self.shape.height)
        return means

    def mapped(self, change: Array) -> "CrossedProblem":
        """The same groups with columns ``W @ change``."""
        batches = [Batch(b.square, b.right @ change, b.places, b.groups) for b in self.batches]
        s = self.shape
        shape = Shape(s.height, change.shape[1] - 1, s.log_weight, s.widths, s.blocks, s.groups)
        return CrossedProblem(shape, change.T @ self.gram @ change, batches)


def cross(
    columns: Array,
    fixed: int,
    varying: Sequence[tuple[int, ...]],
    blocks: tuple[Blocks, ...],
    codes: Sequence[Codes],
    sizes: Sequence[int],
    log_weight: float,
) -> CrossedProblem | LinkedProblem:
    """Build the problem from standard columns (n, k_all), already weighted or whitened, and the codes of each
    factor.

    Raises ``ValueError`` when one connected part has too many groups for dense blocks.
    """
    height = columns.shape[0]
    k = fixed + 1
    offsets = np.concatenate(([0], np.cumsum([len(z) * size for z, size in zip(varying, sizes, strict=True)])))
    design = _sparse_random(columns, varying, codes, offsets)
    square = (design.T @ design).tocsr()
    right = np.asarray(design.T @ columns[:, :k])
    part_of = _parts(codes, sizes)
    gram = columns[:, :k].T @ columns[:, :k]
    shape = Shape(height, fixed, log_weight, tuple(len(z) for z in varying), blocks, tuple(sizes))
    if _largest(part_of, shape.widths) > LINKED_FROM and len(sizes) > 1:
        if int(offsets[-2]) > LARGEST:
            raise ValueError(TOO_LARGE)
        return link(shape, gram, square, right)
    return CrossedProblem(shape, gram, _batches(square, right, part_of, shape.widths, offsets))


def _largest(part_of: Sequence[Codes], widths: Sequence[int]) -> int:
    """Random columns of the largest part."""
    parts = 1 + max(int(p.max()) for p in part_of)
    sizes = sum(np.bincount(p, minlength=parts) * q for p, q in zip(part_of, widths, strict=True))
    return int(np.max(sizes))


def _sparse_random(
    columns: Array, varying: Sequence[tuple[int, ...]], codes: Sequence[Codes], offsets: Codes
) -> csr_matrix:
    """Z (n, all random columns), group by group inside each level."""
    values = np.concatenate([columns[:, list(z)] for z in varying], axis=1)
    index = [
        offset + len(z) * code[:, None] + np.arange(len(z))[None, :]
        for offset, z, code in zip(offsets, varying, codes, strict=False)
    ]
    places = np.concatenate(index, axis=1)
    height, width = values.shape
    starts = np.arange(0, height * width + 1, width)
    return csr_matrix((values.ravel(), places.ravel(), starts), shape=(height, int(offsets[-1])))


def _parts(codes: Sequence[Codes], sizes: Sequence[int]) -> list[Codes]:
    """For each level, the connected part each of its groups lies in."""
    starts = np.concatenate(([0], np.cumsum(sizes)))
    total = int(starts[-1])
    left = np.concatenate([codes[0] for _ in codes[1:]]) if len(codes) > 1 else np.empty(0, np.int64)
    right = np.concatenate([c + s for c, s in zip(codes[1:], starts[1:], strict=False)]) if len(codes) > 1 else left
    graph = csr_matrix((np.ones(left.size), (left, right)), shape=(total, total))
    _, labels = connected_components(graph, directed=False)
    return [labels[low:high].astype(np.int64) for low, high in zip(starts[:-1], starts[1:], strict=True)]


def _batches(
    square: csr_matrix, right: Array, part_of: Sequence[Codes], widths: Sequence[int], offsets: Codes
) -> list[Batch]:
    parts = 1 + max(int(p.max()) for p in part_of)
    counts = np.stack([np.bincount(p, minlength=parts) for p in part_of], axis=1)
    members = [np.argsort(p, kind="stable") for p in part_of]
    firsts = np.concatenate([np.zeros((1, counts.shape[1]), np.int64), np.cumsum(counts, axis=0)])
    kinds, kind_of = np.unique(counts, axis=0, return_inverse=True)
    batches = []
    for kind, sizes in enumerate(kinds):
        chosen = np.flatnonzero(kind_of.ravel() == kind)
        groups = tuple(
            members[level][firsts[chosen, level][:, None] + np.arange(size)[None, :]]
            for level, size in enumerate(sizes)
        )
        batches.append(_batch(square, right, groups, widths, offsets))
    return batches


def _batch(square: csr_matrix, right: Array, groups: tuple[Codes, ...], widths: Sequence[int], offsets: Codes) -> Batch:
    places, columns, start = [], [], 0
    for level, (members, q) in enumerate(zip(groups, widths, strict=True)):
        size = members.shape[1]
        places.append(start + np.arange(size)[None, :] * q + np.arange(q)[:, None])
        own = offsets[level] + members[:, :, None] * q + np.arange(q)[None, None, :]
        columns.append(own.reshape(members.shape[0], -1))
        start += q * size
    index = np.concatenate(columns, axis=1)
    blocks = np.stack([square[rows][:, rows].toarray() for rows in index])
    return Batch(blocks, right[index], tuple(places), groups)


def _spread_root(psis: Sequence[Array], batch: Batch) -> Array:
    root = np.zeros((batch.right.shape[1], batch.right.shape[1]))
    for psi, places in zip(psis, batch.places, strict=True):
        factor = semidefinite_root(psi)
        for i in range(psi.shape[0]):
            for j in range(i + 1):
                root[places[i], places[j]] = factor[i, j]
    return root


def _cholesky(square: Array) -> Array:
    return np.asarray(np.linalg.cholesky(square), dtype=np.float64)


def _solve(lower: Array, right: Array) -> Array:
    if lower.shape[0] == 1:
        return np.asarray(solve_triangular(lower[0], right[0], lower=True))[None]
    return np.asarray(np.linalg.solve(lower, right), dtype=np.float64)


def _add_sums(batch: Batch, n: Array, u: Array, traces: Sequence[Array], crosses: Sequence[Array]) -> None:
    for level, places in enumerate(batch.places):
        for i in range(places.shape[0]):
            for j in range(places.shape[0]):
                traces[level][i, j] += n[:, places[i], places[j]].sum()
                crosses[level][i, j] += np.tensordot(u[:, places[i]], u[:, places[j]], ([0, 1], [0, 1]))
