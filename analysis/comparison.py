"""Likelihood-ratio tests between fits, and a refusal where they mean nothing."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from analysis.terms.design import Design
from analysis.terms.table import Array

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit


def compare(*fits: "Fit", refit: bool = False) -> pd.DataFrame:
    """Likelihood-ratio tests of each fit against the next smaller one.

    Columns: formula, parameters, aic, bic, loglik, deviance, chi_squared, df, p. With ``refit`` REML fits are
    fitted again by ML first. Raises ``ValueError`` when the fits are not on the same rows, outcome, weights and
    offset, when REML fits differ in their fixed part, when REML and ML are mixed, or when a larger model fits
    worse than a smaller one. A variance tested against zero is on its
    boundary: p is then too large (Self and Liang 1987, doi 10.1080/01621459.1987.10478472).
    """
    if len(fits) < 2:
        raise ValueError("compare() needs at least two fits.")
    if refit:
        fits = tuple(fit.refit(reml=False) if fit.reml else fit for fit in fits)
    _check(fits)
    ordered = sorted(fits, key=lambda fit: fit.n_parameters)
    table = pd.DataFrame(
        {
            "formula": [fit.formula for fit in ordered],
            "parameters": [fit.n_parameters for fit in ordered],
            "aic": [fit.aic for fit in ordered],
            "bic": [fit.bic for fit in ordered],
            "loglik": [fit.loglik for fit in ordered],
            "deviance": [fit.deviance for fit in ordered],
        }
    )
    table["chi_squared"] = -table["deviance"].diff()
    table["df"] = table["parameters"].diff()
    table["p"] = stats.chi2.sf(table["chi_squared"].clip(lower=0), table["df"])
    _refuse_worse(table)
    table.loc[table["df"] == 0, ["chi_squared", "p"]] = np.nan
    table.loc[0, "p"] = np.nan
    return table


def _check(fits: tuple["Fit", ...]) -> None:
    first = fits[0]
    for other in fits[1:]:
        if other.n_rows != first.n_rows or not _same_outcome(first, other):
            raise ValueError(
                f"The fits use different rows ({first.n_rows} and {other.n_rows}) or outcomes, so their "
                "likelihoods "
                "cannot be compared; fit them on the rows that are complete for all of them."
            )
        if other.family != first.family:
            raise ValueError(
                f"The fits are of different families ({first.family} and {other.family}), so their likelihoods cannot "
                "be compared."
            )
        if other.reml != first.reml:
            raise ValueError("One fit is REML and one is ML; fit both by ML, or pass refit=True.")
        for role in ("weights", "offset"):
            if not _same(getattr(first.design, role), getattr(other.design, role), 1.0 if role == "weights" else 0.0):
                raise ValueError(f"The fits have different {role}, so their likelihoods cannot be compared.")
        if first.reml and not _same_fixed(first.design, other.design):
            raise ValueError(
                "REML likelihoods of models with different fixed effects cannot be compared; fit both with "
                "reml=False, "
                "or pass refit=True."
            )


def _same_outcome(first: "Fit", other: "Fit") -> bool:
    """Whether the outcomes are the same; of fits from a file, by name and by the size of the values."""
    if first.design.response.size or other.design.response.size:
        return np.array_equal(other.design.response, first.design.response)
    a, b = first.estimate.assembly.standard, other.estimate.assembly.standard
    sizes = [(one.outcome_scale, one.outcome_shift) for one in (a, b)]
    named = first.design.formula.response == other.design.formula.response
    return named and bool(np.allclose(sizes[0], sizes[1], rtol=1e-9, atol=0.0))


def _same(first: Array | None, other: Array | None, absent: float) -> bool:
    return bool(np.all((absent if first is None else first) == (absent if other is None else other)))


def _same_fixed(first: Design, other: Design) -> bool:
    """Whether two designs have the same fixed columns, by name and value."""
    if set(first.names) != set(other.names):
        return False
    there = {column.name: column for column in other.columns}
    if not first.response.size:
        return True
    pairs = [(one.values(first.height), there[one.name].values(first.height)) for one in first.columns]
    return all(bool(np.allclose(a, b, rtol=1e-9, atol=1e-12 * float(np.abs(a).max(initial=0)))) for a, b in pairs)


def _refuse_worse(table: pd.DataFrame) -> None:
    worse = (table["df"] > 0) & (table["chi_squared"] < -np.maximum(1e-6, 1e-9 * table["deviance"].abs()))
    if bool(worse.any()):
        at = int(np.flatnonzero(worse)[0])
        raise ValueError(
            f"'{table['formula'][at]}' has more parameters than '{table['formula'][at - 1]}' and fits worse, so "
            "they are not nested or one has not converged, and a likelihood-ratio test means nothing."
        )
