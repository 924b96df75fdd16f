"""Many small symmetric matrices at once, stored (q, q, groups): every operation runs along the groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_SMALLEST_PIVOT = 0.5


def cholesky(matrices: Floats) -> tuple[Floats, bool]:
    """Lower Cholesky factors of (q, q, g) matrices, and whether every one was positive definite.

    The matrices are identity plus something, so a pivot that is not positive is raised to one half: the
    factor then belongs to a nearby positive matrix and still gives a descent direction.
    """
    q = matrices.shape[0]
    factor = np.zeros_like(matrices)
    sound = True
    for j in range(q):
        pivot = matrices[j, j] - np.sum(factor[j, :j] ** 2, axis=0)
        if not (pivot > 0).all():
            sound = False
            pivot = np.where(pivot > 0, pivot, _SMALLEST_PIVOT)
        factor[j, j] = np.sqrt(pivot)
        for i in range(j + 1, q):
            factor[i, j] = (matrices[i, j] - np.sum(factor[i, :j] * factor[j, :j], axis=0)) / factor[j, j]
    return factor, sound


def solve(factor: Floats, right: Floats) -> Floats:
    """Solutions of (L L') x = right for right (q, g) or (q, k, g)."""
    q = factor.shape[0]
    x = right.copy()
    for i in range(q):
        for j in range(i):
            x[i] -= factor[i, j] * x[j]
        x[i] /= factor[i, i]
    for i in reversed(range(q)):
        for j in range(i + 1, q):
            x[i] -= factor[j, i] * x[j]
        x[i] /= factor[i, i]
    return x


def inverse(factor: Floats) -> Floats:
    """Inverses (q, q, g) of the matrices with these Cholesky factors."""
    q, groups = factor.shape[0], factor.shape[2]
    identity = np.zeros((q, q, groups))
    for i in range(q):
        identity[i, i] = 1.0
    return solve(factor, identity)


def log_determinant(factor: Floats) -> float:
    """Sum over all groups of the logarithm of the determinant."""
    return float(sum(2 * np.log(factor[i, i]).sum() for i in range(factor.shape[0])))


def product(left: Floats, right: Floats) -> Floats:
    """Batched product of (a, b, g) with (b, c, g) or (b, g); without a group axis on the left, of (a, b)."""
    if left.ndim == 2:
        if left.shape == (1, 1):
            return np.asarray(right * left[0, 0])
        if right.ndim == 2:
            return left @ right
        flat = right.reshape(right.shape[0], right.shape[1] * right.shape[2])
        return (left @ flat).reshape(left.shape[0], *right.shape[1:])
    if left.shape[1] == 1:
        return np.asarray(left[:, 0, None] * right[0] if right.ndim == 3 else left[:, 0] * right[0])
    return np.asarray(np.einsum("ijg,jkg->ikg" if right.ndim == 3 else "ijg,jg->ig", left, right))
