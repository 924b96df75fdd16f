"""One pass over the rows: sums of products per innermost group (the dyad), and the Gram matrix of all
columns.

After this pass the data are not needed any more to fit the model. A column that never changes inside a dyad
is an *amplitude*: it multiplies dyad sums and its rows are not read again, nor are those of its product with
a row column.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.terms.design import Column
from analysis.terms.table import Array, Codes

BLOCK = 1 << 15
"""Rows summed at a time: small enough to stay in the processor's cache."""


@dataclass(frozen=True)
class Cells:
    """The innermost groups: ``codes`` (n,), ``size``, ``starts`` (size,) of runs when rows stand together by
    group (else None), ``some_row`` (size,) a row of each group, ``counts`` (size,) rows, or weight, of
    each."""

    codes: Codes
    size: int
    starts: Codes | None
    some_row: Codes

    @classmethod
    def of(cls, codes: Codes, size: int) -> "Cells":
        """Look at dense codes."""
        runs = np.flatnonzero(codes[1:] != codes[:-1]) + 1
        if runs.size + 1 == size:
            starts = np.concatenate(([0], runs))
            some_row = np.full(size, -1, dtype=np.int64)
            some_row[codes[starts]] = starts
            if bool(np.all(some_row >= 0)):
                return cls(codes, size, starts, some_row)
        some_row = np.zeros(size, dtype=np.int64)
        some_row[codes] = np.arange(codes.size)
        return cls(codes, size, None, some_row)

    def constant(self, values: Array) -> bool:
        """Whether ``values`` (n,) never changes inside a group; most columns that do are told from a few
        rows."""
        head = values[self.some_row]
        few = slice(0, 5000)
        if bool(np.any(head[self.codes[few]] != values[few])):
            return False
        return bool(np.array_equal(head[self.codes], values))

    def _shuffled(self) -> bool:
        """Whether runs stand in another order than their codes."""
        return self.starts is not None and not bool(np.array_equal(self.some_row, self.starts))

    def sums(self, products: Sequence[tuple[Array, ...]]) -> Array:
        """Per-group sums of products of row arrays, shape (len(products), size)."""
        totals = np.empty((len(products), self.size))
        if self.starts is None:
            for row, arrays in enumerate(products):
                totals[row] = np.bincount(self.codes, weights=_multiply(arrays), minlength=self.size)
            return totals
        ends = np.append(self.starts[1:], self.codes.size)
        first = 0
        while first < self.size:
            past = int(np.searchsorted(self.starts, self.starts[first] + BLOCK, "right")) - 1
            last = min(self.size, max(first + 1, past))
            low, high = int(self.starts[first]), int(ends[last - 1])
            inside = self.starts[first:last] - low
            for row, arrays in enumerate(products):
                block = _multiply([array[low:high] for array in arrays])
                np.add.reduceat(block, inside, out=totals[row, first:last])
            first = last
        return totals[:, np.argsort(self.codes[self.starts])] if self._shuffled() else totals


def _multiply(arrays: Sequence[Array]) -> Array:
    product = arrays[0]
    for other in arrays[1:]:
        product = product * other
    return product


@dataclass(frozen=True)
class Moments:
    """Sums over rows of ``a * b * weight``: ``cross[i]`` (k, cells) of varying column i with every column,
    for the indices ``varying``; ``gram`` (k, k) over all rows; ``height`` rows; ``log_weight`` the sum of log
    weights."""

    cross: dict[int, Array]
    gram: Array
    height: int
    log_weight: float


@dataclass(frozen=True)
class _Split:
    """A column as amplitude (per cell, or None) times a base row array (index, or -1 for ones)."""

    amplitude: Array | None
    base: int


def gather_moments(
    columns: Sequence[Column],
    varying: Sequence[int],
    cells: Cells,
    shifts: Array,
    weights: Array | None = None,
) -> Moments:
    """Sum all products needed for ``columns`` (the last fixed column may be the outcome), less their
    ``shifts``.

    Only sums with the ``varying`` columns are kept per cell; the rest is summed over all rows at once.
    """
    bases: list[Array] = []
    splits = _split(columns, cells, shifts, bases)
    pairs = _needed(splits, varying, len(bases))
    products = [tuple(bases[i] for i in pair if i >= 0) for pair in pairs]
    if weights is not None:
        products = [(weights, *product) for product in products]
    filled = [at for at, product in enumerate(products) if product]
    sums = np.empty((len(pairs), cells.size))
    sums[filled] = cells.sums([products[at] for at in filled])
    for at in set(range(len(pairs))) - set(filled):
        sums[at] = np.bincount(cells.codes, minlength=cells.size)
    place = {pair: at for at, pair in enumerate(pairs)}
    cross = {i: np.stack([_cell_sum(splits[i], s, sums, place) for s in splits]) for i in varying}
    gram = _gram(splits, cross, sums, place, bases, weights)
    log_weight = 0.0 if weights is None else float(np.log(weights).sum())
    return Moments(cross, gram, cells.codes.size, log_weight)


def _split(columns: Sequence[Column], cells: Cells, shifts: Array, bases: list[Array]) -> list[_Split]:
    known: dict[int, bool] = {}
    places: dict[tuple[int, ...], int] = {}
    splits = []
    for column, shift in zip(columns, shifts, strict=True):
        for part in column.parts:
            if id(part) not in known:
                known[id(part)] = cells.constant(part)
        still = [part[cells.some_row] for part in column.parts if known[id(part)]]
        moving = [part for part in column.parts if not known[id(part)]]
        amplitude = _multiply(still) if still else None
        if not moving:
            splits.append(_Split(None if amplitude is None else amplitude - shift, -1))
            continue
        if still and shift:
            moving, amplitude = [column.values(cells.codes.size)], None
        key = tuple(sorted(id(part) for part in moving)) if not shift else (-1 - len(bases),)
        if key not in places:
            base = _multiply(moving)
            bases.append(base - shift if shift else base)
            places[key] = len(bases) - 1
        splits.append(_Split(amplitude, places[key]))
    return splits


def _needed(splits: Sequence[_Split], varying: Sequence[int], bases: int) -> list[tuple[int, int]]:
    """Pairs of bases whose sums are wanted per cell."""
    pairs = {_pair(-1, base) for base in range(-1, bases)}
    pairs |= {_pair(splits[i].base, split.base) for i in varying for split in splits}
    amplified = {split.base for split in splits if split.amplitude is not None}
    pairs |= {_pair(a, b) for a in amplified for b in range(-1, bases)}
    return sorted(pairs)


def _pair(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a <= b else (b, a)


def _cell_sum(a: _Split, b: _Split, sums: Array, place: dict[tuple[int, int], int]) -> Array:
    total: Array = sums[place[_pair(a.base, b.base)]]
    for amplitude in (a.amplitude, b.amplitude):
        if amplitude is not None:
            total = total * amplitude
    return total


def _gram(
    splits: Sequence[_Split],
    cross: dict[int, Array],
    sums: Array,
    place: dict[tuple[int, int], int],
    bases: Sequence[Array],
    weights: Array | None,
) -> Array:
    k = len(splits)
    gram = np.zeros((k, k))
    open_bases = sorted({s.base for s in splits if s.base >= 0})
    dense = _row_gram([bases[b] for b in open_bases], weights) if _has_open(splits, place) else None
    at = {base: row for row, base in enumerate(open_bases)}
    for i in range(k):
        for j in range(i, k):
            if i in cross:
                total = float(cross[i][j].sum())
            elif j in cross:
                total = float(cross[j][i].sum())
            elif _pair(splits[i].base, splits[j].base) in place:
                total = float(_cell_sum(splits[i], splits[j], sums, place).sum())
            else:
                assert dense is not None
                total = float(dense[at[splits[i].base], at[splits[j].base]])
            gram[i, j] = gram[j, i] = total
    return gram


def _has_open(splits: Sequence[_Split], place: dict[tuple[int, int], int]) -> bool:
    return any(_pair(a.base, b.base) not in place for a in splits for b in splits)


def _row_gram(bases: Sequence[Array], weights: Array | None) -> Array:
    """Gram matrix of row arrays, a cache-sized block at a time."""
    height = bases[0].size
    gram = np.zeros((len(bases), len(bases)))
    block = np.empty((len(bases), BLOCK))
    for low in range(0, height, BLOCK):
        high = min(height, low + BLOCK)
        for row, base in enumerate(bases):
            block[row, : high - low] = base[low:high]
        part = block[:, : high - low]
        gram += (part if weights is None else part * weights[low:high]) @ part.T
    return gram
