"""Satterthwaite's degrees of freedom when residuals have a structure: its parameters count as variance
parameters too.

The derivation is the same as in ``inference.py``; derivatives to the residual parameters are central
differences, each of which costs a pass over the rows.
"""

from dataclasses import dataclass

import numpy as np

from analysis.gaussian.assemble import assemble
from analysis.gaussian.deviance import Free, profile
from analysis.gaussian.estimate import Estimate
from analysis.gaussian.inference import Satterthwaite, on_boundary, twice_inverse
from analysis.terms.design import Design
from analysis.terms.table import Array

WIDTH = 1e-3
"""Distance of the differences in the unconstrained residual parameters."""


@dataclass(frozen=True)
class _Look:
    """Criterion at given (not profiled) residual variance: value, gradient to the entries and sigma, vcov."""

    value: float
    gradient: Array
    vcov: Array


def structured_satterthwaite(design: Design, fit: Estimate) -> Satterthwaite:
    """Satterthwaite's method for a fit with a residual structure."""
    blocks = fit.assembly.problem.shape.blocks
    free = Free.at(fit.relative, blocks)
    sigma = float(np.sqrt(fit.sigma2))
    here = _look(design, fit, free, fit.point, sigma)
    m, r = len(free.entries), fit.point.size
    hessian = np.zeros((m + r + 1, m + r + 1))
    plain = [*range(m), m + r]
    slopes: list[Array] = []
    distance = 1e-4 * max(1e-2, free.size)
    for at in range(m):
        step = distance * np.eye(m)[at]
        up, down = (_look(design, fit, free.moved(s * step), fit.point, sigma) for s in (1, -1))
        hessian[at, plain] = (up.gradient - down.gradient) / (2 * distance)
        slopes.append((up.vcov - down.vcov) / (2 * distance))
    for at in range(r):
        step = WIDTH * np.eye(r)[at]
        up, down = (_look(design, fit, free, fit.point + s * step, sigma) for s in (1, -1))
        hessian[m + at, plain] = hessian[plain, m + at] = (up.gradient - down.gradient) / (2 * WIDTH)
        hessian[m + at, m + at] = (up.value - 2 * here.value + down.value) / WIDTH**2
        slopes.append((up.vcov - down.vcov) / (2 * WIDTH))
    for a in range(r):
        for b in range(a):
            hessian[m + a, m + b] = hessian[m + b, m + a] = _mixed(design, fit, free, sigma, a, b)
    change = 1e-4 * sigma
    up, down = (_look(design, fit, free, fit.point, sigma + s * change) for s in (1, -1))
    hessian[m + r, plain] = (up.gradient - down.gradient) / (2 * change)
    slopes.append(2 / sigma * fit.vcov)
    hessian[:m, :m] = (hessian[:m, :m] + hessian[:m, :m].T) / 2
    hessian[:m, m + r] = hessian[m + r, :m]
    spread, flat = twice_inverse(hessian)
    return Satterthwaite(fit.vcov, np.array(slopes), spread, flat or on_boundary(fit))


def _mixed(design: Design, fit: Estimate, free: Free, sigma: float, a: int, b: int) -> float:
    unit = np.eye(fit.point.size) * WIDTH
    total = 0.0
    for sa in (1, -1):
        for sb in (1, -1):
            total += sa * sb * _look(design, fit, free, fit.point + sa * unit[a] + sb * unit[b], sigma).value
    return total / (4 * WIDTH**2)


def _look(design: Design, fit: Estimate, free: Free, point: Array, sigma: float) -> _Look:
    assembly = assemble(design, fit.bound.at(point), checked=False)
    standard = assembly.standard
    found = profile(assembly.problem, standard.standard_psi(free.psis), fit.reml)
    rss = found.rss * standard.outcome_scale**2
    constant = assembly.reml_constant if fit.reml else assembly.ml_constant
    profiled = found.nu * (1 + float(np.log(found.rss / found.nu)))
    value = found.deviance + constant - profiled - 2 * found.nu * float(np.log(standard.outcome_scale))
    value += found.nu * 2 * float(np.log(sigma)) + rss / sigma**2
    gradients, _ = found.psi_gradients(standard.outcome_scale**2 / sigma**2)
    forth = [np.linalg.inv(back) for back in standard.random]
    raw = [there.T @ gradient @ there for there, gradient in zip(forth, gradients, strict=True)]
    slope = 2 * found.nu / sigma - 2 * rss / sigma**3
    vcov = sigma**2 * standard.fixed @ found.inverse @ standard.fixed.T
    return _Look(value, np.append(free.gradient(raw), slope), vcov)
