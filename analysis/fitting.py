"""``fit``: a formula and a frame in, an immutable fit out."""

from typing import Any, Literal, overload

from analysis.gaussian.estimate import estimate
from analysis.gaussian.mixed import Fit
from analysis.laplace.formula_hurdle import FormulaHurdle
from analysis.laplace.from_design import fit_family
from analysis.laplace.generalised import GeneralisedFit
from analysis.terms.design import build_design


@overload
def fit(
    formula: str,
    frame: Any,
    reml: bool | None = None,
    family: Literal["gaussian"] = "gaussian",
    weights: Any = None,
    *,
    residual: Any = None,
    df: str = "satterthwaite",
    confidence: float = 0.95,
) -> Fit: ...
@overload
def fit(
    formula: str, frame: Any, reml: bool | None = None, family: str = "gaussian", weights: Any = None, **options: Any
) -> Fit | GeneralisedFit | FormulaHurdle: ...
def fit(
    formula: str,
    frame: Any,
    reml: bool | None = None,
    family: str = "gaussian",
    weights: Any = None,
    *,
    residual: Any = None,
    df: str = "satterthwaite",
    confidence: float = 0.95,
    **options: Any,
) -> Fit | GeneralisedFit | FormulaHurdle:
    """Fit a mixed model in lme4's notation to a pandas or polars frame.

    ``reml`` restricted (the default) or full maximum likelihood; ``family`` "gaussian", or one that
    ``analysis.laplace`` fits ("binomial", "poisson", "negative_binomial", "ordinal", "hurdle_poisson", ...),
    always by full maximum likelihood with z tests; ``weights`` a column name or array of precision weights;
    ``residual`` None, ``CAR1``, ``Strata`` or ``Pairs`` of ``analysis.residual``; ``df`` "satterthwaite" or
    "kenward-roger"; ``confidence`` of the intervals.

    Rows with a missing value in any variable used are left out and counted (``Fit.missing``). Raises
    ``ValueError`` in one sentence, naming the column, for input that cannot be fitted. Non-convergence is a
    field of the result.

    Bates, Maechler, Bolker and Walker (2015), doi 10.18637/jss.v067.i01.
    """
    if df not in ("satterthwaite", "kenward-roger"):
        raise ValueError(f"df must be 'satterthwaite' or 'kenward-roger'; got {df!r}.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence!r}.")
    if options:
        raise ValueError(f"fit() has no option {', '.join(map(repr, options))}.")
    if family != "gaussian":
        _refuse_gaussian_options(family, reml, residual, df)
        return fit_family(build_design(formula, frame, weights=weights), family, confidence)
    extra, labelled = (residual.numbers, residual.labels) if residual is not None else ((), ())
    design = build_design(formula, frame, weights=weights, extra=extra, labelled=labelled)
    if design.response_levels is not None:
        raise ValueError(f"The outcome '{design.formula.response}' holds labels; a Gaussian model needs numbers.")
    found = estimate(design, True if reml is None else reml, residual)
    return Fit(design, found, df, confidence, residual)


def _refuse_gaussian_options(family: str, reml: bool | None, residual: Any, df: str) -> None:
    if residual is not None:
        raise ValueError(f"A residual structure such as CAR(1) fits Gaussian outcomes only, not family {family!r}.")
    if df != "satterthwaite":
        raise ValueError(f"df={df!r} is for Gaussian outcomes only; family {family!r} has z tests.")
    if reml is not None:
        raise ValueError(
            f"reml is for Gaussian outcomes only; family {family!r} is always fitted by full maximum likelihood."
        )
