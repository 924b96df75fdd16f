"""Small arithmetic inside a formula: ``log(hours)``, ``I(anger > 1)``, ``I(day^2)``; nothing else is
evaluated."""

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "I": lambda value: value,
}
LABELLERS = ("factor", "C", "ordered")
"""Calls that make labels of their one column; ``ordered`` only matters for an ordinal outcome."""

ARITHMETIC: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
WORD = re.compile(r"`([^`]+)`|(?<![\w.])([^\W\d][\w.]*)(\s*\()?")


def columns_of(expression: str) -> list[str]:
    """The column names an expression uses, in order, function names left out."""
    found = [match.group(1) or match.group(2) for match in WORD.finditer(expression) if not match.group(3)]
    return list(dict.fromkeys(found))


def label_call(expression: str) -> tuple[str, bool] | None:
    """``factor(x)``, ``C(x)`` or ``ordered(x)``: the column and whether it is ordered; else None."""
    match = re.fullmatch(r"(\w+)\(\s*`?([^`()]+?)`?\s*\)", expression)
    if match and match.group(1) in LABELLERS:
        return match.group(2), match.group(1) == "ordered"
    return None


def evaluate(expression: str, column: Callable[[str], Any]) -> Any:
    """The value of an expression, with ``column(name)`` giving each column; ``ValueError`` for anything
    unknown."""
    places: dict[str, Any] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        if match.group(3):
            return f"{name}("
        place = f"column_{len(places)}"
        places[place] = column(name)
        return place

    text = WORD.sub(stand_in, expression).replace("^", "**")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as problem:
        raise ValueError(f"The expression {expression!r} could not be read.") from problem
    with np.errstate(divide="ignore", invalid="ignore"):
        return _value(tree, places, expression)


def _value(node: ast.AST, places: dict[str, Any], whole: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.Name) and node.id in places:
        return places[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        return ARITHMETIC[type(node.op)](_value(node.left, places, whole), _value(node.right, places, whole))
    if isinstance(node, ast.UnaryOp) and type(node.op) in ARITHMETIC:
        return ARITHMETIC[type(node.op)](_value(node.operand, places, whole))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in ARITHMETIC:
        left, right = _value(node.left, places, whole), _value(node.comparators[0], places, whole)
        answer = np.asarray(ARITHMETIC[type(node.ops[0])](left, right), dtype=np.float64)
        missing = np.isnan(np.asarray(left, dtype=np.float64)) | np.isnan(np.asarray(right, dtype=np.float64))
        return np.where(missing, np.nan, answer)
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if isinstance(node, ast.Call) and name in FUNCTIONS and len(node.args) == 1:
        return FUNCTIONS[name](_value(node.args[0], places, whole))
    raise ValueError(
        f"The expression {whole!r} uses something that formulas here do not know; "
        f"known are arithmetic, comparisons and {', '.join(FUNCTIONS)}, factor."
    )
