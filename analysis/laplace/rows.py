"""The rows of a nested three-level data set in the order and layout in which the engine walks them.

Rows are sorted by professional and dyad. Everything random a dyad adds to the linear predictor is z' g with
one small vector g per dyad, where z holds the distinct columns that have a random coefficient at either
level; so the engine needs only the dyad sums of z * first derivative and of z z' * second derivative.
One-level models are the same with an empty other level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.laplace.blocks import Floats, Ints

_CHUNK_ROWS = 1 << 15


@dataclass(frozen=True)
class Rows:
    """Sorted rows. Columns run along the first axis: x (p, n), z (m, n)."""

    y: Floats
    x: Floats
    z: Floats
    offset: Floats | None
    weights: Floats | None
    order: Ints | None
    """Position of each sorted row in the caller's data; None when they came sorted."""
    starts: Ints
    """First row of each dyad."""
    counts: Ints
    """Rows of each dyad."""
    first_dyads: Ints
    """First dyad of each professional."""
    professional_of: Ints
    """Professional of each dyad, 0..P-1."""
    chunks: tuple[tuple[slice, slice, Ints], ...]
    """Runs of whole dyads that fit the cache: row slice, dyad slice, starts within the run."""
    plain: tuple[bool, ...]
    """Which columns of z are all ones."""

    @property
    def professionals(self) -> int:
        """Number of professionals."""
        return int(self.first_dyads.size)

    @property
    def dyads(self) -> int:
        """Number of dyads."""
        return int(self.starts.size)

    def by_professional(self, values: Floats) -> Floats:
        """Sums over the dyads of each professional, along the last axis."""
        if values.shape[-1] == self.professionals:
            return values
        return np.asarray(np.add.reduceat(values, self.first_dyads, axis=-1))


def sort_order(professional: Ints, dyad: Ints) -> Ints | None:
    """Stable order by professional, then dyad; None if the rows are in that order already."""
    step = np.diff(professional)
    if ((step > 0) | ((step == 0) & (np.diff(dyad) >= 0))).all():
        return None
    span = int(dyad.max()) + 1
    return np.argsort(professional * span + dyad, kind="stable").astype(np.intp)


def lay_out(
    columns: tuple[Floats, Floats, Floats],
    codes: tuple[Ints, Ints],
    *,
    offset: Floats | None,
    weights: Floats | None,
) -> Rows:
    """Sorts and cuts the rows: columns y (n,), x (p, n), z (m, n); codes professional, dyad (n,)."""
    y, x, z = columns
    order = sort_order(*codes)
    professional, dyad = codes
    if order is not None:
        professional, dyad, y = professional[order], dyad[order], y[order]
        x, z = np.ascontiguousarray(x[:, order]), np.ascontiguousarray(z[:, order])
        offset = None if offset is None else offset[order]
        weights = None if weights is None else weights[order]
    new_dyad = (np.diff(professional) != 0) | (np.diff(dyad) != 0)
    starts = np.concatenate(([0], np.flatnonzero(new_dyad) + 1)).astype(np.intp)
    of_dyad = professional[starts]
    first_dyads = np.concatenate(([0], np.flatnonzero(np.diff(of_dyad)) + 1)).astype(np.intp)
    counts = np.diff(np.append(starts, y.size))
    professional_of = np.repeat(np.arange(first_dyads.size), np.diff(np.append(first_dyads, starts.size)))
    return Rows(
        y=y, x=x, z=z, offset=offset, weights=weights, order=order, starts=starts, counts=counts,
        first_dyads=first_dyads, professional_of=professional_of, chunks=_chunks(starts, y.size),
        plain=tuple(bool((column == 1.0).all()) for column in z),
    )  # fmt: skip


def _chunks(starts: Ints, rows: int) -> tuple[tuple[slice, slice, Ints], ...]:
    """Cuts at the last dyad that begins within each further 32,768 rows."""
    edges = np.append(starts, rows)
    cuts = [0]
    while cuts[-1] < starts.size:
        reach = int(np.searchsorted(edges, edges[cuts[-1]] + _CHUNK_ROWS, side="right")) - 1
        cuts.append(max(reach, cuts[-1] + 1))
    return tuple(
        (slice(int(edges[a]), int(edges[b])), slice(a, b), starts[a:b] - starts[a])
        for a, b in zip(cuts, cuts[1:], strict=False)
    )
