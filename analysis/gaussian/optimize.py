"""Newton's method with average information, an exact Hessian where that is too slow, and an escape from
saddles.

A zero variance is always a stationary point of the criterion, so a vanishing gradient is not enough: the
Hessian's smallest eigenvalue decides, and a step along it is tried when it is negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.gaussian.deviance import Free, Profile, average_information, profile
from analysis.gaussian.problem import Problem
from analysis.terms.table import Array

TOLERANCE = 1e-11
"""The fit is done when the predicted fall of the deviance is below this."""
AVERAGE_STEPS = 10
"""Steps with average information before the Hessian is differenced from the exact gradient."""


@dataclass(frozen=True)
class Convergence:
    """How the optimiser ended: ``converged``; ``reason`` in words; ``steps`` and criterion ``evaluations``;
    ``gradient`` the largest derivative to an entry of the relative covariance factors; ``predicted`` fall of
    the deviance still to be had; ``start`` and ``end`` deviance (in standard units)."""

    converged: bool
    reason: str
    steps: int
    evaluations: int
    gradient: float
    predicted: float
    start: float
    end: float


@dataclass
class _Search:
    """The state of a search: where it is and what it has spent."""

    problem: Problem
    reml: bool
    here: Profile
    evaluations: int = 1
    damping: float = 0.0
    escapes: int = 0

    def look(self, free: Free) -> Profile | None:
        """Evaluate, or None where the criterion cannot be computed."""
        self.evaluations += 1
        try:
            found = profile(self.problem, free.psis, self.reml)
        except np.linalg.LinAlgError:
            return None
        return found if np.isfinite(found.deviance) else None


def minimise(
    problem: Problem, reml: bool, start: Sequence[Array] | None = None, most_steps: int = 60
) -> tuple[Profile, Convergence]:
    """Minimise the profiled criterion from relative covariances ``start`` (standard units; default 0.3 I)."""
    blocks = problem.shape.blocks
    psis = _first(problem, reml) if start is None else list(start)
    search = _Search(problem, reml, profile(problem, psis, reml))
    began, exact_from, step, still = search.here.deviance, AVERAGE_STEPS, 0, 0
    predicted, steepest, reason = np.inf, np.inf, "the most steps allowed were taken"
    for step in range(1, most_steps + 1):
        free = Free.at(search.here.sweep.psis, blocks)
        slope, hessian = _slope_and_hessian(search, free, step > exact_from)
        values, vectors = np.linalg.eigh(hessian)
        turned = vectors.T @ slope
        sizes = np.maximum(np.abs(values), 1e-11 * max(float(np.abs(values).max()), 1e-8))
        predicted, steepest = 0.5 * float(np.sum(turned**2 / sizes)), float(np.abs(slope).max())
        if predicted < TOLERANCE:
            if values.min() < -1e-7 * values.max() and search.escapes < 6 and _escape(search, free, vectors[:, 0]):
                continue
            reason = "the predicted gain fell below the tolerance"
            break
        before = search.here.deviance
        moved = _descend(search, free, vectors, turned, sizes)
        still = 0 if search.here.deviance < before else still + 1
        if not moved or still > 2:
            if step <= exact_from and exact_from:
                exact_from, search.damping, still = step - 1 if step > 1 else 0, 0.0, 0
                continue
            reason = "no step lowered the criterion any further"
            break
    found = search.here
    # Rounding alone moves the criterion by about nu times the squared factor times the machine's precision.
    largest = Free.at(found.sweep.psis, blocks).size
    noise = max(1e-7, 1e-10 * abs(found.deviance), 1e-13 * found.nu * largest**2)
    converged = predicted < noise
    record = Convergence(converged, reason, step, search.evaluations, steepest, predicted, began, found.deviance)
    return found, record


def _first(problem: Problem, reml: bool) -> list[Array]:
    """0.3 I, or a hundred times as much for as long as that is better: groups may differ far more than rows
    do."""
    lowest, size = np.inf, 0.3
    for scale in (0.3, 30.0, 3e3, 3e5, 3e7):
        psis = [scale * np.eye(width) for width in problem.shape.widths]
        try:
            deviance = profile(problem, psis, reml, gradient=False).deviance
        except np.linalg.LinAlgError:
            break
        if not deviance < lowest:
            break
        lowest, size = deviance, scale
    return [size * np.eye(width) for width in problem.shape.widths]


def _slope_and_hessian(search: _Search, free: Free, exact: bool) -> tuple[Array, Array]:
    if not exact:
        return average_information(search.problem, search.here, free)
    slope = free.gradient(search.here.psi_gradients()[0])
    return slope, differenced_hessian(search, free)


def differenced_hessian(search: _Search, free: Free, width: float = 1e-4) -> Array:
    """Hessian by central differences of the exact gradient."""
    size = len(free.entries)
    hessian = np.empty((size, size))
    distance = width * max(1e-2, free.size)
    for at in range(size):
        sides = []
        for sign in (1, -1):
            moved = free.moved(sign * distance * np.eye(size)[at])
            search.evaluations += 1
            found = profile(search.problem, moved.psis, search.reml)
            sides.append(moved.gradient(found.psi_gradients()[0]))
        hessian[at] = (sides[0] - sides[1]) / (2 * distance)
    return (hessian + hessian.T) / 2


def _escape(search: _Search, free: Free, direction: Array) -> bool:
    """Leave a saddle along a direction of negative curvature; whether that found a lower point."""
    best: Profile | None = None
    for length in (0.3, -0.3, 0.1, -0.1, 0.03, -0.03, 0.01, -0.01):
        found = search.look(free.moved(length * direction))
        lower = search.here.deviance - 1e-13 * abs(search.here.deviance)
        if found is not None and found.deviance < (lower if best is None else best.deviance):
            best = found
        if best is not None and length < 0:
            break
    search.escapes += 1
    if best is None:
        return False
    search.here, search.damping = best, 0.0
    return True


def _descend(search: _Search, free: Free, vectors: Array, turned: Array, sizes: Array) -> bool:
    """Take one damped step; whether any was found that does not raise the criterion."""
    cap = 1.0 + 0.5 * free.size
    for _ in range(30):
        move = -vectors @ (turned / (sizes + search.damping))
        longest = float(np.abs(move).max())
        found = search.look(free.moved(move * min(1.0, cap / longest) if longest > 0 else move))
        if found is not None and found.deviance <= search.here.deviance + 1e-13 * abs(search.here.deviance):
            small = search.damping < 1e-3 * float(np.median(sizes))
            search.damping = 0.0 if small else 0.1 * search.damping
            search.here = found
            return True
        search.damping = max(4 * search.damping, 0.1 * float(np.median(sizes)))
    return False
