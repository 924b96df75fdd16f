"""From the end of the search to the result: standard errors, variance components, what is singular."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from analysis.laplace.blocks import Floats
from analysis.laplace.design import Design, way_back
from analysis.laplace.families import Family
from analysis.laplace.outer import BEYOND, Search, pseudo_inverse
from analysis.laplace.parameters import Level, Objective
from analysis.laplace.result import LaplaceFit, LevelEffects
from analysis.laplace.start import Start

_ZERO_SD = 1e-4
_LEAST_LOG_SIZE = -5.0
LARGEST_EFFECT = 50.0
"""A coefficient, per standard deviation of its column, beyond which its optimum lies at infinity."""
_SEPARATION = "separation: column {!r} tells some outcomes apart completely, so its estimate grows without limit"


def report(
    design: Design,
    family: Family,
    objective: Objective,
    search: Search,
    *,
    names: Sequence[str],
    start: Start,
    categories: npt.NDArray[Any],
) -> LaplaceFit:
    """The result in the caller's units."""
    engine_covariance = 2 * pseudo_inverse(search.hessian)
    back = way_back(design.layout, design.scales)
    covariance = back @ engine_covariance @ back.T
    values = back @ search.par
    _, second, end = design.layout.cuts
    beta, of_beta = values[second:end], covariance[second:end, second:end]
    errors = np.sqrt(np.diag(covariance))
    if search.reason == BEYOND:
        errors = np.full_like(errors, np.nan)
    errors[[second + j for j in start.separating]] = np.nan
    statistic = beta / errors[second:end]
    reach = ndtri(0.975) * errors[second:end]
    levels = tuple(level_effects(design, objective, search.par))
    what = tuple(sentence for level in levels for sentence in singular_sentences(level, _units(design, level)))
    reason = _reason(search, start, names, family, search.par[second:end])
    size, n = design.layout.size, design.rows.y.size
    return LaplaceFit(
        family=family.name, names=tuple(names), estimates=beta, std_errors=errors[second:end],
        statistic=statistic, p=2 * ndtr(-np.abs(statistic)), ci_low=beta - reach, ci_high=beta + reach,
        covariance=of_beta, shape_names=family.shape_names, shape=values[end:], shape_std_errors=errors[end:],
        categories=categories, levels=levels, log_likelihood=-search.deviance / 2, deviance=search.deviance,
        aic=search.deviance + 2 * size, bic=search.deviance + np.log(n) * size, parameters=size, rows=n,
        converged=not reason, reason=reason, evaluations=objective.evaluations,
        gradient=float(np.max(np.abs(search.gradient) * np.sqrt(np.diag(engine_covariance)))),
        singular=bool(what), singular_what=what, par=search.par, par_covariance=engine_covariance,
        design=design, engine_family=family,
    )  # fmt: skip


def level_effects(design: Design, objective: Objective, par: Floats) -> list[LevelEffects]:
    """Covariances, conditional modes and their variances at these parameters, outermost level first."""
    laplace, layout = objective.laplace, design.layout
    objective(par, tolerance=1e-16)
    load = layout.loadings(par)
    known = laplace.covariance(load, laplace.curvature(load, laplace.last_sums))
    out = []
    for name, level, modes, spread, k in (
        ("professional", layout.professional, laplace.professional_modes, known.of_professional, 0),
        ("dyad", layout.dyad, laplace.dyad_modes, known.of_dyad, 1),
    ):
        if level.size:
            # Rows in the caller's order; columns are the spherical effects, whose order is the engine's own.
            loading = _triangle(design, level, par, k)[np.argsort(level.given)]
            groups = design.rows.first_dyads if name == "professional" else slice(None)
            variances = np.einsum("ij,jkg,lk->gil", loading, spread[..., groups], loading)
            out.append(
                LevelEffects(
                    name,
                    design.level_names[k],
                    design.random_names[k],
                    loading @ loading.T,
                    design.labels[k],
                    (loading @ modes).T,
                    variances,
                )
            )
    return out


def _triangle(design: Design, level: Level, par: Floats, which: int) -> Floats:
    """L of one level in the caller's units."""
    first, second, _ = design.layout.cuts
    values = par[:first] if which == 0 else par[first:second]
    return level.triangle(values) / design.scales.z[level.columns][:, None]


def singular_sentences(level: LevelEffects, units: Floats) -> list[str]:
    """What is degenerate at one level; sd * units is its typical share of eta."""
    out = [
        f"the variance of {name} between groups of {level.name!r} is zero"
        for name, value in zip(level.names, level.sd * units, strict=True)
        if value <= _ZERO_SD
    ]
    if not out and len(level.names) > 1:
        values = np.linalg.eigvalsh(level.correlation)
        if values[0] <= 1e-6:
            out.append(f"the random coefficients {', '.join(level.names)} of {level.name!r} are perfectly correlated")
    return out


def _units(design: Design, level: LevelEffects) -> Floats:
    known = design.layout.professional if level.level == "professional" else design.layout.dyad
    return design.scales.z[known.columns[np.argsort(known.given)]]


def _reason(search: Search, start: Start, names: Sequence[str], family: Family, beta: Floats) -> str:
    if start.separating:
        return _SEPARATION.format(names[start.separating[0]])
    if search.reason == BEYOND and "log_size" in family.shape_names and search.par[-1] < _LEAST_LOG_SIZE:
        return (
            "the size of the negative binomial shrinks to zero, so the mean is not determined: "
            "a truncated Poisson may do"
        )
    if search.reason == BEYOND and np.abs(beta).max(initial=0.0) > LARGEST_EFFECT:
        return _SEPARATION.format(names[int(np.argmax(np.abs(beta)))])
    if search.reason == BEYOND:
        return (
            "a standard deviation grows without limit: outcomes hardly vary within groups, "
            "or a column tells them apart completely"
        )
    return search.reason
