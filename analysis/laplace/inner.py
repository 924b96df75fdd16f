"""Laplace approximation of a nested three-level likelihood, with its exact gradient.

With spherical effects b = (v per dyad, u per professional) and the linear predictor
eta = offset + X beta + Z (A2 v + A1 u), A = S L the loadings at each level (S picks columns of z, L lower
triangular),

    J(b) = loss(eta) + |b|^2 / 2,     deviance = 2 J(b^) + log |H|,   H = d2 J / db2 at the mode b^.

The mode is found by Newton steps with halving; H is bordered block diagonal, so each step eliminates the
dyads, then the professionals, in time linear in the rows. The gradient counts the way the mode and H move
with the parameters: with a = H^-1 L' Z' c, c = half the derivative of log |H| in eta,
d deviance = 2 [ loss' + c - second * Z L a ] d eta + the explicit part of log |H|.
Source: Kristensen et al. 2016, doi 10.18637/jss.v070.i05; the elimination is that of Bates et al. 2015,
doi 10.18637/jss.v067.i01.
"""

from __future__ import annotations

import numpy as np

from analysis.laplace.blocks import Floats, cholesky, inverse, log_determinant, product, solve
from analysis.laplace.families import Family
from analysis.laplace.rows import Rows
from analysis.laplace.state import Covariance, Curvature, Loadings, Mode, Sums
from analysis.laplace.walk import Walk

_NEWTON_STEPS = 60
_SHORTEST_STEP = 1e-6
_ROUNDING = 1e-8


class Laplace:
    """Evaluates the Laplace deviance; keeps the last modes as the start of the next search."""

    def __init__(self, rows: Rows, family: Family, sizes: tuple[int, int]) -> None:
        self.rows = rows
        self.family = family
        self.dyad_modes = np.zeros((sizes[1], rows.dyads))
        self.professional_modes = np.zeros((sizes[0], rows.professionals))
        self.walk = Walk(rows, family)
        self.last_sums = Sums(np.inf, np.empty(0), np.empty(0))

    def forget_modes(self) -> None:
        """Starts the next search for the modes at zero."""
        self.dyad_modes = np.zeros_like(self.dyad_modes)
        self.professional_modes = np.zeros_like(self.professional_modes)

    def deviance(self, load: Loadings, beta: Floats, shape: Floats, *, tolerance: float) -> tuple[float, Mode | None]:
        """The Laplace deviance, and the mode it was taken at; infinite where there is no proper mode.

        `tolerance` is the squared Newton step, in the metric of H, at which the search for the mode ends.
        """
        fixed = self.fixed_part(beta)
        mode = self._mode(load, fixed, shape, tolerance)
        if mode is None:
            self.forget_modes()
            mode = self._mode(load, fixed, shape, tolerance)
        if mode is None or not mode.curve.sound:
            return np.inf, None
        self.dyad_modes, self.professional_modes, self.last_sums = mode.v, mode.u, mode.sums
        determinant = log_determinant(mode.curve.dyad) + log_determinant(mode.curve.professional)
        value = _penalised(mode.sums, mode.v, mode.u) + self.family.constant(shape)[0]
        return 2 * value + determinant, mode

    def _mode(self, load: Loadings, fixed: Floats, shape: Floats, tolerance: float) -> Mode | None:
        """Newton's method with halving from the last modes; None if it overflows or does not settle."""
        v, u = self.dyad_modes, self.professional_modes
        sums = self._sums(load, fixed, v, u, shape)
        value, gain = _penalised(sums, v, u), np.inf
        for _ in range(_NEWTON_STEPS):
            if not np.isfinite(value):
                return None
            down_v = -(product(load.dyad.T, sums.first) + v)
            down_u = -(self.rows.by_professional(product(load.professional.T, sums.first)) + u)
            curve = self.curvature(load, sums)
            dv, du = self.solve(curve, down_v, down_u)
            gain = float(np.sum(down_v * dv) + np.sum(down_u * du))
            if gain <= tolerance:
                return Mode(v, u, sums, curve)
            step, before = 1.0, value
            while True:
                v_new, u_new = v + step * dv, u + step * du
                sums = self._sums(load, fixed, v_new, u_new, shape)
                value = _penalised(sums, v_new, u_new)
                if value <= before + 1e-13 * abs(before) or step < _SHORTEST_STEP:
                    break
                step *= 0.5
            v, u = v_new, u_new
        return Mode(v, u, sums, self.curvature(load, sums)) if gain <= _ROUNDING else None

    def gradient(self, load: Loadings, shape: Floats, mode: Mode) -> tuple[Loadings, Floats, Floats]:
        """Gradient of the deviance in the loadings, in beta and in the shape, at the mode last found."""
        rows = self.rows
        covariance = self.covariance(load, mode.curve)
        bend, c_sums = self.walk.bends(covariance.spread, shape)
        a_v, a_u = self.solve(
            mode.curve,
            product(load.dyad.T, c_sums),
            rows.by_professional(product(load.professional.T, c_sums)),
        )
        pull = self._lift(load, a_v, a_u)
        for_beta, for_shape = self.walk.fixed_gradient(bend, pull, covariance.spread, shape)
        total = mode.sums.first + c_sums - product(mode.sums.second, pull)
        loads = self._loading_gradient(total, mode, covariance, (a_v, a_u))
        return loads, 2 * for_beta, 2 * for_shape + 2 * self.family.constant(shape)[1]

    def _loading_gradient(
        self, total: Floats, mode: Mode, covariance: Covariance, pulls: tuple[Floats, Floats]
    ) -> Loadings:
        """Gradient in the loadings: through eta, through log |H|, and through the mode's condition."""
        sums, of = mode.sums, self.rows.professional_of
        dyad = total @ mode.v.T + product(sums.second, covariance.with_dyad).sum(axis=-1) - sums.first @ pulls[0].T
        professional = (
            total @ mode.u[:, of].T
            + product(sums.second, covariance.with_professional).sum(axis=-1)
            - sums.first @ pulls[1][:, of].T
        )
        return Loadings(2 * dyad, 2 * professional)

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
        """Conditional covariances of v, of u, and of g = A2 v + A1 u with itself and with each."""
        of_u = inverse(curve.professional)[:, :, self.rows.professional_of]
        u_with_v = -product(of_u, np.swapaxes(curve.carry, 0, 1))
        of_v = inverse(curve.dyad) - product(curve.carry, u_with_v)
        with_dyad = product(load.dyad, of_v) + product(load.professional, u_with_v)
        with_professional = product(load.dyad, np.swapaxes(u_with_v, 0, 1)) + product(load.professional, of_u)
        spread = _right(with_dyad, load.dyad.T) + _right(with_professional, load.professional.T)
        return Covariance(spread, with_dyad, with_professional, of_v, of_u)

    def _sums(self, load: Loadings, fixed: Floats, v: Floats, u: Floats, shape: Floats) -> Sums:
        return self.walk.sums(fixed, self._lift(load, v, u), shape)

    def _lift(self, load: Loadings, v: Floats, u: Floats) -> Floats:
        """A2 v + A1 u for every dyad (m, D)."""
        return product(load.dyad, v) + product(load.professional, u)[:, self.rows.professional_of]


def _penalised(sums: Sums, v: Floats, u: Floats) -> float:
    return sums.loss + 0.5 * float(np.sum(v * v) + np.sum(u * u))


def _right(blocks: Floats, matrix: Floats) -> Floats:
    """Blocks (a, b, g) times one matrix (b, c)."""
    if blocks.shape[1] == 1 and matrix.shape == (1, 1):
        return np.asarray(blocks * matrix[0, 0])
    return np.asarray(np.einsum("ijg,jk->ikg", blocks, matrix))


def _plus_identity(blocks: Floats) -> Floats:
    for i in range(blocks.shape[0]):
        blocks[i, i] += 1.0
    return blocks
