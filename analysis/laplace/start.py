"""Starting values without random effects, a metric for the search, and a look for separation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.laplace.blocks import Floats, inverse, product
from analysis.laplace.families import Family
from analysis.laplace.parameters import Layout, Objective
from analysis.laplace.rows import Rows
from analysis.laplace.state import Loadings

_STEPS = 30
_DIFFERENCE = 1e-3


@dataclass(frozen=True)
class Start:
    """Where the search begins."""

    beta: Floats
    shape: Floats
    separating: tuple[int, ...]
    """Columns of X along which the estimate grows without limit, the fastest first."""


def fixed_effects_only(rows: Rows, family: Family, shape: Floats) -> Start:
    """Newton's method for beta without random effects, the shape held fixed.

    A Newton search for these concave likelihoods settles within a dozen steps or drifts by about one unit
    of eta a step for ever, which is how separation shows.
    """
    beta = np.zeros(rows.x.shape[0])
    extent = np.maximum(np.abs(rows.x.max(axis=1)), np.abs(rows.x.min(axis=1)))
    value, slope, information = _plain_pass(rows, family, beta, shape)
    reach = np.zeros_like(beta)
    for _ in range(_STEPS):
        move = -np.linalg.lstsq(information, slope, rcond=None)[0]
        step = 1.0
        while True:
            new, slope, information = _plain_pass(rows, family, beta + step * move, shape)
            if new <= value + 1e-12 * abs(value) or step < 1e-8:
                break
            step *= 0.5
        if not np.isfinite(new):
            break
        gain, reach = value - new, np.abs(move) * extent
        beta, value = beta + step * move, new
        if gain <= 1e-8 * (1 + abs(value)) and reach.sum() < 0.1:
            return Start(beta, shape, ())
    return Start(beta, shape, tuple(int(j) for j in np.argsort(-reach) if reach[j] > 0.3))


def start_vector(layout: Layout, start: Start, sd: float) -> Floats:
    """Starting parameters: equal standard deviations, no correlation."""
    par = np.concatenate([np.zeros(layout.cuts[1]), start.beta, start.shape])
    at = 0
    for level in (layout.professional, layout.dyad):
        row, column = level.places
        par[at : at + row.size] = np.where(row == column, sd, 0.0)
        at += row.size
    return par


def metric(objective: Objective, par: Floats, sd: float) -> Floats:
    """A positive guess of the Hessian of the deviance at par, whose standard deviations are about `sd`.

    Exact at fixed weights for beta, expected curvature for the standard deviations, differences of the
    gradient for the shape.
    """
    layout, laplace = objective.layout, objective.laplace
    load = layout.loadings(par)
    beta, shape = layout.split(par)
    with np.errstate(all="ignore"):
        _, mode = laplace.deviance(load, beta, shape, tolerance=1e-12)
    if mode is None:
        raise ValueError("the likelihood is not finite at the starting values: look for extreme values of X")
    out = np.zeros((layout.size, layout.size))
    first, second, end = layout.cuts
    out[second:end, second:end] = 2 * _information(objective, load)
    shrink = (1 - inverse(mode.curve.professional), 1 - inverse(mode.curve.dyad))
    for level, known, low, high in (
        (layout.professional, shrink[0], 0, first),
        (layout.dyad, shrink[1], first, second),
    ):
        row, column = level.places
        pull = np.clip(np.array([known[i, i] for i in range(level.size)]), 0.05, 1.0)
        curve = np.array([pull[i] @ pull[j] * (4 if i == j else 2) for i, j in zip(row, column, strict=True)])
        at = np.arange(low, high)
        out[at, at] = curve / sd**2
    if layout.shape:
        _difference_shape(objective, par, out)
    return _positive(out, end)


def _information(objective: Objective, load: Loadings) -> Floats:
    """X' V^-1 X with V^-1 = W - W Z L H^-1 L' Z' W, at the mode last found."""
    laplace, rows = objective.laplace, objective.laplace.rows
    p, m = rows.x.shape[0], rows.z.shape[0]
    crossed = np.empty((m, p, rows.dyads))
    plain = np.zeros((p, p))
    sums = laplace.last_sums
    for row, dyad, starts in rows.chunks:
        second = laplace.walk.weighted_second(row)
        weighted = rows.x[:, row] * second
        plain += weighted @ rows.x[:, row].T
        for j in range(m):
            tilted = weighted if rows.plain[j] else weighted * rows.z[j, row]
            crossed[j, :, dyad] = np.add.reduceat(tilted, starts, axis=1)
    for_v = product(load.dyad.T, crossed)
    for_u = rows.by_professional(product(load.professional.T, crossed))
    v, u = laplace.solve(laplace.curvature(load, sums), for_v, for_u)
    return np.asarray(plain - np.einsum("qig,qjg->ij", for_v, v) - np.einsum("qig,qjg->ij", for_u, u))


def _difference_shape(objective: Objective, par: Floats, out: Floats) -> None:
    base = objective(par)[1]
    for i in range(objective.layout.cuts[2], par.size):
        step = np.zeros(par.size)
        step[i] = _DIFFERENCE
        up = objective(par + step)[1]
        column = np.eye(par.size)[i] if up is None or base is None else (up - base) / _DIFFERENCE
        out[i] = out[:, i] = column


def _positive(matrix: Floats, end: int) -> Floats:
    """The matrix itself if positive definite, else without the mixed terms of the shape."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        matrix = matrix.copy()
        corner = np.diag(np.maximum(np.abs(np.diag(matrix)[end:]), 1.0))
        matrix[end:], matrix[:, end:] = 0.0, 0.0
        matrix[end:, end:] = corner
        matrix += np.diag(1e-9 * np.abs(np.diag(matrix)) + 1e-12)
    return matrix


def _plain_pass(rows: Rows, family: Family, beta: Floats, shape: Floats) -> tuple[float, Floats, Floats]:
    """Loss, gradient and information of beta without random effects."""
    value, slope, information = 0.0, np.zeros(beta.size), np.zeros((beta.size, beta.size))
    with np.errstate(all="ignore"):
        for row, _, _ in rows.chunks:
            x = rows.x[:, row]
            eta = beta @ x
            if rows.offset is not None:
                eta += rows.offset[row]
            weights = None if rows.weights is None else rows.weights[row]
            part, first, second = family.curve(rows.y[row], eta, shape, weights)
            if weights is not None:
                first, second = first * weights, second * weights
            value += part
            slope += x @ first
            information += (x * second) @ x.T
    return (value if np.isfinite(value) else np.inf), slope, information
