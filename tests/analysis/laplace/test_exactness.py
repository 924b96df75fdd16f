"""The deviance against a dense Laplace approximation, and the gradient against differences."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import binom, nbinom, norm, poisson

from analysis.laplace import fit_laplace
from analysis.laplace.design import Pieces, RandomColumns, build_design
from analysis.laplace.families import Binomial, Family, NegativeBinomial, Poisson
from analysis.laplace.inner import Laplace
from analysis.laplace.ordinal import CumulativeLogit
from analysis.laplace.parameters import Objective
from analysis.laplace.truncated import TruncatedNegativeBinomial, TruncatedPoisson

OUTCOMES = {
    "binomial": "anger",
    "poisson": "calls",
    "negative_binomial": "events",
    "ordinal": "strain",
    "truncated_poisson": "fear",
    "truncated_negative_binomial": "fear",
}


def log_density(family: str, y: np.ndarray, eta: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """From scipy's distributions, row by row."""
    if family == "binomial":
        return binom.logpmf(y, 1, 1 / (1 + np.exp(-eta)))
    if family == "ordinal":
        edges = np.concatenate([[-np.inf], shape, [np.inf]])
        k = y.astype(int)
        return np.log(1 / (1 + np.exp(eta - edges[k + 1])) - 1 / (1 + np.exp(eta - edges[k])))
    mean = np.exp(eta)
    if family.endswith("poisson"):
        base, zero = poisson.logpmf(y, mean), np.exp(-mean)
    else:
        size = np.exp(shape[0])
        base, zero = nbinom.logpmf(y, size, size / (size + mean)), (size / (size + mean)) ** size
    return base - np.log1p(-zero) if family.startswith("truncated") else base


def problem(diary: pd.DataFrame, family: str, random: RandomColumns, weights: bool) -> tuple[Objective, np.ndarray]:
    """The engine on 150 rows, and a vector of parameters off the optimum."""
    rows = diary[diary.fear > 0] if family.startswith("truncated") else diary
    rows = rows.sort_values(["prof", "dyad"])[:150]
    y = rows[OUTCOMES[family]].to_numpy(float) - (1 if family == "ordinal" else 0)
    x = np.column_stack([rows.conflict, rows.demand] + [np.ones(len(rows))] * (family != "ordinal"))
    shape = {"ordinal": np.array([-1.4, -0.2, 0.9, 2.0])}.get(family, np.full(int(family.endswith("binomial")), 0.3))
    shape = np.zeros(0) if family == "binomial" else shape
    w = rows.trials.to_numpy(float) if weights else None
    pieces = Pieces(y=y, x=x, names=tuple("abc"[: x.shape[1]]), professional=rows.prof.to_numpy(),
                    dyad=rows.dyad.to_numpy(), offset=np.log(rows.hours.to_numpy()), weights=w,
                    shape=shape.size, ordinal=family == "ordinal")  # fmt: skip
    z = np.column_stack([np.ones(len(rows)), rows.demand])
    given = {
        "professional": z if random.professional is not None else None,
        "dyad": z if random.dyad is not None else None,
    }
    names = {f"{level}_names": ("one", "demand") for level, value in given.items() if value is not None}
    design = build_design(pieces, RandomColumns(**given, **names, correlated=random.correlated))
    kinds: dict[str, Any] = {"binomial": Binomial, "poisson": Poisson, "negative_binomial": NegativeBinomial,
             "truncated_poisson": TruncatedPoisson,
             "truncated_negative_binomial": TruncatedNegativeBinomial}  # fmt: skip
    made: Family = (
        CumulativeLogit(design.rows.y, w, tuple("12345")) if family == "ordinal" else kinds[family](design.rows.y, w)
    )
    layout = design.layout
    par = np.concatenate([np.linspace(0.3, 0.8, layout.cuts[1]), np.linspace(0.4, -0.5, x.shape[1]), shape])
    return Objective(Laplace(design.rows, made, (layout.professional.size, layout.dyad.size)), layout), par


SLOPES = np.zeros((0, 0))
STRUCTURES = [
    RandomColumns(),
    RandomColumns(professional=SLOPES),
    RandomColumns(dyad=SLOPES, correlated=(True, False)),
    RandomColumns(professional=SLOPES, dyad=SLOPES),
]


@pytest.mark.parametrize("structure", range(len(STRUCTURES)))
@pytest.mark.parametrize("family", list(OUTCOMES))
def test_the_gradient_is_that_of_the_deviance(family: str, structure: int, diary: pd.DataFrame):
    objective, par = problem(diary, family, STRUCTURES[structure], weights=family in ("poisson", "ordinal"))
    value, gradient = objective(par, tolerance=1e-20)
    assert gradient is not None
    steps = 1e-5 * np.eye(par.size)
    differences = [
        (objective(par + step, tolerance=1e-20)[0] - objective(par - step, tolerance=1e-20)[0]) / 2e-5 for step in steps
    ]
    assert np.allclose(gradient, differences, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("family", list(OUTCOMES))
def test_the_deviance_is_the_dense_laplace_approximation(family: str, diary: pd.DataFrame):
    objective, par = problem(diary, family, STRUCTURES[3], weights=False)
    rows, layout = objective.laplace.rows, objective.layout
    value, _ = objective(par, tolerance=1e-20)
    load, (beta, shape) = layout.loadings(par), layout.split(par)
    of_row = np.repeat(np.arange(rows.dyads), rows.counts)
    q1, q2 = layout.professional.size, layout.dyad.size
    wide = np.zeros((rows.y.size, q1 * rows.professionals + q2 * rows.dyads))
    for i in range(rows.y.size):
        p, d = rows.professional_of[of_row[i]], of_row[i]
        wide[i, q1 * p : q1 * (p + 1)] = rows.z[:, i] @ load.professional
        start = q1 * rows.professionals + q2 * d
        wide[i, start : start + q2] = rows.z[:, i] @ load.dyad
    fixed = rows.offset + beta @ rows.x

    def penalised(b: np.ndarray) -> float:
        return -log_density(family, rows.y, fixed + wide @ b, shape).sum() - norm.logpdf(b).sum()

    mode = objective.laplace
    b = np.concatenate([mode.professional_modes.T.ravel(), mode.dyad_modes.T.ravel()])
    better = minimize(penalised, b, method="L-BFGS-B")
    assert better.fun > penalised(b) - 1e-7
    step = 1e-4
    curve = [log_density(family, rows.y, fixed + wide @ b + shift, shape) for shift in (-step, 0.0, step)]
    second = -(curve[0] - 2 * curve[1] + curve[2]) / step**2
    hessian = wide.T @ (wide * second[:, None]) + np.eye(b.size)
    dense = 2 * penalised(b) + np.linalg.slogdet(hessian)[1] - b.size * np.log(2 * np.pi)
    assert value == pytest.approx(dense, abs=2e-4)


def test_two_ordered_categories_are_a_binary_outcome(diary: pd.DataFrame, x: np.ndarray):
    codes = diary.prof.to_numpy(), diary.dyad.to_numpy()
    binary = fit_laplace(diary.anger, x, *codes)
    ordered = fit_laplace(diary.anger + 1, x[:, 1:], *codes, family="ordinal")
    assert ordered.deviance == pytest.approx(binary.deviance, abs=1e-8)
    assert np.allclose(ordered.estimates, binary.estimates[1:], atol=1e-7)
    assert ordered.shape[0] == pytest.approx(-binary.estimates[0], abs=1e-7)


def test_the_constant_of_the_likelihood_is_counted(diary: pd.DataFrame, x: np.ndarray):
    """Without spread between groups the deviance is that of the plain model, constants included."""
    fit = fit_laplace(diary.flat, x, diary.prof.to_numpy(), diary.dyad.to_numpy(), family="poisson")
    eta = x @ fit.estimates
    plain = -2 * np.sum(diary.flat * eta - np.exp(eta) - gammaln(diary.flat + 1))
    assert fit.singular
    assert fit.deviance == pytest.approx(plain, abs=1e-8)
