"""Kenward and Roger's adjusted covariance and degrees of freedom.

Kenward and Roger (1997), doi 10.2307/2533558, in the form of Halekoh and Hojsgaard (2014), doi
10.18637/jss.v059.i09: variance parameters are the entries of the covariance matrices and the residual
variance, so their second derivatives vanish. Everything is summed over independent blocks of groups; no n by
n matrix is ever formed.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.gaussian.deviance import Profile
from analysis.gaussian.estimate import Estimate
from analysis.gaussian.inference import Test, on_boundary
from analysis.gaussian.problem import Information, Problem
from analysis.terms.table import Array

Parameter = tuple[int, int, int]


@dataclass(frozen=True)
class KenwardRoger:
    """``vcov`` (p, p) adjusted, ``plain`` (p, p) as the fit gave it, ``slopes`` (m, p, p) = plain * P_i *
    plain, ``spread`` (m, m) the covariance of the variance parameters."""

    vcov: Array
    plain: Array
    slopes: Array
    spread: Array
    flagged: bool

    def df(self, contrast: Array) -> float:
        """Degrees of freedom of one contrast (p,)."""
        return self._scaling(contrast[None, :])[0]

    def test(self, beta: Array, contrasts: Array) -> Test:
        """F test of several contrasts (r, p) at once, with Kenward and Roger's scaling of F."""
        contrasts = _independent(contrasts)
        df2, scale = self._scaling(contrasts)
        estimates = contrasts @ beta
        wald = float(estimates @ np.linalg.solve(contrasts @ self.vcov @ contrasts.T, estimates))
        count = contrasts.shape[0]
        statistic = scale * wald / count
        return Test(statistic, count, df2, float(stats.f.sf(statistic, count, df2)))

    def _scaling(self, contrasts: Array) -> tuple[float, float]:
        """Denominator df and the factor on F."""
        q = contrasts.shape[0]
        middle = np.linalg.inv(contrasts @ self.plain @ contrasts.T)
        turned = np.array([middle @ contrasts @ slope @ contrasts.T for slope in self.slopes])
        traces = np.trace(turned, axis1=1, axis2=2)
        a1 = float(traces @ self.spread @ traces)
        a2 = float(np.einsum("ij,iab,jba->", self.spread, turned, turned))
        if a2 <= 0:
            return np.inf, 1.0
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        under = 3 * q + 2 * (1 - g)
        c1, c2, c3 = g / under, (q - g) / under, (q + 2 - g) / under
        v0, v1, v2 = 1 + c1 * b, 1 - c2 * b, 1 - c3 * b
        v0 = 0.0 if abs(v0) < 1e-10 else v0
        rho = (1 - a2 / q) ** 2 * v0 / (q * v1**2 * v2)
        df = 4 + (q + 2) / (q * rho - 1)
        expected = 1 / (1 - a2 / q)
        return float(df), float(df / (expected * (df - 2))) if df != 2 else 1.0


def _independent(contrasts: Array) -> Array:
    """A full-rank set of rows with the same span."""
    _, values, rows = np.linalg.svd(contrasts, full_matrices=False)
    rank = int((values > 1e-10 * values.max()).sum())
    return contrasts if rank == contrasts.shape[0] else rows[:rank]


def kenward_roger(fit: Estimate) -> KenwardRoger:
    """Adjusted covariance and df of a REML fit; ``ValueError`` for ML fits and residual structures."""
    if not fit.reml:
        raise ValueError("Kenward-Roger degrees of freedom need a REML fit; refit with reml=True.")
    if fit.bound is not None:
        raise ValueError("Kenward-Roger is not available with a residual structure; use df='satterthwaite'.")
    problem, here = fit.assembly.problem, fit.profile
    parameters = [
        (level, block[i], block[j])
        for level, blocks in enumerate(problem.shape.blocks)
        for block in blocks
        for i in range(len(block))
        for j in range(i, len(block))
    ]
    sums = _Sums(len(parameters), here.beta.size)
    for part in problem.information(here.sweep):
        sums.add(part, parameters)
    psi = np.array([here.sweep.psis[level][i, j] for level, i, j in parameters])
    return _adjusted(fit, problem, here, sums, psi)


class _Sums:
    """Over blocks: ``pairs`` tr(N E_i N E_j), ``single`` tr(N E_i), ``linear`` U'E_i U, ``product`` U'E_i N
    E_j U."""

    def __init__(self, count: int, p: int) -> None:
        self.pairs, self.single = np.zeros((count, count)), np.zeros(count)
        self.linear, self.product = np.zeros((count, p, p)), np.zeros((count, count, p, p))

    def add(self, part: Information, parameters: list[Parameter]) -> None:
        p = self.linear.shape[1]
        right, left = [], []
        for level, i, j in parameters:
            a, b = part.places[level][i], part.places[level][j]
            ne, eu = np.zeros_like(part.n), np.zeros_like(part.u)
            ne[:, :, b] += part.n[:, :, a]
            eu[:, a] += part.u[:, b]
            if i != j:
                ne[:, :, a] += part.n[:, :, b]
                eu[:, b] += part.u[:, a]
            right.append(ne)
            left.append(eu)
        for x, ne in enumerate(right):
            self.single[x] += float(np.trace(ne, axis1=1, axis2=2).sum())
            self.linear[x] += part.u.reshape(-1, p).T @ left[x].reshape(-1, p)
            through = (part.n @ left[x]).reshape(-1, p)
            turned = np.swapaxes(ne, 1, 2).ravel()
            for y, other in enumerate(right):
                self.product[y, x] += left[y].reshape(-1, p).T @ through
                if y <= x:
                    self.pairs[x, y] += float(turned @ other.ravel())
                    self.pairs[y, x] = self.pairs[x, y]


def _adjusted(fit: Estimate, problem: Problem, here: Profile, sums: _Sums, psi: Array) -> KenwardRoger:
    """Append the residual variance, (V = sigma2 (I + sum psi_i G_i)), and put the pieces together."""
    p, m, height = here.beta.size, psi.size, problem.shape.height
    moments = here.sweep.moments[:p, :p]
    pairs = np.zeros((m + 1, m + 1))
    linear = np.zeros((m + 1, p, p))
    product = np.zeros((m + 1, m + 1, p, p))
    pairs[:m, :m], linear[:m], product[:m, :m] = sums.pairs, sums.linear, sums.product
    pairs[m, :m] = pairs[:m, m] = sums.single - sums.pairs @ psi
    pairs[m, m] = height - 2 * psi @ sums.single + psi @ sums.pairs @ psi
    linear[m] = moments - np.tensordot(psi, sums.linear, 1)
    for j in range(m):
        product[m, j] = sums.linear[j] - np.tensordot(psi, sums.product[:, j], 1)
        product[j, m] = product[m, j].T
    product[m, m] = moments - 2 * np.tensordot(psi, sums.linear, 1) + np.einsum("i,j,ijab->ab", psi, psi, sums.product)
    sigma2 = here.sigma2
    phi = sigma2 * here.inverse
    slope, bend = -linear / sigma2**2, product / sigma2**3
    turned = phi @ slope
    information = pairs / sigma2**2 - 2 * np.einsum("ab,ijba->ij", phi, bend) + np.einsum("iab,jba->ij", turned, turned)
    spread, lost = _twice_inverse(information)
    change = np.einsum("ij,ijab->ab", spread, bend - np.einsum("iab,bc,jcd->ijad", slope, phi, slope))
    change = (change + change.T) / 2
    back = fit.assembly.standard.outcome_scale * fit.assembly.standard.fixed
    vcov = back @ (phi + 2 * phi @ change @ phi) @ back.T
    slopes = np.array([back @ phi @ one @ phi @ back.T for one in slope])
    return KenwardRoger(vcov, fit.vcov, slopes, spread, lost or on_boundary(fit))


def _twice_inverse(information: Array) -> tuple[Array, bool]:
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    keep = values > 1e-10 * values.max()
    half = (vectors[:, keep] / values[keep]) @ vectors[:, keep].T
    return 2 * half / np.outer(scale, scale), not bool(keep.all())
