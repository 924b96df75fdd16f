"""From a caller's arrays to sorted, scaled rows, and the linear map back to the caller's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.laplace.blocks import Floats, Ints
from analysis.laplace.checks import check_columns, check_nested, finite_columns, group_codes
from analysis.laplace.parameters import Layout, Level
from analysis.laplace.rows import Rows, lay_out


@dataclass(frozen=True)
class RandomColumns:
    """What varies between groups. Without it, every level has a random intercept.

    `professional` and `dyad` are columns (n, q), each with its names; None is an intercept. `correlated` says
    whether the coefficients of a level correlate, `level_names` what messages call it (professional, dyad).
    """

    professional: npt.NDArray[np.float64] | None = None
    professional_names: tuple[str, ...] = ("(Intercept)",)
    dyad: npt.NDArray[np.float64] | None = None
    dyad_names: tuple[str, ...] = ("(Intercept)",)
    correlated: tuple[bool, bool] = (True, True)
    level_names: tuple[str, str] = ("professional", "dyad")


@dataclass(frozen=True)
class Scales:
    """What was taken off the columns of X (mean) and what they and those of z were divided by."""

    middle: Floats
    spread: Floats
    intercept: int | None
    z: Floats


@dataclass(frozen=True)
class Design:
    """Rows in engine order and units, with what is needed to come back."""

    rows: Rows
    layout: Layout
    scales: Scales
    random_names: tuple[tuple[str, ...], tuple[str, ...]]
    level_names: tuple[str, str]
    labels: tuple[npt.NDArray[Any], npt.NDArray[Any]]
    """Code of each professional and of each dyad, in engine order."""


@dataclass(frozen=True)
class Pieces:
    """Checked input: outcome, columns with names, grouping columns (None where a level is absent)."""

    y: Floats
    x: npt.ArrayLike
    names: Sequence[str]
    professional: npt.NDArray[Any] | None
    dyad: npt.NDArray[Any] | None
    offset: Floats | None
    weights: Floats | None
    shape: int
    ordinal: bool


def build_design(pieces: Pieces, random: RandomColumns) -> Design:
    """Checks, scales and sorts."""
    n = pieces.y.size
    x = finite_columns(pieces.x, pieces.names, n)
    middle, spread, intercept = _scales(x, pieces.ordinal)
    x -= middle[:, None]
    x /= spread[:, None]
    check_columns(x, pieces.names, intercept, pieces.ordinal)
    if pieces.professional is None and pieces.dyad is None:
        raise ValueError("a mixed model needs professional codes, dyad codes or both")
    professional, dyad = _codes(pieces, n, random.level_names)
    z, z_scale, levels = _random_columns(pieces, random, n)
    rows = lay_out((pieces.y, x, z), (professional, dyad), offset=pieces.offset, weights=pieces.weights)
    layout = Layout(levels[0], levels[1], x.shape[0], pieces.shape, z.shape[0])
    labels = _labels(pieces, rows)
    if pieces.professional is not None and pieces.dyad is not None:
        check_nested(
            dyad[rows.starts if rows.order is None else rows.order[rows.starts]],
            labels[1],
            random.level_names,
        )
    names = tuple(
        tuple(given) if level.size else ()
        for given, level in zip((random.professional_names, random.dyad_names), levels, strict=True)
    )
    scales = Scales(middle, spread, intercept, z_scale)
    return Design(rows, layout, scales, (names[0], names[1]), random.level_names, labels)


def _scales(x: Floats, ordinal: bool) -> tuple[Floats, Floats, int | None]:
    """Mean and standard deviation to take off each column, and the intercept's place if there is one."""
    constant = np.flatnonzero((x == x[:, :1]).all(axis=1) & (x[:, 0] != 0))
    intercept = int(constant[0]) if constant.size and not ordinal else None
    middle, spread = x.mean(axis=1), x.std(axis=1)
    if intercept is None and not ordinal:
        middle, spread = np.zeros(x.shape[0]), np.sqrt((x * x).mean(axis=1))
    if intercept is not None:
        middle[intercept], spread[intercept] = 0.0, x[intercept, 0]
    return middle, np.where(spread > 1e-12 * np.abs(middle), spread, 1.0), intercept


def _codes(pieces: Pieces, n: int, names: tuple[str, str]) -> tuple[Ints, Ints]:
    """Sorting codes; an absent level is one group (professional) or the same groups (dyad)."""
    none = np.zeros(n, dtype=np.intp)
    professional = none if pieces.professional is None else group_codes(pieces.professional, names[0], n)
    dyad = none if pieces.dyad is None else group_codes(pieces.dyad, names[1], n)
    return professional, dyad


def _random_columns(pieces: Pieces, random: RandomColumns, n: int) -> tuple[Floats, Floats, tuple[Level, Level]]:
    """Distinct scaled columns (m, n), their scales, and which of them each level uses."""
    columns: list[Floats] = []
    levels = []
    for codes, given, names, correlated in (
        (pieces.professional, random.professional, random.professional_names, random.correlated[0]),
        (pieces.dyad, random.dyad, random.dyad_names, random.correlated[1]),
    ):
        places = []
        if codes is not None:
            for column in np.ones((1, n)) if given is None else finite_columns(given, names, n):
                same = [k for k, known in enumerate(columns) if np.array_equal(known, column)]
                places.append(same[0] if same else len(columns))
                if not same:
                    columns.append(column)
            constant = [name for name, k in zip(names, places, strict=False) if np.ptp(columns[k]) == 0]
            if len(constant) > 1 or len(set(places)) < len(places):
                said = constant[-1] if len(constant) > 1 else names[-1]
                raise ValueError(f"the random slope {said!r} does not vary, or repeats another")
        levels.append(Level(np.array(places, dtype=np.intp), correlated, np.arange(len(places), dtype=np.intp)))
    z = np.array(columns)
    scale = np.sqrt((z * z).mean(axis=1))
    if (scale == 0).any():
        raise ValueError("a random slope is zero in every row")
    return z / scale[:, None], scale, (levels[0], levels[1])


def _labels(pieces: Pieces, rows: Rows) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    firsts = rows.starts if rows.order is None else rows.order[rows.starts]
    none = np.zeros(0)
    professional = none if pieces.professional is None else np.asarray(pieces.professional)[firsts[rows.first_dyads]]
    return professional, none if pieces.dyad is None else np.asarray(pieces.dyad)[firsts]


def way_back(layout: Layout, scales: Scales) -> Floats:
    """The matrix from engine parameters to reported ones."""
    first, second, end = layout.cuts
    back = np.eye(layout.size)
    for level, low in ((layout.professional, 0), (layout.dyad, first)):
        for k, row in enumerate(level.places[0]):
            back[low + k, low + k] = 1 / scales.z[level.columns[row]]
    back[range(second, end), range(second, end)] = 1 / scales.spread
    shift = scales.middle / scales.spread
    if scales.intercept is not None:
        back[second + scales.intercept, second:end] -= shift / scales.spread[scales.intercept]
    elif layout.shape and shift.any():
        back[end:, second:end] += shift
    return back
