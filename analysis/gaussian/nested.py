"""Groups inside groups: dyads in professionals, or one grouping factor alone. The fast engine.

Each sweep eliminates the dyads, then the professionals, in closed form, a cache-sized chunk of professionals
at a time. Arrays keep small dimensions first and the groups last, so every operation runs over contiguous
groups.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.gaussian.groupwise import apply, contract, contract_many, flat, onto, product, pushed, weighted
from analysis.gaussian.problem import Blocks, Direction, Information, Shape, Sweep, factor_inverse
from analysis.gaussian.tree import Tree, plant
from analysis.terms.table import Array, Codes

CHUNK = 1500
"""Dyads per chunk: their arrays stay in the processor's cache."""


@dataclass(frozen=True)
class Chunk:
    """Some professionals and their dyads: ``inner`` (q2, q2, D), its determinant ``floor`` when q2 = 2,
    ``right`` (q2, q1 + k, D), ``outer`` (q1, q1, P), ``outer_right`` (q1, k, P)."""

    tree: Tree
    inner: Array
    floor: Array | None
    right: Array
    outer: Array
    outer_right: Array


@dataclass(frozen=True)
class Kept:
    """Per chunk, what later steps need: blocks of N (``e2`` within dyads before the professionals are
    eliminated, ``f`` between dyads and professionals, ``c1``, ``d1``, ``e1``) and U (``u1``, ``u2``)."""

    e2: Array
    f: Array
    c1: Array
    d1: Array
    e1: Array
    u1: Array
    u2: Array


class NestedProblem:
    """See :class:`analysis.gaussian.problem.Problem`. Level order: professionals, dyads; or the one factor alone."""

    def __init__(self, shape: Shape, gram: Array, chunks: Sequence[Chunk]) -> None:
        self.shape, self.gram, self.chunks = shape, gram, tuple(chunks)
        self.k = shape.fixed + 1
        self.alone = len(shape.widths) == 1
        self.q2 = shape.widths[-1]
        self.q1 = 0 if self.alone else shape.widths[0]

    def sweep(self, psis: Sequence[Array], gradient: bool = True) -> Sweep:
        """Evaluate log|V|, W'V^-1W and, with ``gradient``, what derivatives need."""
        psi1 = np.zeros((0, 0)) if self.alone else psis[0]
        q1, q2, k = self.q1, self.q2, self.k
        log_det, moments = 0.0, self.gram.copy()
        traces = [np.zeros((q1, q1)), np.zeros((q2, q2))]
        crosses = [np.zeros((q1, q1, k, k)), np.zeros((q2, q2, k, k))]
        kept = []
        for chunk in self.chunks:
            logs, kernel, fitted, outer, outer_right = _eliminate_dyads(chunk, psis[-1], q1)
            moments -= contract(fitted[:, q1:], chunk.right[:, q1:])
            more, c1 = factor_inverse(psi1, outer)
            log_det += logs + more
            effects = weighted(c1, outer_right)
            moments -= contract(effects, outer_right)
            if gradient:
                keep = _derivatives(chunk, kernel, fitted, outer, outer_right, c1, effects)
                kept.append(keep)
                _add_sums(chunk.tree, keep, traces, crosses)
        drop = 1 if self.alone else 0
        return Sweep(tuple(psis), log_det, moments, tuple(traces[drop:]), tuple(crosses[drop:]), kept)

    def curvature(self, sweep: Sweep, directions: Sequence[Direction], coefficients: Array) -> tuple[Array, Array]:
        """See :class:`analysis.gaussian.problem.Problem`."""
        inner = 0 if self.alone else 1
        second = [at for at, d in enumerate(directions) if d.level == inner]
        first = [at for at, d in enumerate(directions) if d.level != inner]
        m, p = len(directions), self.shape.fixed
        quadratic, mixed = np.zeros((m, m)), np.zeros((m, p))
        for chunk, keep in zip(self.chunks, sweep.kept, strict=True):
            g2 = pushed(keep.u2, [directions[at] for at in second], coefficients)
            g1 = pushed(keep.u1, [directions[at] for at in first], coefficients)
            lifted = chunk.tree.up(onto(keep.f, g2))
            up = flat(lifted)
            quadratic[np.ix_(second, second)] += flat(g2) @ flat(apply(keep.e2, g2)).T
            quadratic[np.ix_(second, second)] -= up @ flat(apply(keep.c1, lifted)).T
            quadratic[np.ix_(first, first)] += flat(g1) @ flat(apply(keep.e1, g1)).T
            between = flat(g1) @ flat(apply(keep.d1, lifted)).T
            quadratic[np.ix_(first, second)] += between
            quadratic[np.ix_(second, first)] += between.T
            mixed[second] += contract_many(g2, keep.u2[:, :p])
            mixed[first] += contract_many(g1, keep.u1[:, :p])
        return quadratic, mixed

    def projections(self, sweep: Sweep) -> list[Array]:
        """Per level U = Z'V^-1W (q, k, groups)."""
        outer = np.zeros((self.q1, self.k, 0 if self.alone else self.shape.groups[0]))
        inner = np.zeros((self.q2, self.k, self.shape.groups[-1]))
        for chunk, keep in zip(self.chunks, sweep.kept, strict=True):
            inner[..., chunk.tree.dyads] = keep.u2
            if not self.alone:
                outer[..., chunk.tree.professionals] = keep.u1
        return [inner] if self.alone else [outer, inner]

    def information(self, sweep: Sweep) -> Iterator[Information]:
        """Blocks of N and U, professionals with equally many dyads together."""
        for chunk, keep in zip(self.chunks, sweep.kept, strict=True):
            for professionals, members in chunk.tree.families():
                yield self._blocks(keep, professionals, members)

    def _blocks(self, keep: Kept, professionals: Codes, members: Codes) -> Information:
        q1, q2, p = self.q1, self.q2, self.shape.fixed
        size, dyads = members.shape
        inner = q1 + np.arange(dyads)[None, :] * q2 + np.arange(q2)[:, None]
        n = np.zeros((size, q1 + dyads * q2, q1 + dyads * q2))
        u = np.zeros((size, q1 + dyads * q2, p))
        f = np.moveaxis(keep.f[:, :, members], (2, 3), (0, 1))
        c1, d1 = (np.moveaxis(x[..., professionals], -1, 0) for x in (keep.c1, keep.d1))
        fd = f @ np.swapaxes(d1, 1, 2)[:, None]
        fc = f @ c1[:, None]
        n[:, :q1, :q1] = np.moveaxis(keep.e1[..., professionals], -1, 0)
        u[:, :q1] = np.moveaxis(keep.u1[:, :p, professionals], -1, 0)
        order = inner.T.ravel()
        u[:, order] = np.moveaxis(keep.u2[:, :p, members], (2, 3), (0, 1)).reshape(size, -1, p)
        side = fd.reshape(size, dyads * q2, q1)
        n[:, order, :q1] = side
        n[:, :q1, order] = np.swapaxes(side, 1, 2)
        flat_f, flat_c = f.reshape(size, dyads * q2, q1), fc.reshape(size, dyads * q2, q1)
        n[:, q1:, q1:] = -flat_c @ np.swapaxes(flat_f, 1, 2)
        own = np.moveaxis(keep.e2[:, :, members], (2, 3), (0, 1))
        for dyad in range(dyads):
            span = slice(q1 + dyad * q2, q1 + (dyad + 1) * q2)
            n[:, span, span] += own[:, dyad]
        outer = np.arange(q1)[:, None]
        return Information(n, u, (inner,) if self.alone else (outer, inner))

    def square_means(self) -> list[Array]:
        """Per level, the mean over rows of z z' (q, q), in standard units."""
        height = self.shape.height
        inner = sum(chunk.inner.sum(-1) for chunk in self.chunks) / height
        if self.alone:
            return [inner]
        return [sum(chunk.outer.sum(-1) for chunk in self.chunks) / height, inner]

    def mapped(self, change: Array) -> "NestedProblem":
        """The same groups with columns ``W @ change``."""
        chunks = []
        for c in self.chunks:
            right = np.concatenate([c.right[:, : self.q1], np.einsum("kc,ikd->icd", change, c.right[:, self.q1 :])], 1)
            outer_right = np.einsum("kc,ikd->icd", change, c.outer_right)
            chunks.append(Chunk(c.tree, c.inner, c.floor, right, c.outer, outer_right))
        s = self.shape
        shape = Shape(s.height, change.shape[1] - 1, s.log_weight, s.widths, s.blocks, s.groups)
        return NestedProblem(shape, change.T @ self.gram @ change, chunks)


def nest(
    cross: dict[int, Array],
    gram: Array,
    fixed: int,
    varying: Sequence[tuple[int, ...]],
    blocks: tuple[Blocks, ...],
    parents: Codes | None,
    height: int,
    log_weight: float,
) -> NestedProblem:
    """Build the problem from per-dyad sums ``cross[i]`` (k_all, D); ``parents`` (D,) is the professional of
    each dyad, None when there is one grouping factor."""
    k = fixed + 1
    z1, z2 = (() if parents is None else varying[0]), varying[-1]
    size = next(iter(cross.values())).shape[1]
    chunks = []
    for tree in plant(np.arange(size) if parents is None else parents, CHUNK):
        own = {i: total[:, tree.dyads] for i, total in cross.items()}
        inner = np.stack([np.stack([own[a][b] for b in z2]) for a in z2])
        floor = np.maximum(inner[0, 0] * inner[1, 1] - inner[0, 1] ** 2, 0.0) if len(z2) == 2 else None
        right = np.stack([np.concatenate([own[a][list(z1)], own[a][:k]]) for a in z2])
        up = {a: tree.up(own[a]) for a in z1}
        count = tree.professionals.size
        outer = np.stack([up[a][list(z1)] for a in z1]) if z1 else np.empty((0, 0, count))
        outer_right = np.stack([up[a][:k] for a in z1]) if z1 else np.empty((0, k, count))
        chunks.append(Chunk(tree, inner, floor, right, outer, outer_right))
    groups = (size,) if parents is None else (int(parents.max()) + 1, size)
    shape = Shape(height, fixed, log_weight, tuple(len(level) for level in varying), blocks, groups)
    return NestedProblem(shape, gram[:k, :k].copy(), chunks)


def _eliminate_dyads(chunk: Chunk, psi: Array, q1: int) -> tuple[float, Array, Array, Array, Array]:
    logs, kernel = factor_inverse(psi, chunk.inner, chunk.floor)
    fitted = weighted(kernel, chunk.right)
    outer, outer_right = chunk.outer.copy(), chunk.outer_right.copy()
    for a in range(q1):
        total = chunk.right[0, a] * fitted[0]
        for i in range(1, psi.shape[0]):
            total += chunk.right[i, a] * fitted[i]
        total = chunk.tree.up(total)
        outer[a] -= total[:q1]
        outer_right[a] -= total[q1:]
    return logs, kernel, fitted, outer, outer_right


def _derivatives(
    chunk: Chunk, kernel: Array, fitted: Array, outer: Array, outer_right: Array, c1: Array, effects: Array
) -> Kept:
    q1 = outer.shape[0]
    d1 = np.eye(q1)[..., None] - product(outer, c1)
    u1 = weighted(d1, outer_right)
    e1 = product(d1, outer)
    e2 = chunk.inner - product(product(chunk.inner, kernel), chunk.inner)
    fg = chunk.right - weighted(chunk.inner, fitted)
    f, u2 = fg[:, :q1], fg[:, q1:]
    for a in range(q1):
        spread = chunk.tree.down(effects[a])
        for i in range(u2.shape[0]):
            u2[i] -= f[i, a] * spread
    return Kept(e2, f, c1, d1, e1, u1, u2)


def _add_sums(tree: Tree, keep: Kept, traces: list[Array], crosses: list[Array]) -> None:
    q1 = keep.u1.shape[0]
    traces[0] += keep.e1.sum(-1)
    for level, u in ((0, keep.u1), (1, keep.u2)):
        for i in range(u.shape[0]):
            for j in range(i, u.shape[0]):
                part = u[i] @ u[j].T
                crosses[level][i, j] += part
                if j > i:
                    crosses[level][j, i] += part.T
    traces[1] += keep.e2.sum(-1)
    if q1:
        traces[1] -= np.tensordot(onto(tree.down(keep.c1), keep.f), keep.f, ([1, 2], [1, 2]))
