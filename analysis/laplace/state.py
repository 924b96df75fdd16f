"""What the Laplace engine passes around: loadings, dyad sums, the factored curvature, the mode, covariances.

m is the number of columns of z, q1 and q2 the random coefficients of a professional and of a dyad, P and D
the number of professionals and dyads. Arrays run along the groups in their last axis.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.laplace.blocks import Floats


@dataclass(frozen=True)
class Sums:
    """Dyad sums at one linear predictor: loss without constant, z first (m, D), z z' second (m, m, D)."""

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
