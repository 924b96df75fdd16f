"""Degrees of freedom for small samples: Satterthwaite's, and the tests they serve.

Satterthwaite: with v = l' V l the variance of a contrast, g its derivative to the variance parameters and A
twice the inverse Hessian of the criterion, ``df = 2 v^2 / (g' A g)`` (Giesbrecht and Burns 1985, doi
10.2307/2530870). A joint contrast is turned into uncorrelated ones and their df are pooled (Fai and Cornelius
1996, doi 10.1080/00949659608811740), as lmerTest does (Kuznetsova et al. 2017, doi 10.18637/jss.v082.i13).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from analysis.gaussian.deviance import Free, profile
from analysis.gaussian.estimate import Estimate
from analysis.terms.table import Array

FLAT = 1e-8
"""Hessian eigenvalues below this share of the largest count as directions the data say nothing about."""


@dataclass(frozen=True)
class Test:
    """A test of ``L beta = 0``: ``statistic`` F, ``df1`` rows that are independent, ``df2``, ``p``."""

    statistic: float
    df1: int
    df2: float
    p: float


class SmallSample(Protocol):
    """A method for degrees of freedom, bound to one fit. ``vcov`` (p, p) is the covariance it tests with;
    ``flagged`` says that the fit is singular, so that df hold only conditionally on the boundary."""

    @property
    def vcov(self) -> Array:
        """Covariance it tests with (p, p)."""

    @property
    def flagged(self) -> bool:
        """Whether the fit is singular."""

    def df(self, contrast: Array) -> float:
        """Degrees of freedom of one contrast (p,)."""

    def test(self, beta: Array, contrasts: Array) -> Test:
        """F test of several contrasts (r, p) at once."""


@dataclass(frozen=True)
class Satterthwaite:
    """``vcov`` (p, p), its ``slopes`` (m, p, p) to the variance parameters, ``spread`` (m, m) their
    covariance."""

    vcov: Array
    slopes: Array
    spread: Array
    flagged: bool

    def df(self, contrast: Array) -> float:
        """Degrees of freedom of one contrast (p,)."""
        variance = float(contrast @ self.vcov @ contrast)
        slope = np.einsum("a,mab,b->m", contrast, self.slopes, contrast)
        uncertainty = float(slope @ self.spread @ slope)
        return np.inf if uncertainty <= 0 else 2 * variance**2 / uncertainty

    def test(self, beta: Array, contrasts: Array) -> Test:
        """F test of several contrasts (r, p) at once; linearly dependent rows are told and left out."""
        values, vectors = np.linalg.eigh(contrasts @ self.vcov @ contrasts.T)
        keep = values > 1e-10 * values.max()
        turned = vectors[:, keep].T @ contrasts
        t_squared = (turned @ beta) ** 2 / values[keep]
        count = int(keep.sum())
        statistic = float(t_squared.mean())
        df2 = pooled_df([self.df(row) for row in turned])
        return Test(statistic, count, df2, float(stats.f.sf(statistic, count, df2)))


def pooled_df(dfs: list[float]) -> float:
    """Denominator df of an F statistic made of independent t statistics with ``dfs``."""
    if len(dfs) == 1:
        return dfs[0]
    if max(dfs) - min(dfs) < 1e-8:
        return float(np.mean(dfs))
    if min(dfs) <= 2:
        return 2.0
    total = sum(1.0 if np.isinf(df) else df / (df - 2) for df in dfs)
    return np.inf if total <= len(dfs) else 2 * total / (total - len(dfs))


def satterthwaite(fit: Estimate) -> Satterthwaite:
    """Derivatives and Hessian at the fit: the gradient exact, the Hessian by its central differences."""
    if fit.bound is not None:
        raise ValueError("A fit with a residual structure needs structured_satterthwaite.")
    here, problem = fit.profile, fit.assembly.problem
    free = Free.at(here.sweep.psis, problem.shape.blocks)
    sigma = float(np.sqrt(here.sigma2))
    size = len(free.entries)
    hessian = np.empty((size + 1, size + 1))
    distance = 1e-4 * max(1e-2, free.size)
    for at in range(size):
        sides = []
        for sign in (1, -1):
            moved = free.moved(sign * distance * np.eye(size)[at])
            found = profile(problem, moved.psis, fit.reml)
            fixed_sigma = moved.gradient(found.psi_gradients(1 / here.sigma2)[0])
            sides.append(np.append(fixed_sigma, 2 * here.nu / sigma - 2 * found.rss / sigma**3))
        hessian[at] = (sides[0] - sides[1]) / (2 * distance)
    hessian[size, size] = -2 * here.nu / sigma**2 + 6 * here.rss / sigma**4
    hessian[size, :size] = hessian[:size, size] = 2 / sigma**3 * free.gradient(here.psi_gradients()[1])
    hessian = (hessian + hessian.T) / 2
    spread, flat = twice_inverse(hessian)
    return Satterthwaite(fit.vcov, _vcov_slopes(fit, free), spread, flat or on_boundary(fit))


def twice_inverse(hessian: Array) -> tuple[Array, bool]:
    """Twice the inverse of a Hessian over the directions that are not flat, and whether any was."""
    values, vectors = np.linalg.eigh(hessian)
    keep = values > FLAT * values.max()
    return 2 * (vectors[:, keep] / values[keep]) @ vectors[:, keep].T, not bool(keep.all())


def _vcov_slopes(fit: Estimate, free: Free) -> Array:
    """Derivatives of vcov to the free entries and to sigma (standard units), shape (m + 1, p, p)."""
    here, standard = fit.profile, fit.assembly.standard
    p = here.beta.size
    back = standard.fixed @ here.inverse
    slopes = []
    for direction in free.directions:
        cross = here.sweep.crosses[direction.level][:, :, :p, :p]
        change = np.einsum("r,rab->ab", direction.vector, cross[direction.row] + cross[:, direction.row])
        slopes.append(fit.sigma2 * back @ change @ back.T)
    slopes.append(2 / np.sqrt(here.sigma2) * fit.vcov)
    return np.array(slopes)


def on_boundary(fit: Estimate, threshold: float = 1e-4) -> bool:
    """Whether any random covariance is singular."""
    return any(boundary for level in boundaries(fit, threshold) for boundary in level)


def boundaries(fit: Estimate, threshold: float = 1e-4) -> list[list[bool]]:
    """Per level and block, whether its covariance has (nearly) lost rank; lme4's tolerance, on standard
    columns."""
    found = []
    for psi, blocks in zip(fit.profile.sweep.psis, fit.assembly.problem.shape.blocks, strict=True):
        found.append([_rank_lost(psi[np.ix_(block, block)], threshold) for block in blocks])
    return found


def _rank_lost(psi: Array, threshold: float) -> bool:
    sd = np.sqrt(np.diag(psi))
    if bool(np.any(sd < threshold)):
        return True
    return bool(np.linalg.eigvalsh(psi / np.outer(sd, sd)).min() < threshold**1.5)
