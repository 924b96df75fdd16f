"""Residuals that are not independent with one variance, and how rows are whitened so that the engine need not
know.

* :class:`CAR1`: correlation ``phi ** |t_i - t_j|`` between entries of one group, on real time.
* :class:`Strata`: one residual variance per label of a factor (nlme's ``varIdent``).
* :class:`Pairs`: an unstructured 2 x 2 residual covariance within pairs of rows (nlme's ``corSymm`` with
  ``varIdent``), as stacked mediation and the one-with-many model need.

A whitened row is ``R^(-1/2)`` times the row; R has the same determinant terms in the criterion as log
weights. Source: Pinheiro and Bates (2000), Mixed-Effects Models in S and S-PLUS, section 5.1, doi
10.1007/b98882.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.gaussian.whitening import BoundCAR1, BoundPairs, BoundStrata
from analysis.terms.design import Design
from analysis.terms.table import Array, Codes, Labels
from analysis.terms.variables import combine


@dataclass(frozen=True)
class CAR1:
    """Residuals of one ``within`` group correlate ``phi ** |difference of time|``, phi between 0 and 1.

    ``time`` names a numeric column (any unit; phi is the correlation one unit apart); ``within`` names one or
    more columns whose combinations are the series, usually the dyad. Two entries of a series at the same time
    are refused.
    """

    time: str
    within: str | tuple[str, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numeric columns needed."""
        return (self.time,)

    @property
    def labels(self) -> tuple[str, ...]:
        """Label columns needed."""
        return (self.within,) if isinstance(self.within, str) else self.within

    def bind(self, design: Design) -> "BoundCAR1":
        """Read the columns; raises ``ValueError`` for two entries of a series at one time."""
        time = _numbers(design, self.time)
        series = _codes(design, self.labels)
        order = np.lexsort((time, series))
        same = series[order][1:] == series[order][:-1]
        gap = np.diff(time[order])
        if bool(np.any(same & (gap == 0))):
            row = int(order[1:][same & (gap == 0)][0])
            raise ValueError(
                f"Two entries of one '{':'.join(self.labels)}' have the same '{self.time}' ({time[row]:g}); "
                "CAR(1) "
                "residuals need distinct times."
            )
        gaps = np.full(time.size, np.inf)
        gaps[1:][same] = gap[same]
        usual = float(np.median(gap[same])) if bool(same.any()) else 1.0
        return BoundCAR1(order, gaps, usual)


@dataclass(frozen=True)
class Strata:
    """One residual variance per label of column ``by``; parameters are standard deviations relative to the
    first."""

    by: str
    numbers: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Label columns needed."""
        return (self.by,)

    def bind(self, design: Design) -> "BoundStrata":
        """Read the column."""
        codes, names = _sorted_labels(design, self.by)
        return BoundStrata(codes, names)


@dataclass(frozen=True)
class Pairs:
    """Rows with the same ``within`` combination are a pair told apart by the two labels of ``by``; their
    residuals have two variances and one correlation. A row without its partner is allowed."""

    by: str
    within: str | tuple[str, ...]
    numbers: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Label columns needed."""
        return (self.by, *((self.within,) if isinstance(self.within, str) else self.within))

    def bind(self, design: Design) -> "BoundPairs":
        """Read the columns; raises ``ValueError`` unless ``by`` has two labels, each once per pair."""
        codes, names = _sorted_labels(design, self.by)
        if len(names) != 2:
            raise ValueError(f"Pairs need exactly two labels in '{self.by}'; it has {len(names)}.")
        pairs = _codes(design, self.labels[1:])
        order = np.lexsort((codes, pairs))
        same = pairs[order][1:] == pairs[order][:-1]
        if bool(np.any(same & (codes[order][1:] == codes[order][:-1]))):
            raise ValueError(f"A '{':'.join(self.labels[1:])}' has two rows with the same '{self.by}'.")
        second = order[1:][same]
        return BoundPairs(codes, names, order[:-1][same], second)


def _numbers(design: Design, name: str) -> Array:
    value = design.extra[name]
    if isinstance(value, Labels):
        raise ValueError(f"'{name}' holds labels where numbers are needed.")
    return value


def _codes(design: Design, names: Sequence[str]) -> Codes:
    labels = [design.extra[name] for name in names]
    codes = combine([label.codes for label in labels if isinstance(label, Labels)])
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _sorted_labels(design: Design, name: str) -> tuple[Codes, tuple[str, ...]]:
    label = design.extra[name]
    assert isinstance(label, Labels)
    present = np.unique(label.codes)
    names = sorted(str(label.levels[code]) for code in present)
    place = {text: at for at, text in enumerate(names)}
    table = np.array([place.get(str(level), 0) for level in label.levels], dtype=np.int64)
    return table[label.codes], tuple(names)
