"""The nested, the crossed and the linked engine are three ways to the same numbers."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from analysis import fit
from analysis.gaussian import assemble, crossed
from analysis.gaussian.crossed import CrossedProblem
from analysis.gaussian.linked import LinkedProblem
from analysis.gaussian.nested import NestedProblem


def events(professionals, dyads, rows, seed=3):
    """Simulated rows with as many dyads per professional and rows per dyad as asked."""
    rng = np.random.default_rng(seed)
    dyad = np.repeat(np.arange(professionals * dyads), rows)
    x = rng.standard_normal((3, dyad.size))
    y = 1 + 0.3 * x[0] + rng.standard_normal(professionals)[dyad // dyads] + rng.standard_normal(dyad.size)
    y += rng.standard_normal(professionals * dyads)[dyad] * (1 + 0.5 * x[1])
    client = rng.integers(0, 15, dyad.size)
    columns = {
        "professional": dyad // dyads,
        "dyad": dyad,
        "client": client,
        "x1": x[0],
        "x2": x[1],
        "x3": x[2],
    }
    return pd.DataFrame(columns | {"y": y + 0.5 * rng.standard_normal(15)[client]})


def agree(one, other):
    assert one.deviance == pytest.approx(other.deviance, abs=1e-8)
    assert_allclose(one.coefficients["estimate"], other.coefficients["estimate"], rtol=1e-6)
    assert_allclose(one.coefficients["df"], other.coefficients["df"], rtol=1e-5)
    for row in np.eye(len(one.coefficients)):
        a, b = (each.small_sample_by("kenward-roger").df(row) for each in (one, other))
        assert a == pytest.approx(b, rel=1e-5)
    for mine, theirs in zip(one.random_effects().values(), other.random_effects().values(), strict=True):
        assert_allclose(mine.iloc[:, 1:].to_numpy(), theirs.iloc[:, 1:].to_numpy(), atol=1e-5)
    assert_allclose(one.icc["icc"], other.icc["icc"], rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "formula"),
    [
        ((5, 30, 6), "y ~ x1 + x2 + x3 + (1 + x1 + x2 + x3 | professional) + (1 + x1 + x2 | dyad)"),
        ((60, 3, 8), "y ~ x1 + x2 + (1 + x2 || professional) + (1 + x1 + x2 || dyad)"),
        ((12, 20, 5), "y ~ x1 + (1 | professional) + (0 + x1 + x2 | dyad)"),
        ((40, 1, 9), "y ~ x1 + (1 + x1 | professional)"),
    ],
)
def test_nested_and_crossed(monkeypatch, shape, formula):
    frame = events(*shape)
    one = fit(formula, frame)
    monkeypatch.setattr(assemble, "_nesting", lambda _: None)
    other = fit(formula, frame)
    assert isinstance(one.estimate.assembly.problem, NestedProblem)
    assert isinstance(other.estimate.assembly.problem, CrossedProblem)
    agree(one, other)


@pytest.mark.parametrize("inner", ["1", "1 + x1"])
def test_crossed_and_linked(monkeypatch, inner):
    frame, formula = events(30, 2, 5), f"y ~ x1 + ({inner} | professional) + (1 | client)"
    one = fit(formula, frame)
    monkeypatch.setattr(crossed, "LINKED_FROM", 0)
    other = fit(formula, frame)
    assert isinstance(one.estimate.assembly.problem, CrossedProblem)
    assert isinstance(other.estimate.assembly.problem, LinkedProblem)
    agree(one, other)


def test_clients_shared_by_many_professionals_are_linked():
    frame = events(200, 2, 6)
    found = fit("y ~ x1 + (1 | professional) + (1 | client) + (1 | dyad)", frame)
    assert isinstance(found.estimate.assembly.problem, LinkedProblem)
    assert found.convergence.converged
    assert found.coefficients["estimate"][1] == pytest.approx(0.3, abs=0.1)
