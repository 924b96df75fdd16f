"""Mixed models for binary, count and ordered outcomes of dyads in professionals, by Laplace approximation.

    fit = fit_laplace(y, X, professional_codes, dyad_codes, names=["(Intercept)", "conflict"])

The joint for a formula front: hand over the outcome, the model matrix with its intercept column (without
one for `ordinal`, whose thresholds take its place), one code per row for each level, and, for random
slopes, the columns and names in `RandomColumns`. Offsets, weights and row order are passed through; rows
need no sorting and must be complete. A level that the formula does not name is passed as None. Each dyad
needs a code of its own: a client code that is repeated under two professionals is refused as crossed.

Families: `binomial` (0/1, or proportions with the trials as weights), `poisson`, `negative_binomial`
(variance mu + mu^2/size), `ordinal` (cumulative logit), `truncated_poisson` and
`truncated_negative_binomial` (counts of one or more). The two parts of a hurdle are fitted by
`analysis.laplace.hurdle.fit_hurdle`.

The approximation is the first-order one of glmmTMB and of lme4 with nAGQ = 1: accurate when a group has
several rows, biased towards small variances for binary rows in tiny groups (Breslow & Lin 1995, doi
10.1093/biomet/82.1.81).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.laplace.blocks import Floats
from analysis.laplace.checks import check_outcome, check_weights, checked_family, finite_vector
from analysis.laplace.design import Design, Pieces, RandomColumns, build_design
from analysis.laplace.families import Binomial, Family, NegativeBinomial, Poisson
from analysis.laplace.inner import Laplace
from analysis.laplace.ordinal import CumulativeLogit
from analysis.laplace.outer import BEYOND, Search, minimise
from analysis.laplace.parameters import Layout, Objective
from analysis.laplace.report import LARGEST_EFFECT, report
from analysis.laplace.result import LaplaceFit
from analysis.laplace.start import Start, fixed_effects_only, metric, start_vector
from analysis.laplace.truncated import TruncatedNegativeBinomial, TruncatedPoisson

_LARGEST_LOGIT_SD = 25.0
_LARGEST_LOG_SD = 50.0
_LARGEST_LOG_SIZE = 10.0
_REORDERINGS = 3
# The deviance of a small data set can have several minima: there the search sets out from three places.
_START_SDS = (0.5, 0.05, 1.5)
_SMALL_DATA = 400


def fit_laplace(
    y: npt.ArrayLike,
    X: npt.ArrayLike,
    professional_codes: npt.NDArray[Any] | None,
    dyad_codes: npt.NDArray[Any] | None,
    *,
    family: str = "binomial",
    offset: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    random: RandomColumns | None = None,
) -> LaplaceFit:
    """Fits y (n,) on X (n, p) with random coefficients per professional and per dyad in professional.

    `professional_codes` and `dyad_codes` (n,) may be any sortable codes; either may be None. `offset` (n,) is
    added to the linear predictor, for example log(hours of contact); `weights` (n,) are trials for binomial
    proportions and multiply a row's log-likelihood otherwise. Estimates are on the link scale (logit or log).

    Raises ValueError, naming the column, for an outcome outside the family's range, missing or infinite
    values, constant or collinear columns, a level with one group, and dyads that are not nested in
    professionals. A search that does not converge, separation included, is a field of the result.
    """
    outcome = _outcome(y, checked_family(family))
    row_weights = None if weights is None else finite_vector(weights, "weights", outcome.size)
    if row_weights is not None:
        check_weights(row_weights)
    check_outcome(outcome, family, row_weights)
    categories, codes = np.unique(outcome, return_inverse=True) if family == "ordinal" else (np.zeros(0), outcome)
    shape = categories.size - 1 if family == "ordinal" else int(family.endswith("negative_binomial"))
    width = np.shape(X)[1] if np.ndim(X) == 2 else 0
    pieces = Pieces(
        y=np.asarray(codes, dtype=float), x=X, names=tuple(names or (f"x{j + 1}" for j in range(width))),
        professional=professional_codes, dyad=dyad_codes,
        offset=None if offset is None else finite_vector(offset, "offset", outcome.size),
        weights=row_weights, shape=shape, ordinal=family == "ordinal",
    )  # fmt: skip
    design = build_design(pieces, random or RandomColumns())
    engine_family = make_family(family, design, categories)
    design, objective, start, search = _search(design, engine_family)
    if search.reason == BEYOND and isinstance(engine_family, NegativeBinomial) and search.par[-1] > _LARGEST_LOG_SIZE:
        return _without_overdispersion(design, engine_family, pieces.names)
    return report(design, engine_family, objective, search, names=pieces.names, start=start, categories=categories)


def make_family(family: str, design: Design, categories: npt.NDArray[Any]) -> Family:
    """The family's arithmetic for these rows."""
    if family == "ordinal":
        labels = tuple(f"{value:g}" for value in categories)
        return CumulativeLogit(design.rows.y, design.rows.weights, labels)
    kinds: dict[str, Any] = {
        "binomial": Binomial,
        "poisson": Poisson,
        "negative_binomial": NegativeBinomial,
        "truncated_poisson": TruncatedPoisson,
        "truncated_negative_binomial": TruncatedNegativeBinomial,
    }
    made: Family = kinds[family](design.rows.y, design.rows.weights)
    return made


def _outcome(y: npt.ArrayLike, family: str) -> Floats:
    try:
        return finite_vector(y, "the outcome")
    except (TypeError, ValueError) as error:
        if "could not convert" in str(error):
            raise ValueError(f"the outcome of a {family} model must be numbers") from error
        raise


def _search(design: Design, family: Family) -> tuple[Design, Objective, Start, Search]:
    """Searches; again with a level's random coefficients reordered where that straightens the way."""
    rows, layout = design.rows, design.layout
    laplace = Laplace(rows, family, (layout.professional.size, layout.dyad.size))
    objective = Objective(laplace, layout)
    start = fixed_effects_only(rows, family, _first_shape(design, family))
    starts = []
    for sd in _START_SDS if rows.y.size < _SMALL_DATA else _START_SDS[:1]:
        laplace.forget_modes()
        par = start_vector(layout, start, sd)
        starts.append((par, metric(objective, par, sd)))
    search = minimise(objective, starts, ceiling=_ceiling(layout, family, design.scales.intercept))
    for _ in range(_REORDERINGS):
        other = objective.layout.reordered(search.par)
        if other is None or search.reason == BEYOND:
            break
        objective.layout, par = other
        laplace.forget_modes()
        here = metric(objective, par, _START_SDS[0])
        search = minimise(objective, [(par, here)], ceiling=_ceiling(layout, family, design.scales.intercept))
    return replace(design, layout=objective.layout), objective, start, search


def _ceiling(layout: Layout, family: Family, intercept: int | None) -> Floats:
    """Parameters larger than this have their optimum at infinity."""
    out = np.full(layout.size, np.inf)
    out[: layout.cuts[1]] = _LARGEST_LOGIT_SD if family.name in ("binomial", "ordinal") else _LARGEST_LOG_SD
    out[layout.cuts[1] : layout.cuts[2]] = [np.inf if j == intercept else LARGEST_EFFECT for j in range(layout.fixed)]
    if isinstance(family, NegativeBinomial):
        out[layout.cuts[2] :] = _LARGEST_LOG_SIZE
    return out


def _without_overdispersion(design: Design, family: NegativeBinomial, names: Sequence[str]) -> LaplaceFit:
    """The limit of an infinite size: the Poisson fit, told as the boundary of the negative binomial."""
    layout = replace(design.layout, shape=0)
    poisson_design = replace(design, layout=layout)
    poisson = TruncatedPoisson if isinstance(family, TruncatedNegativeBinomial) else Poisson
    limit = poisson(design.rows.y, design.rows.weights)
    poisson_design, objective, start, search = _search(poisson_design, limit)
    fit = report(poisson_design, limit, objective, search, names=names, start=start, categories=np.zeros(0))
    said = "the size grows without limit: the counts vary no more than Poisson counts do"
    return replace(
        fit, family=family.name, shape_names=family.shape_names, shape=np.array([np.inf]),
        shape_std_errors=np.array([np.nan]), parameters=fit.parameters + 1, aic=fit.aic + 2,
        bic=fit.bic + float(np.log(fit.rows)), singular=True, singular_what=(*fit.singular_what, said),
    )  # fmt: skip


def _first_shape(design: Design, family: Family) -> Floats:
    """Thresholds from the marginal shares; a size of two for counts."""
    if not isinstance(family, CumulativeLogit):
        return np.full(design.layout.shape, np.log(2.0))
    counts = np.bincount(design.rows.y.astype(np.intp), weights=design.rows.weights)
    below = np.cumsum(counts)[:-1] / counts.sum()
    return np.asarray(np.log(below / (1 - below)))
