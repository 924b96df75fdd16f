"""Formulas are read as R reads them."""

import pandas as pd
import pytest

from analysis.terms.design import build_design
from analysis.terms.formula import RandomTerm, parse_formula


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("y ~ a", [(), ("a",)]),
        ("y ~ 0 + a", [("a",)]),
        ("y ~ a - 1", [("a",)]),
        ("y ~ 1", [()]),
        ("y ~ a * b", [(), ("a",), ("b",), ("a", "b")]),
        ("y ~ a + b + b:a", [(), ("a",), ("b",), ("a", "b")]),
        ("y ~ a:b + a", [(), ("a",), ("a", "b")]),
        ("y ~ (a + b + c)^2 - a:b", [(), ("a",), ("b",), ("c",), ("a", "c"), ("b", "c")]),
        ("y ~ a / b", [(), ("a",), ("a", "b")]),
        ("y ~ log(h + 1) + I(d^2)", [(), ("log(h+1)",), ("I(d^2)",)]),
        ("y ~ `odd name` + Date.07", [(), ("odd name",), ("Date.07",)]),
    ],
)
def test_fixed_terms(text, fixed):
    assert list(parse_formula(text + " + (1 | g)").fixed) == fixed


@pytest.mark.parametrize(
    ("text", "random"),
    [
        ("(1 | g)", [RandomTerm(((),), ("g",), True)]),
        ("(x | g)", [RandomTerm(((), ("x",)), ("g",), True)]),
        ("(0 + x | g)", [RandomTerm((("x",),), ("g",), True)]),
        ("(1 + x || g)", [RandomTerm(((), ("x",)), ("g",), False)]),
        ("(1 | g / h)", [RandomTerm(((),), ("g",), True), RandomTerm(((),), ("g", "h"), True)]),
        ("(1 | g:day)", [RandomTerm(((),), ("g", "day"), True)]),
    ],
)
def test_random_terms(text, random):
    assert list(parse_formula(f"y ~ a + {text}").random) == random


def test_labels_are_coded_as_r_codes_them():
    frame = pd.DataFrame({"f": list("bacbac"), "x": [1.0, 2, 4, 3, 5, 8], "g": [1, 1, 1, 2, 2, 2], "y": range(6)})

    def names(formula):
        return list(build_design(formula + " + (1 | g)", frame).names)

    assert names("y ~ f") == ["(Intercept)", "fb", "fc"]
    assert names("y ~ 0 + f") == ["fa", "fb", "fc"]
    assert names("y ~ f * x") == ["(Intercept)", "fb", "fc", "x", "fb:x", "fc:x"]
    assert names("y ~ f:x") == ["(Intercept)", "fa:x", "fb:x", "fc:x"]
    assert names("y ~ x + f:x") == ["(Intercept)", "x", "x:fb", "x:fc"]


def test_what_a_calculated_term_holds():
    frame = pd.DataFrame({"x": [1.0, -2, 3, 0], "g": [1, 1, 2, 2], "y": [0.0, 1, 2, 4]})
    design = build_design("I(y > 1) ~ I(x^2) + abs(x) + offset(y / 2) + (1 | g)", frame)
    assert design.response.tolist() == [0, 0, 1, 1]
    assert design.fixed_matrix()[:, 1].tolist() == [1, 4, 9, 0]
    assert design.fixed_matrix()[:, 2].tolist() == [1, 2, 3, 0]
    assert design.offset.tolist() == [0, 0.5, 1, 2]
