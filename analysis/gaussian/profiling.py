"""The profile likelihood of one standard deviation: all else, the residual variance too, solved for.

With the residual variance free the ML deviance is ``log|V| + n log(sigma2) + r2 / sigma2``; one standard
deviation is held at a value and the others move to the minimum (Bates et al. 2015, section 5.1, doi
10.18637/jss.v067.i01).
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize

from analysis.gaussian.deviance import LOG_2PI, profile
from analysis.gaussian.estimate import Estimate
from analysis.gaussian.problem import semidefinite_root
from analysis.terms.table import Array


def deviation_profile(full: Estimate, level: int, block: int, position: int, cut: float) -> tuple[float, float, float]:
    """Estimate and the two ends where the deviance has risen by ``cut``; ``level`` -1 is the residual. The
    low end is zero where the deviance never rises that far."""
    if level < 0:
        best = float(np.sqrt(full.sigma2))
    else:
        column = full.assembly.problem.shape.blocks[level][block][position]
        best = float(np.sqrt(max(full.covariances[level][column, column], 0.0)))
    search = _Held(full, level, block, position)

    def excess(value: float) -> float:
        return search.deviance(value) - full.criterion - cut

    unit = best if best > 0 else float(np.sqrt(full.sigma2)) * 0.1
    high = _cross(excess, best, lambda step: best + unit * 0.3 * 1.6**step)
    low = 0.0
    if best > 0 and excess(1e-4 * best) > 0:
        low = float(brentq(excess, 1e-4 * best, best, xtol=1e-6 * best))
    return best, low, high


def _cross(excess: Callable[[float], float], best: float, at: Callable[[int], float]) -> float:
    low = best
    for step in range(30):
        high = at(step)
        if excess(high) > 0:
            return float(brentq(excess, low, high, xtol=1e-6 * high))
        low = high
    return float(np.inf)


class _Held:
    """Minimises the ML deviance with one standard deviation held. Free are the factors of the covariances in
    absolute units (row ``position`` of its block scaled to the held value) and the log of the residual SD."""

    def __init__(self, full: Estimate, level: int, block: int, position: int) -> None:
        self.full, self.level, self.block, self.position = full, level, block, position
        self.blocks = full.assembly.problem.shape.blocks
        parts = []
        for covariance, blocks in zip(full.covariances, self.blocks, strict=True):
            for one in blocks:
                root = semidefinite_root(covariance[np.ix_(one, one)])
                root += np.eye(len(one)) * 1e-3 * np.sqrt(full.sigma2)
                parts.append(root[np.tril_indices(len(one))])
        self.last = np.concatenate([*parts, [np.log(full.sigma2) / 2]])

    def deviance(self, value: float) -> float:
        """The profiled deviance with the standard deviation held at ``value``."""
        found = minimize(self._at, self.last, args=(value,), method="BFGS", options={"gtol": 1e-5})
        self.last = found.x
        return float(found.fun)

    def _at(self, point: Array, value: float) -> float:
        sigma2 = value**2 if self.level < 0 else float(np.exp(2 * point[-1]))
        covariances, at = [], 0
        for level, blocks in enumerate(self.blocks):
            covariance = np.zeros_like(self.full.covariances[level])
            for number, one in enumerate(blocks):
                count = len(one) * (len(one) + 1) // 2
                root = np.zeros((len(one), len(one)))
                root[np.tril_indices(len(one))] = point[at : at + count]
                at += count
                if (level, number) == (self.level, self.block):
                    length = float(np.linalg.norm(root[self.position]))
                    root[self.position] *= value / max(length, 1e-300)
                covariance[np.ix_(one, one)] = root @ root.T
            covariances.append(covariance / sigma2)
        return self._criterion(covariances, sigma2)

    def _criterion(self, relative: list[Array], sigma2: float) -> float:
        assembly = self.full.assembly
        found = profile(assembly.problem, assembly.standard.standard_psi(relative), False, gradient=False)
        rss = found.rss * assembly.standard.outcome_scale**2
        height = assembly.problem.shape.height
        log_det = found.deviance - height * (1 + LOG_2PI + float(np.log(found.rss / height)))
        return log_det + height * (LOG_2PI + float(np.log(sigma2))) + rss / sigma2
