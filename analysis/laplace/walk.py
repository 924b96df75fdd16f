"""Passes over the rows, in runs that fit the cache."""

from __future__ import annotations

import numpy as np

from analysis.laplace.blocks import Floats, Ints
from analysis.laplace.families import Family
from analysis.laplace.rows import Rows
from analysis.laplace.state import Sums


class Walk:
    """Walks the rows; remembers each row's eta and (unweighted) derivatives from the last pass."""

    def __init__(self, rows: Rows, family: Family) -> None:
        self.rows = rows
        self.family = family
        self.passes = 0
        self.eta = np.empty(rows.y.size)
        self.first = np.empty(rows.y.size)
        self.second = np.empty(rows.y.size)

    def sums(self, fixed: Floats, lift: Floats, shape: Floats) -> Sums:
        """One pass: eta = fixed (n,) + z' lift (m, D); keeps eta and the derivatives, returns dyad sums."""
        rows = self.rows
        m = rows.z.shape[0]
        self.passes += 1
        loss, first, second = 0.0, np.empty((m, rows.dyads)), np.empty((m, m, rows.dyads))
        for row, dyad, starts in rows.chunks:
            eta = self.linear(row, dyad, lift)
            eta += fixed[row]
            weights = None if rows.weights is None else rows.weights[row]
            part, d1, d2 = self.family.curve(rows.y[row], eta, shape, weights)
            loss += part
            self.eta[row], self.first[row], self.second[row] = eta, d1, d2
            if weights is not None:
                d1, d2 = d1 * weights, d2 * weights
            self.segment(d1, row, starts, first[:, dyad])
            for j in range(m):
                tilted = d2 if rows.plain[j] else d2 * rows.z[j, row]
                self.segment(tilted, row, starts, second[j, :, dyad])
        return Sums(loss, first, second)

    def linear(self, row: slice, dyad: slice, coefficients: Floats) -> Floats:
        """z' g for a run of rows."""
        rows = self.rows
        out = None
        for j, plain in enumerate(rows.plain):
            term = np.repeat(coefficients[j, dyad], rows.counts[dyad])
            if not plain:
                term *= rows.z[j, row]
            out = term if out is None else out + term
        return np.zeros(row.stop - row.start) if out is None else out

    def quadratic(self, row: slice, dyad: slice, spread: Floats) -> Floats:
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

    def segment(self, values: Floats, row: slice, starts: Ints, out: Floats) -> None:
        """Dyad sums of z * values, written into out (m, dyads of the run)."""
        for j, plain in enumerate(self.rows.plain):
            np.add.reduceat(values if plain else values * self.rows.z[j, row], starts, out=out[j])

    def weighted_second(self, row: slice) -> Floats:
        """Weighted second derivatives of a run of rows."""
        weights = self.rows.weights
        return self.second[row] if weights is None else self.second[row] * weights[row]

    def bends(self, spread: Floats, shape: Floats) -> tuple[Floats, Floats]:
        """Half the derivative of log |H| in each row's eta (spread / 2 * third), and its dyad sums."""
        rows = self.rows
        bend, sums = np.empty(rows.y.size), np.empty((rows.z.shape[0], rows.dyads))
        for row, dyad, starts in rows.chunks:
            part = self.quadratic(row, dyad, spread)
            part *= 0.5
            part *= self.family.third(rows.y[row], self.eta[row], shape, self.first[row], self.second[row])
            if rows.weights is not None:
                part *= rows.weights[row]
            bend[row] = part
            self.segment(part, row, starts, sums[:, dyad])
        return bend, sums

    def fixed_gradient(self, bend: Floats, pull: Floats, spread: Floats, shape: Floats) -> tuple[Floats, Floats]:
        """Half the gradient in beta and in the shape (constant left out); `pull` is L a per dyad (m, D)."""
        rows = self.rows
        for_beta, for_shape = np.zeros(rows.x.shape[0]), np.zeros(shape.size)
        for row, dyad, _ in rows.chunks:
            zeta = self.linear(row, dyad, pull)
            change = self.first[row] - self.second[row] * zeta
            if rows.weights is not None:
                change *= rows.weights[row]
            change += bend[row]
            for_beta += rows.x[:, row] @ change
            if shape.size:
                weight = np.ones(zeta.size) if rows.weights is None else rows.weights[row]
                terms = (weight, self.quadratic(row, dyad, spread), zeta)
                for_shape += self.family.shape_gradient(rows.y[row], self.eta[row], shape, terms)
        return for_beta, for_shape
