"""Which dyads belong to which professional, laid out so that adding up and handing down need no padding.

Professionals of a chunk stand by falling number of dyads, and the chunk holds first the first dyad of each,
then the second of each that has one, and so on: every such *slot* is one contiguous stretch. Where dyads are
many and professionals few, dyads stand professional by professional instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.terms.table import Array, Codes


@dataclass(frozen=True)
class Tree:
    """``professionals`` (P,) and ``dyads`` (D,): their codes in the order of the chunk; ``counts`` (P,) dyads
    of each; ``slots`` the sizes of the stretches, or None when dyads stand professional by professional."""

    professionals: Codes
    dyads: Codes
    counts: Codes
    slots: tuple[int, ...] | None

    def up(self, values: Array) -> Array:
        """Sum over the dyads of each professional: (..., D) to (..., P)."""
        if self.slots is None:
            starts = np.concatenate(([0], np.cumsum(self.counts)[:-1]))
            return np.add.reduceat(values, starts, axis=-1)
        if len(self.slots) == 1:
            return values
        total = values[..., : self.slots[0]].copy()
        at = self.slots[0]
        for size in self.slots[1:]:
            total[..., :size] += values[..., at : at + size]
            at += size
        return total

    def down(self, values: Array) -> Array:
        """Hand each professional's value to its dyads: (..., P) to (..., D)."""
        if self.slots is None:
            return np.repeat(values, self.counts, axis=-1)
        if len(self.slots) == 1:
            return values
        return np.concatenate([values[..., :size] for size in self.slots], axis=-1)

    def families(self) -> Iterator[tuple[Codes, Codes]]:
        """For each number of dyads: positions (P',) of the professionals, and (P', J) of their dyads, in the
        chunk."""
        starts = np.concatenate(([0], np.cumsum(self.counts)[:-1]))
        offsets = None if self.slots is None else np.concatenate(([0], np.cumsum(self.slots)[:-1]))
        for count in np.unique(self.counts):
            here = np.flatnonzero(self.counts == count)
            if offsets is None:
                yield here, starts[here][:, None] + np.arange(count)[None, :]
            else:
                yield here, here[:, None] + offsets[:count][None, :]


def plant(parents: Codes, chunk: int) -> Iterator[Tree]:
    """Cut ``parents`` (D,), the professional of each dyad, into trees of about ``chunk`` dyads."""
    counts = np.bincount(parents)
    by_parent = np.argsort(parents, kind="stable")
    firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    falling = np.argsort(-counts, kind="stable")
    falling = falling[counts[falling] > 0]
    cumulative = np.cumsum(counts[falling])
    low = 0
    while low < falling.size:
        done = int(cumulative[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(cumulative, done + chunk, "right")))
        chosen = falling[low:high]
        yield _tree(chosen, counts[chosen], firsts[chosen], by_parent)
        low = high


def _tree(chosen: Codes, counts: Codes, firsts: Codes, by_parent: Codes) -> Tree:
    deepest = int(counts[0])
    if deepest > 4 and int(counts.sum()) < 64 * deepest:
        positions = np.repeat(firsts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        return Tree(chosen, by_parent[positions + np.arange(int(counts.sum()))], counts, None)
    slots = tuple(int((counts > depth).sum()) for depth in range(deepest))
    dyads = np.concatenate([by_parent[firsts[:size] + depth] for depth, size in enumerate(slots)])
    return Tree(chosen, dyads, counts, slots)
