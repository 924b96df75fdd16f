"""Contrasts of fixed effects from the ways people write them."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from analysis.gaussian.inference import SmallSample
from analysis.terms.table import Array


def contrast_matrix(contrasts: Any, names: tuple[str, ...]) -> Array:
    """A matrix (r, p) from a term name, a list of names (one row each), a dict name -> weight (one row), a
    list of dicts, or an array (p,) or (r, p). ``ValueError`` names a term the model does not have."""
    if isinstance(contrasts, str):
        contrasts = [contrasts]
    if isinstance(contrasts, dict):
        contrasts = [contrasts]
    if isinstance(contrasts, list | tuple) and contrasts and isinstance(contrasts[0], str | dict):
        rows = [_row({one: 1.0} if isinstance(one, str) else one, names) for one in contrasts]
        return _checked(np.stack(rows))
    matrix = np.atleast_2d(np.asarray(contrasts, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise ValueError(f"A contrast needs {len(names)} weights, one per fixed effect; got shape {matrix.shape}.")
    return _checked(matrix)


def _checked(matrix: Array) -> Array:
    if not bool(np.isfinite(matrix).all()):
        raise ValueError("A contrast needs finite weights that are not only zeros.")
    if not matrix.size or not bool(np.any(matrix, axis=1).all()):
        raise ValueError("A contrast needs finite weights that are not only zeros.")
    return matrix


def _row(weights: dict[str, float], names: tuple[str, ...]) -> Array:
    row = np.zeros(len(names))
    for name, weight in weights.items():
        if name not in names:
            raise ValueError(f"The model has no fixed effect '{name}'; it has {', '.join(names)}.")
        row[names.index(name)] = weight
    return row


def contrast_table(beta: Array, matrix: Array, method: SmallSample, confidence: float) -> pd.DataFrame:
    """One row per contrast: estimate, std_error, df, statistic (t), p, ci_low, ci_high (Wald with t)."""
    values = matrix @ beta
    errors = np.sqrt(np.einsum("ra,ab,rb->r", matrix, method.vcov, matrix))
    dfs = np.array([method.df(row) for row in matrix])
    half = stats.t.ppf(0.5 + confidence / 2, dfs) * errors
    return pd.DataFrame(
        {
            "estimate": values,
            "std_error": errors,
            "df": dfs,
            "statistic": values / errors,
            "p": 2 * stats.t.sf(np.abs(values / errors), dfs),
            "ci_low": values - half,
            "ci_high": values + half,
        }
    )
