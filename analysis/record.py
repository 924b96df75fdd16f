"""A fit as plain data, for JSON and for reports."""

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit


def fit_record(fit: "Fit") -> dict[str, Any]:
    """Every number of a Gaussian fit as JSON-ready values; infinite and missing numbers become None."""
    record = {
        "notes": list(fit.notes),
        "formula": fit.formula,
        "family": fit.family,
        "method": "REML" if fit.reml else "ML",
        "df_method": fit.df_method,
        "rows": fit.n_rows,
        "groups": fit.n_groups,
        "missing": _rows(fit.missing),
        "converged": fit.convergence.converged,
        "convergence": asdict(fit.convergence),
        "singular": fit.singular,
        "singular_terms": list(fit.singular_terms),
        "coefficients": _rows(fit.coefficients),
        "variance_components": _rows(fit.variance_components),
        "icc": _rows(fit.icc),
        "explained": _rows(fit.explained) if fit.has_rows else None,
        "r2_marginal": fit.r2_marginal if fit.has_rows else None,
        "r2_conditional": fit.r2_conditional if fit.has_rows else None,
        "loglik": fit.loglik,
        "deviance": fit.deviance,
        "aic": fit.aic,
        "bic": fit.bic,
        "parameters": fit.n_parameters,
    }
    clean: dict[str, Any] = _clean(record)
    return clean


def generalised_record(fit: Any) -> dict[str, Any]:
    """The same for a binary, count or ordinal fit, as far as it has the numbers."""
    record = {
        "notes": list(fit.notes) if hasattr(fit, "notes") else [],
        "formula": fit.formula,
        "family": fit.family,
        "coefficients": _rows(fit.coefficients),
        "variance_components": _rows(fit.variance_components),
        "loglik": fit.log_likelihood,
        "deviance": fit.deviance,
        "aic": fit.aic,
        "bic": fit.bic,
        "converged": fit.converged,
        "singular": fit.singular,
    }
    clean: dict[str, Any] = _clean(record)
    return clean


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
