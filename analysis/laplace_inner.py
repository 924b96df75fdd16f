"""Laplace approximation of a nested three-level likelihood, with its exact gradient.

With spherical effects b = (v per dyad, u per professional) and the linear predictor
eta = offset + X beta + Z (A2 v + A1 u), A = S L the loadings at each level (S picks columns of z, L lower
triangular),

    J(b) = loss(eta) + |b|^2 / 2,     deviance = 2 J(b^) + log |H|,   H = d2 J / db2 at the mode b^.

The mode is found by Newton steps with halving; H is bordered block diagonal, so each step eliminates the dyads,
then the professionals, in time linear in the rows. The gradient counts the way the mode and H move with the
parameters: with a = H^-1 L' Z' c, c = half the derivative of log |H| in eta,
d deviance = 2 [ loss' + c - second * Z L a ] d eta + the explicit part of log |H|.
Source: Kristensen et al. 2016, doi 10.18637/jss.v070.i05; the elimination is that of Bates et al. 2015,
doi 10.18637/jss.v067.i01.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.laplace_blocks import Floats, cholesky, inverse, log_determinant, product, solve
from analysis.laplace_families import Family
from analysis.laplace_rows import Rows

_NEWTON_STEPS = 60
_SHORTEST_STEP = 1e-6


@dataclass(frozen=True)
class Sums:
    """Dyad sums at one linear predictor: loss without its constant, z * first (m, D), z z' * second (m, m, D)."""

    loss: float
    first: Floats
    second: Floats


@dataclass(frozen=True)
class Curvature:
    """The factored second derivative of J."""

    dyad: Floats
    """Cholesky factors of the dyad blocks (q2, q2, D)."""
    professional: Floats
    """Cholesky factors of the professional blocks after the dyads are eliminated (q1, q1, P)."""
    border: Floats
    """Mixed block, dyad by professional (q2, q1, D)."""
    carry: Floats
    """Dyad block inverse times border (q2, q1, D)."""
    sound: bool
    """Whether every block was positive definite."""


@dataclass(frozen=True)
class Loadings:
    """How the spherical effects enter the columns of z: dyad (m, q2) and professional (m, q1)."""

    dyad: Floats
    professional: Floats


class Laplace:
    """Evaluates the Laplace deviance; keeps the last modes as the start of the next search."""

    def __init__(self, rows: Rows, family: Family, sizes: tuple[int, int]) -> None:
        self.rows = rows
        self.family = family
        self.dyad_modes = np.zeros((sizes[1], rows.dyads))
        self.professional_modes = np.zeros((sizes[0], rows.professionals))
        self.passes = 0
        self.last_sums = Sums(np.inf, np.empty(0), np.empty(0))
        self._eta = np.empty(rows.y.size)
        self._first = np.empty(rows.y.size)
        self._second = np.empty(rows.y.size)

    def deviance(self, load: Loadings, beta: Floats, shape: Floats, *, tolerance: float) -> tuple[float, Mode | None]:
        """The Laplace deviance, and the mode it was taken at; infinite where there is no proper mode.

        `tolerance` is the squared Newton step, in the metric of H, at which the search for the mode ends.
        """
        fixed = self.fixed_part(beta)
        v, u = self.dyad_modes, self.professional_modes
        sums = self._walk(load, fixed, v, u, shape)
        value = _penalised(sums, v, u)
        if not np.isfinite(value):
            v, u = np.zeros_like(v), np.zeros_like(u)
            sums = self._walk(load, fixed, v, u, shape)
            value = _penalised(sums, v, u)
        for _ in range(_NEWTON_STEPS):
            if not np.isfinite(value):
                return np.inf, None
            down_v = -(product(load.dyad.T, sums.first) + v)
            down_u = -(self.rows.by_professional(product(load.professional.T, sums.first)) + u)
            curve = self.curvature(load, sums)
            dv, du = self.solve(curve, down_v, down_u)
            gain = float(np.sum(down_v * dv) + np.sum(down_u * du))
            if gain <= tolerance:
                break
            step, before = 1.0, value
            while True:
                v_new, u_new = v + step * dv, u + step * du
                sums = self._walk(load, fixed, v_new, u_new, shape)
                value = _penalised(sums, v_new, u_new)
                if value <= before + 1e-13 * abs(before) or step < _SHORTEST_STEP:
                    break
                step *= 0.5
            v, u = v_new, u_new
        if not curve.sound:
            return np.inf, None
        self.dyad_modes, self.professional_modes, self.last_sums = v, u, sums
        determinant = log_determinant(curve.dyad) + log_determinant(curve.professional)
        deviance = 2 * (value + self.family.constant(shape)[0]) + determinant
        return deviance, Mode(v, u, sums, curve)

    def gradient(self, load: Loadings, shape: Floats, mode: Mode) -> tuple[Loadings, Floats, Floats]:
        """Gradient of the deviance in the loadings, in beta and in the shape, at the mode last found."""
        rows = self.rows
        covariance = self.covariance(load, mode.curve)
        spread = covariance.spread
        c_sums, bend = np.empty_like(mode.sums.first), np.empty(rows.y.size)
        g_beta, g_shape = np.zeros(rows.x.shape[0]), np.zeros(shape.size)
        for row, dyad, starts in rows.chunks:
            s = self._quadratic(row, dyad, spread)
            third = self.family.third(rows.y[row], self._eta[row], shape, self._first[row], self._second[row])
            s *= 0.5
            s *= third
            if rows.weights is not None:
                s *= rows.weights[row]
            bend[row] = s
            self._segment(s, row, starts, c_sums[:, dyad])
        a_v, a_u = self.solve(
            mode.curve, product(load.dyad.T, c_sums), rows.by_professional(product(load.professional.T, c_sums))
        )
        pull = product(load.dyad, a_v) + product(load.professional, a_u)[:, rows.professional_of]
        for row, dyad, _ in rows.chunks:
            zeta = self._linear(row, dyad, pull)
            change = self._first[row] - self._second[row] * zeta
            if rows.weights is not None:
                change *= rows.weights[row]
            change += bend[row]
            g_beta += rows.x[:, row] @ change
            if shape.size:
                weight = np.ones(zeta.size) if rows.weights is None else rows.weights[row]
                terms = (weight, self._quadratic(row, dyad, spread), zeta)
                g_shape += self.family.shape_gradient(rows.y[row], self._eta[row], shape, terms)
        total = mode.sums.first + c_sums - product(mode.sums.second, pull)
        loads = self._loading_gradient(total, mode, covariance, (a_v, a_u))
        return loads, 2 * g_beta, 2 * g_shape + 2 * self.family.constant(shape)[1]

    def _loading_gradient(
        self, total: Floats, mode: Mode, covariance: Covariance, pulls: tuple[Floats, Floats]
    ) -> Loadings:
        """Gradient in the loadings: through eta, through log |H| directly, and through the mode's condition."""
        sums, of = mode.sums, self.rows.professional_of
        dyad = (
            total @ mode.v.T
            + product(sums.second, covariance.with_dyad).sum(axis=-1)
            - sums.first @ pulls[0].T
        )
        professional = (
            total @ mode.u[:, of].T
            + product(sums.second, covariance.with_professional).sum(axis=-1)
            - sums.first @ pulls[1][:, of].T
        )
        return Loadings(2 * dyad, 2 * professional)

    def second_of(self, row: slice) -> Floats:
        """Weighted second derivatives of a run of rows at the last linear predictor."""
        weights = self.rows.weights
        return self._second[row] if weights is None else self._second[row] * weights[row]

    def fixed_part(self, beta: Floats) -> Floats:
        """Offset plus X beta for every row."""
        fixed = beta @ self.rows.x
        if self.rows.offset is not None:
            fixed += self.rows.offset
        return np.asarray(fixed)

    def curvature(self, load: Loadings, sums: Sums) -> Curvature:
        """H, factored: dyads first, then professionals."""
        by_dyad = _right(sums.second, load.dyad)
        dyad, sound_dyad = cholesky(_plus_identity(product(load.dyad.T, by_dyad)))
        border = np.swapaxes(product(load.professional.T, by_dyad), 0, 1)
        carry = solve(dyad, border)
        own = product(load.professional.T, _right(sums.second, load.professional))
        reduced = self.rows.by_professional(own - product(np.swapaxes(border, 0, 1), carry))
        professional, sound = cholesky(_plus_identity(reduced))
        return Curvature(dyad, professional, border, carry, sound and sound_dyad)

    def solve(self, curve: Curvature, for_v: Floats, for_u: Floats) -> tuple[Floats, Floats]:
        """H^-1 times (for_v, for_u)."""
        v = solve(curve.dyad, for_v)
        u = solve(
            curve.professional,
            for_u - self.rows.by_professional(product(np.swapaxes(curve.border, 0, 1), v)),
        )
        return v - product(curve.carry, u[..., self.rows.professional_of]), u

    def covariance(self, load: Loadings, curve: Curvature) -> Covariance:
        """Conditional covariances from H^-1, of the dyad vectors g = A2 v + A1 u with themselves and with v and u."""
        of_u = inverse(curve.professional)[:, :, self.rows.professional_of]
        u_with_v = -product(of_u, np.swapaxes(curve.carry, 0, 1))
        of_v = inverse(curve.dyad) - product(curve.carry, u_with_v)
        with_dyad = product(load.dyad, of_v) + product(load.professional, u_with_v)
        with_professional = product(load.dyad, np.swapaxes(u_with_v, 0, 1)) + product(load.professional, of_u)
        spread = _right(with_dyad, load.dyad.T) + _right(with_professional, load.professional.T)
        return Covariance(spread, with_dyad, with_professional, of_v, of_u)

    def _walk(self, load: Loadings, fixed: Floats, v: Floats, u: Floats, shape: Floats) -> Sums:
        """One pass over the rows."""
        rows = self.rows
        m = rows.z.shape[0]
        self.passes += 1
        lift = product(load.dyad, v) + product(load.professional, u)[:, rows.professional_of]
        loss, first, second = 0.0, np.empty((m, rows.dyads)), np.empty((m, m, rows.dyads))
        for row, dyad, starts in rows.chunks:
            eta = self._linear(row, dyad, lift)
            eta += fixed[row]
            weights = None if rows.weights is None else rows.weights[row]
            with np.errstate(over="ignore", invalid="ignore"):
                part, d1, d2 = self.family.curve(rows.y[row], eta, shape, weights)
            loss += part
            self._eta[row], self._first[row], self._second[row] = eta, d1, d2
            if weights is not None:
                d1, d2 = d1 * weights, d2 * weights
            self._segment(d1, row, starts, first[:, dyad])
            for j in range(m):
                tilted = d2 if rows.plain[j] else d2 * rows.z[j, row]
                self._segment(tilted, row, starts, second[j, :, dyad])
        return Sums(loss, first, second)

    def _linear(self, row: slice, dyad: slice, coefficients: Floats) -> Floats:
        """z' g for a run of rows."""
        rows = self.rows
        out = None
        for j, plain in enumerate(rows.plain):
            term = np.repeat(coefficients[j, dyad], rows.counts[dyad])
            if not plain:
                term *= rows.z[j, row]
            out = term if out is None else out + term
        return np.zeros(row.stop - row.start) if out is None else out

    def _quadratic(self, row: slice, dyad: slice, spread: Floats) -> Floats:
        """z' Omega z for a run of rows."""
        rows = self.rows
        out = np.zeros(row.stop - row.start)
        for j, plain in enumerate(rows.plain):
            for k in range(j + 1):
                term = np.repeat(spread[j, k, dyad] * (1.0 if j == k else 2.0), rows.counts[dyad])
                if not plain:
                    term *= rows.z[j, row]
                if not rows.plain[k]:
                    term *= rows.z[k, row]
                out += term
        return out

    def _segment(self, values: Floats, row: slice, starts: np.ndarray, out: Floats) -> None:  # type: ignore[type-arg]
        """Dyad sums of z * values, written into out (m, dyads of the run)."""
        for j, plain in enumerate(self.rows.plain):
            np.add.reduceat(values if plain else values * self.rows.z[j, row], starts, out=out[j])


@dataclass(frozen=True)
class Mode:
    """Spherical modes v (q2, D), u (q1, P), with the sums and the curvature there."""

    v: Floats
    u: Floats
    sums: Sums
    curve: Curvature


@dataclass(frozen=True)
class Covariance:
    """Conditional covariances per dyad: of g (m, m, D), g with v (m, q2, D), g with u, of v, of u."""

    spread: Floats
    with_dyad: Floats
    with_professional: Floats
    of_dyad: Floats
    of_professional: Floats


def _penalised(sums: Sums, v: Floats, u: Floats) -> float:
    return sums.loss + 0.5 * float(np.sum(v * v) + np.sum(u * u))


def _right(blocks: Floats, matrix: Floats) -> Floats:
    """Blocks (a, b, g) times one matrix (b, c)."""
    if blocks.shape[1] == 1 and matrix.shape == (1, 1):
        return blocks * matrix[0, 0]
    return np.einsum("ijg,jk->ikg", blocks, matrix)


def _plus_identity(blocks: Floats) -> Floats:
    for i in range(blocks.shape[0]):
        blocks[i, i] += 1.0
    return blocks
