"""Bad input to a Laplace fit, refused in one plain sentence that names the column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.laplace.blocks import Floats, Ints

FAMILIES = (
    "binomial",
    "poisson",
    "negative_binomial",
    "ordinal",
    "truncated_poisson",
    "truncated_negative_binomial",
)
_COLLINEAR = 1e-10


def checked_family(family: str) -> str:
    """The family's name, or a ValueError that lists the known ones."""
    if family not in FAMILIES:
        raise ValueError(f"family {family!r} is unknown: use one of {', '.join(FAMILIES)}")
    return family


def finite_vector(values: npt.ArrayLike, name: str, rows: int | None = None) -> Floats:
    """A float vector of the right length without missing or infinite values."""
    vector = np.asarray(values, dtype=float)
    if vector.ndim != 1:
        raise ValueError(f"{name} must be one column, not an array of shape {vector.shape}")
    if rows is not None and vector.size != rows:
        raise ValueError(f"{name} has {vector.size} rows but the outcome has {rows}")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} has missing or infinite values")
    return vector


def finite_columns(values: npt.ArrayLike, names: Sequence[str], rows: int) -> Floats:
    """Columns (rows, p), transposed to (p, rows) and made contiguous, all finite and one name each."""
    matrix = np.asarray(values, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != rows:
        raise ValueError(f"the model matrix must have {rows} rows, one per outcome, but its shape is {matrix.shape}")
    if len(names) != matrix.shape[1]:
        raise ValueError(f"{len(names)} names were given for {matrix.shape[1]} columns")
    out = np.ascontiguousarray(matrix.T)
    for name, column in zip(names, out, strict=True):
        if not np.isfinite(column.sum()) and not np.isfinite(column).all():
            raise ValueError(f"column {name!r} has missing or infinite values")
    return out


def check_outcome(y: Floats, family: str, weights: Floats | None) -> None:
    """Refuses outcomes outside the family's range."""
    if family == "binomial":
        if ((y < 0) | (y > 1)).any():
            raise ValueError("the outcome of a binomial model must lie between 0 and 1")
        wins = y if weights is None else y * weights
        if (np.abs(wins - np.rint(wins)) > 1e-6).any():
            raise ValueError(
                "the outcome of a binomial model must be 0 or 1, or a proportion whose weights are the trials"
            )
        if y.min() == y.max() and y[0] in (0.0, 1.0):
            raise ValueError(f"the outcome is always {y[0]:g}, so there is nothing to explain")
    elif family == "ordinal":
        if np.unique(y).size < 2:
            raise ValueError("the outcome of an ordinal model has only one category")
    else:
        least = 1 if family.startswith("truncated") else 0
        if (y < least).any() or (y != np.rint(y)).any():
            raise ValueError(f"the outcome of a {family} model must be whole numbers of {least} or more")
        if y.max() == least and family.startswith("truncated") or y.max() == 0:
            raise ValueError(f"the outcome is always {least}, so there is nothing to explain")


def check_weights(weights: Floats) -> None:
    """Weights must be positive."""
    if (weights <= 0).any():
        raise ValueError("weights must be positive")


def group_codes(values: npt.NDArray[Any], name: str, rows: int) -> Ints:
    """Whole-number codes of a grouping column; small whole numbers stay as they are."""
    codes = np.asarray(values)
    if codes.shape != (rows,):
        raise ValueError(f"{name} has shape {codes.shape} but the outcome has {rows} rows")
    if not (codes.dtype.kind in "iu" and codes.min() >= 0 and codes.max() <= 8 * rows + 1000):
        if codes.dtype.kind == "f" and not np.isfinite(codes).all():
            raise ValueError(f"{name} has missing or infinite values")
        codes = np.unique(codes, return_inverse=True)[1]
    if codes.min() == codes.max():
        raise ValueError(f"{name} has one group only: leave out its random effect")
    return codes.astype(np.intp)


def check_columns(x: Floats, names: Sequence[str], intercept: int | None, ordinal: bool) -> None:
    """Refuses constant and collinear columns; `x` (p, n) is centred and scaled."""
    for j, name in enumerate(names):
        if j != intercept and np.ptp(x[j]) == 0:
            hint = "the thresholds of an ordinal model are its intercepts" if ordinal else "drop it"
            raise ValueError(f"column {name!r} is constant: {hint}")
    gram = x @ x.T / x.shape[1]
    size = np.sqrt(np.diag(gram))
    gram = gram / np.outer(size, size)
    factor = np.zeros_like(gram)
    for j, name in enumerate(names):
        for k in range(j):
            factor[j, k] = (gram[j, k] - factor[j, :k] @ factor[k, :k]) / factor[k, k]
        left = gram[j, j] - factor[j, :j] @ factor[j, :j]
        if left < _COLLINEAR:
            with_ = [names[k] for k in range(j) if abs(factor[j, k]) > 1e-6]
            raise ValueError(f"column {name!r} is a combination of {', '.join(map(repr, with_))}: drop one of them")
        factor[j, j] = np.sqrt(left)


def check_nested(dyad: Ints, labels: npt.NDArray[Any], names: tuple[str, str]) -> None:
    """Refuses a dyad that appears under two professionals; `dyad` has one code per block of sorted rows."""
    order = np.argsort(dyad, kind="stable")
    again = np.flatnonzero(np.diff(dyad[order]) == 0)
    if again.size:
        raise ValueError(
            f"{names[1]} {labels[order[again[0]]]} appears under more than one {names[0]}: "
            f"give each {names[1]} its own code"
        )
