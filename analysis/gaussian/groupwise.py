"""Small matrices per group, multiplied without leaving the group axis (last, contiguous)."""

from collections.abc import Sequence

import numpy as np

from analysis.gaussian.problem import Direction
from analysis.terms.table import Array


def weighted(kernel: Array, right: Array) -> Array:
    """Per group, kernel (q, q) times right (q, r): sums over the middle index without leaving the group
    axis."""
    result = np.empty_like(right)
    for i in range(right.shape[0]):
        np.multiply(right[0], kernel[i, 0], out=result[i])
        for j in range(1, right.shape[0]):
            result[i] += right[j] * kernel[i, j]
    return result


def product(a: Array, b: Array) -> Array:
    """Per group, the product of two (q, q) matrices."""
    result = np.zeros_like(a)
    q = a.shape[0]
    for i in range(q):
        for j in range(q):
            for m in range(q):
                result[i, j] += a[i, m] * b[m, j]
    return result


def contract(a: Array, b: Array) -> Array:
    """Sum over the first and last axes of a[i, r] b[i, s]."""
    total = np.zeros((a.shape[1], b.shape[1]))
    for i in range(a.shape[0]):
        total += a[i] @ b[i].T
    return total


def contract_many(g: Array, u: Array) -> Array:
    """Sum over the middle and last axes of g[x, i] u[i, s]: shape (x, s)."""
    total = np.zeros((g.shape[0], u.shape[1]))
    for i in range(u.shape[0]):
        total += g[:, i] @ u[i].T
    return total


def pushed(u: Array, directions: Sequence[Direction], coefficients: Array) -> Array:
    """dPsi_d z per group, z = U c: shape (directions, q, groups)."""
    residual = np.einsum("ikg,k->ig", u, coefficients)
    pushed = np.zeros((len(directions), u.shape[0], u.shape[2]))
    for at, direction in enumerate(directions):
        pushed[at] = direction.vector[:, None] * residual[direction.row]
        pushed[at, direction.row] += direction.vector @ residual
    return pushed


def apply(kernel: Array, vectors: Array) -> Array:
    """Per group, kernel (q, q) times each of the vectors (x, q)."""
    result = np.zeros_like(vectors)
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[0]):
            result[:, i] += vectors[:, j] * kernel[i, j]
    return result


def onto(f: Array, vectors: Array) -> Array:
    """Per group, vectors (x, i) times f (i, s): shape (x, s, groups)."""
    result = np.zeros((vectors.shape[0], f.shape[1], f.shape[2]))
    for s in range(f.shape[1]):
        for i in range(f.shape[0]):
            result[:, s] += vectors[:, i] * f[i, s]
    return result


def flat(vectors: Array) -> Array:
    """One row per vector."""
    return vectors.reshape(vectors.shape[0], int(np.prod(vectors.shape[1:])))
