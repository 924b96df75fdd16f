"""Contrasts of fixed effects from the ways people write them."""

from typing import Any

import numpy as np

from analysis.table import Array


def contrast_matrix(contrasts: Any, names: tuple[str, ...]) -> Array:
    """A matrix (r, p) from a term name, a list of names (one row each), a dict name -> weight (one row), a
    list of dicts, or an array (p,) or (r, p). ``ValueError`` names a term the model does not have."""
    if isinstance(contrasts, str):
        contrasts = [contrasts]
    if isinstance(contrasts, dict):
        contrasts = [contrasts]
    if isinstance(contrasts, list | tuple) and contrasts and isinstance(contrasts[0], str | dict):
        return np.stack([_row({one: 1.0} if isinstance(one, str) else one, names) for one in contrasts])
    matrix = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise ValueError(
            f"A contrast needs {len(names)} weights, one per fixed effect; got shape {matrix.shape}."
        )
    if not bool(np.any(matrix, axis=1).all()):
        raise ValueError("A contrast with only zeros tests nothing.")
    return matrix


def _row(weights: dict[str, float], names: tuple[str, ...]) -> Array:
    row = np.zeros(len(names))
    for name, weight in weights.items():
        if name not in names:
            raise ValueError(f"The model has no fixed effect '{name}'; it has {', '.join(names)}.")
        row[names.index(name)] = weight
    return row
