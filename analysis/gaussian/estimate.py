"""Estimates in raw units: assemble the problem, minimise the criterion, turn everything back."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from analysis.gaussian.assemble import Assembly, assemble
from analysis.gaussian.deviance import Profile, profile
from analysis.gaussian.optimize import Convergence, minimise
from analysis.terms.design import Design
from analysis.terms.table import Array


@dataclass(frozen=True)
class Estimate:
    """What the criterion's minimum says, in the units of the data.

    ``beta`` (p,) and its covariance ``vcov`` (p, p); ``sigma2`` residual variance; ``covariances`` per level
    (q, q); ``criterion`` the REML criterion or the deviance; ``residual`` the residual structure's parameters
    by name; ``point`` the same, unconstrained; ``assembly`` and ``profile`` behind it; ``bound`` the residual
    structure read.
    """

    beta: Array
    vcov: Array
    sigma2: float
    covariances: tuple[Array, ...]
    criterion: float
    reml: bool
    convergence: Convergence
    assembly: Assembly
    profile: Profile
    residual: dict[str, float]
    point: Array
    bound: Any = None

    @property
    def relative(self) -> list[Array]:
        """Covariances in units of the residual variance."""
        return [covariance / self.sigma2 for covariance in self.covariances]


def estimate(
    design: Design,
    reml: bool = True,
    residual: Any = None,
    start: Estimate | None = None,
    checked: bool = True,
) -> Estimate:
    """Fit ``design``. ``residual`` is None or a structure of ``analysis.residual``; ``start`` a fit to begin
    from."""
    if residual is not None:
        bound = residual.bind(design)
        if not bound.names:
            raise ValueError(f"'{residual.by}' has one label only, so the residual has one variance.")
        return _with_structure(design, reml, bound, start, checked)
    return estimate_assembled(assemble(design, checked=checked), reml, start)


def estimate_assembled(assembly: Assembly, reml: bool, start: Estimate | None = None) -> Estimate:
    """Fit a problem already assembled."""
    found, record = minimise(assembly.problem, reml, _begin(assembly, start.relative if start else None))
    return _raw(assembly, found, record, reml)


def _begin(assembly: Assembly, relative: list[Array] | None) -> list[Array] | None:
    if relative is None:
        return None
    return [psi + 1e-6 * np.eye(psi.shape[0]) for psi in assembly.standard.standard_psi(relative)]


def _raw(assembly: Assembly, found: Profile, record: Convergence, reml: bool) -> Estimate:
    standard = assembly.standard
    sigma2 = found.sigma2 * standard.outcome_scale**2
    constant = assembly.reml_constant if reml else assembly.ml_constant
    covariances = tuple(sigma2 * psi for psi in standard.raw_psi([_zeroed(psi) for psi in found.sweep.psis]))
    vcov = sigma2 * standard.fixed @ found.inverse @ standard.fixed.T
    return Estimate(
        standard.coefficients(found.beta),
        (vcov + vcov.T) / 2,
        sigma2,
        covariances,
        found.deviance + constant,
        reml,
        replace(record, start=record.start + constant, end=record.end + constant),
        assembly,
        found,
        {},
        np.empty(0),
    )


def _zeroed(psi: Array) -> Array:
    """Variances that only rounding keeps from zero, at zero."""
    keep = np.diag(psi) > 1e-14
    return psi * np.outer(keep, keep)


def criterion_at(assembly: Assembly, relative: list[Array], reml: bool) -> float:
    """The criterion at relative covariances in raw units (coefficients and residual variance profiled
    out)."""
    constant = assembly.reml_constant if reml else assembly.ml_constant
    psis = assembly.standard.standard_psi(relative)
    return profile(assembly.problem, psis, reml, gradient=False).deviance + constant


def _with_structure(design: Design, reml: bool, bound: Any, start: Estimate | None, checked: bool) -> Estimate:
    """Minimise over the residual parameters too: covariances profiled out, derivative by the envelope
    theorem."""
    assemble(design, checked=checked)
    kept, design = bound, design.taken(bound.order) if bound.order is not None else design
    bound = bound if bound.order is None else bound.in_sorted_rows()
    last: list[Estimate | None] = [start]
    evaluations = [0]

    def fitted(point: Array) -> Estimate:
        assembly = assemble(design, bound.at(point), checked=False)
        found, record = minimise(assembly.problem, reml, _begin(assembly, last[0].relative if last[0] else None))
        evaluations[0] += record.evaluations
        here = _raw(assembly, found, record, reml)
        last[0] = here
        return here

    def value_and_slope(point: Array) -> tuple[float, Array]:
        here = fitted(point)
        evaluations[0] += 2 * point.size
        return here.criterion, residual_slope(design, bound, point, here.relative, reml)

    first = bound.start if start is None or start.point.size == 0 else start.point
    found = minimize(value_and_slope, first, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 80})
    best = fitted(found.x)
    gradient = float(np.abs(found.jac).max())
    record = replace(
        best.convergence,
        converged=best.convergence.converged and gradient < 1e-2,
        steps=int(found.nit),
        evaluations=evaluations[0],
        gradient=max(gradient, best.convergence.gradient),
    )
    values = dict(zip(bound.names, map(float, bound.natural(found.x)), strict=True))
    return replace(best, convergence=record, residual=values, point=np.asarray(found.x), bound=kept)


def residual_slope(
    design: Design, bound: Any, point: Array, relative: list[Array], reml: bool, width: float = 1e-4
) -> Array:
    """Derivative of the criterion to the residual parameters at fixed relative covariances, by central
    differences."""
    slope = np.empty(point.size)
    for at in range(point.size):
        step = width * np.eye(point.size)[at]
        up = criterion_at(assemble(design, bound.at(point + step), checked=False), relative, reml)
        down = criterion_at(assemble(design, bound.at(point - step), checked=False), relative, reml)
        slope[at] = (up - down) / (2 * width)
    return slope
