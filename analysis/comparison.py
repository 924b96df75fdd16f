"""Likelihood-ratio tests between fits, and a refusal where they mean nothing."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit


def compare(*fits: "Fit", refit: bool = False) -> pd.DataFrame:
    """Likelihood-ratio tests of each fit against the next smaller one.

    Columns: formula, parameters, aic, bic, loglik, deviance, chi_squared, df, p. With ``refit`` REML fits are
    fitted again by ML first. Raises ``ValueError`` when the fits are not on the same rows, when REML fits
    differ in their fixed part, or when REML and ML are mixed. A variance tested against zero is on its
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
    table.loc[table["df"] == 0, ["chi_squared", "p"]] = np.nan
    table.loc[0, "p"] = np.nan
    return table


def _check(fits: tuple["Fit", ...]) -> None:
    first = fits[0]
    for other in fits[1:]:
        same = other.n_rows == first.n_rows and np.array_equal(other.design.response, first.design.response)
        if not same:
            raise ValueError(
                f"The fits use different rows ({first.n_rows} and {other.n_rows}) or outcomes, so their "
                "likelihoods "
                "cannot be compared; fit them on the rows that are complete for all of them."
            )
        if other.reml != first.reml:
            raise ValueError("One fit is REML and one is ML; fit both by ML, or pass refit=True.")
        if first.reml and set(other.design.names) != set(first.design.names):
            raise ValueError(
                "REML likelihoods of models with different fixed effects cannot be compared; fit both with "
                "reml=False, "
                "or pass refit=True."
            )
