"""The outer search: quasi-Newton on the exact gradient, then Newton steps on a differenced Hessian.

The deviance is even in each column of L, so a variance of zero is an ordinary stationary point: it is told
apart from a minimum by the Hessian, and left along its direction of negative curvature (Nocedal & Wright
2006, doi 10.1007/978-0-387-40065-5, chapters 3 and 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.laplace.blocks import Floats
from analysis.laplace.parameters import Objective

_COARSE = 1e-7
_ROUNDING = 1e-4
_FINE = 1e-9
_GOOD_ENOUGH = 1e-7
_SMALL = 0.02
_ROUNDS = 6
_QUASI_NEWTON_STEPS = 200
_INNER_TIGHT = 1e-16
_DIFFERENCE = 2e-3
_FLAT = 1e-7
_ONE_SIDED_FROM = 50_000
BEYOND = "a parameter grows without limit"


Start = tuple[Floats, Floats]


@dataclass(frozen=True)
class Search:
    """Where the search ended."""

    par: Floats
    deviance: float
    gradient: Floats
    hessian: Floats
    decrement: float
    """g' H^-1 g: twice the deviance still to be gained, by the local quadratic."""
    reason: str
    """Empty when the search converged, else a sentence."""


@dataclass(frozen=True)
class _Point:
    par: Floats
    value: float
    gradient: Floats


def minimise(objective: Objective, starts: Sequence[Start], *, ceiling: Floats) -> Search:
    """Minimises the objective from the best of `starts`: parameters with a positive guess of the Hessian.

    The search is given up once a parameter is larger than its `ceiling`: the optimum is at infinity.
    """
    runs = [_first_run(objective, start, ceiling) for start in starts]
    point, hessian = min(runs, key=lambda run: run[0].value)
    metric, decrement = hessian, np.inf
    for _ in range(_ROUNDS):
        if (np.abs(point.par) > ceiling).any():
            return Search(point.par, point.value, point.gradient, hessian, np.inf, BEYOND)
        point = _snapped(objective, _tightened(objective, point))
        hessian = difference_hessian(objective, point.par, point.gradient, hessian)
        escape = _escape(objective, point, hessian)
        if escape is not None:
            point, hessian = _quasi_newton(objective, escape, metric, ceiling)
            continue
        point, decrement = _newton(objective, point, hessian)
        if decrement <= _FINE:
            break
        point, hessian = _quasi_newton(objective, point, _made_positive(hessian), ceiling)
    reason = "" if decrement <= _GOOD_ENOUGH else "the search used up its rounds before the gradient vanished"
    return Search(point.par, point.value, point.gradient, hessian, decrement, reason)


def _first_run(objective: Objective, start: Start, ceiling: Floats) -> tuple[_Point, Floats]:
    objective.laplace.forget_modes()
    value, gradient = objective(start[0])
    if gradient is None:
        raise ValueError("the likelihood is not finite at the starting values: look for extreme values of X")
    return _quasi_newton(objective, _Point(start[0], value, gradient), start[1], ceiling)


def difference_hessian(objective: Objective, par: Floats, here: Floats, scale: Floats) -> Floats:
    """Hessian by differences of the gradient, symmetrised; `here` is the gradient at par.

    Central differences with steps of 1/500 of a conditional standard error, the modes at par - h first
    guessed by mirroring those at par + h. From 50,000 rows on one-sided ones with a tenth of that step:
    their error is the step times the skewness of the likelihood, which has faded by then.
    """
    laplace = objective.laplace
    central = objective.laplace.rows.y.size < _ONE_SIDED_FROM
    base = laplace.dyad_modes.copy(), laplace.professional_modes.copy()
    out = np.empty((par.size, par.size))
    for i in range(par.size):
        step = np.zeros(par.size)
        step[i] = _DIFFERENCE * (1.0 if central else 0.1) * np.sqrt(2 / max(scale[i, i], 1e-8))
        laplace.dyad_modes, laplace.professional_modes = base
        up = objective(par + step, tolerance=_INNER_TIGHT)[1]
        low: Floats | None = here
        span = step[i]
        if central:
            laplace.dyad_modes = 2 * base[0] - laplace.dyad_modes
            laplace.professional_modes = 2 * base[1] - laplace.professional_modes
            low, span = objective(par - step, tolerance=_INNER_TIGHT)[1], 2 * step[i]
        out[i] = scale[i] if up is None or low is None else (up - low) / span
    laplace.dyad_modes, laplace.professional_modes = base
    return (out + out.T) / 2


def _quasi_newton(objective: Objective, point: _Point, metric: Floats, ceiling: Floats) -> tuple[_Point, Floats]:
    """BFGS until the predicted gain is small; returns the point and the Hessian it has learnt."""
    inverse = np.linalg.inv(metric)
    size = point.par.size
    for _ in range(_QUASI_NEWTON_STEPS):
        direction = -inverse @ point.gradient
        slope = float(direction @ point.gradient)
        if -slope <= _COARSE:
            break
        found = _line_search(objective, point, direction, slope)
        # Once a step gains next to nothing of what was predicted, rounding rules and the Hessian does better.
        if found is None or (-slope < _ROUNDING and point.value - found.value < -0.05 * slope):
            break
        move, turn = found.par - point.par, found.gradient - point.gradient
        point = found
        if (np.abs(point.par) > ceiling).any():
            break
        bend = float(move @ turn)
        if bend > 1e-12 * float(np.linalg.norm(move) * np.linalg.norm(turn)):
            keep = np.eye(size) - np.outer(move, turn) / bend
            inverse = keep @ inverse @ keep.T + np.outer(move, move) / bend
    return point, np.linalg.inv(inverse)


def _tightened(objective: Objective, point: _Point) -> _Point:
    """The same point with its modes to the last digit: log |H| is only first order in their error."""
    value, gradient = objective(point.par, tolerance=_INNER_TIGHT)
    return point if gradient is None else _Point(point.par, value, gradient)


def _snapped(objective: Objective, point: _Point) -> _Point:
    """The point with every small column of L at zero that is no worse there: near zero the way is slow."""
    for column in objective.layout.columns_of_l:
        if 0 < np.linalg.norm(point.par[column]) < _SMALL:
            par = point.par.copy()
            par[column] = 0.0
            value, gradient = objective(par, tolerance=_INNER_TIGHT)
            if gradient is not None and value <= point.value + 1e-9:
                point = _Point(par, value, gradient)
    return point


def _line_search(objective: Objective, point: _Point, direction: Floats, slope: float) -> _Point | None:
    """Backtracks to a sufficient decrease; None when no step, however short, gives one."""
    step = 1.0
    room = 1e-13 * abs(point.value)
    for _ in range(30):
        par = point.par + step * direction
        value, gradient = objective(par)
        if gradient is not None and value <= point.value + 1e-4 * step * slope + room:
            return _Point(par, value, gradient)
        if np.isfinite(value):
            curve = 2 * (value - point.value - step * slope) / step**2
            step = float(np.clip(-slope / curve, 0.1 * step, 0.5 * step))
        else:
            step *= 0.25
    return None


def _newton(objective: Objective, point: _Point, hessian: Floats) -> tuple[_Point, float]:
    """Newton steps with one Hessian while they help; the decrement left."""
    inverse = pseudo_inverse(hessian)
    decrement = float(point.gradient @ inverse @ point.gradient)
    for _ in range(4):
        value, gradient = objective(point.par - inverse @ point.gradient, tolerance=_INNER_TIGHT)
        if gradient is None or value > point.value + 1e-9 + 1e-13 * abs(value):
            break
        left = float(gradient @ inverse @ gradient)
        if left >= decrement:
            break
        point = _Point(point.par - inverse @ point.gradient, value, gradient)
        decrement = left
        if decrement <= 1e-5 * _FINE:
            break
    return point, decrement


def pseudo_inverse(hessian: Floats) -> Floats:
    """Inverse of the scaled Hessian, leaving out directions in which the deviance is flat."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    use = values > _FLAT
    kept = vectors[:, use]
    return np.asarray((kept / values[use]) @ kept.T / np.outer(scale, scale))


def _made_positive(hessian: Floats) -> Floats:
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    return np.asarray((vectors * np.maximum(np.abs(values), 1e-4)) @ vectors.T * np.outer(scale, scale))


def _escape(objective: Objective, point: _Point, hessian: Floats) -> _Point | None:
    """A lower point along a direction of negative curvature, if there is one worth the walk."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-12))
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    if values[0] >= -1e-5:
        return None
    along = vectors[:, 0] / scale
    best: _Point | None = None
    for step in (1.0, -1.0, 0.1, -0.1, 10.0, -10.0):
        value, gradient = objective(point.par + step * along)
        if gradient is not None and value < (best or point).value - 1e-9:
            best = _Point(point.par + step * along, value, gradient)
    return best
