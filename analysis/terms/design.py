"""From a formula and a frame to the arrays a model needs: outcome, columns, groups, and a record of what was
missing.

A column of the model is kept as its *parts* (the arrays it multiplies), so that the engine can see that
``closeness`` never changes inside a dyad and need not be read row by row. ``Design.fixed_matrix`` multiplies
them out for anyone who wants the plain model matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.terms.coding import Coding, code_terms
from analysis.terms.formula import Formula, RandomTerm, parse_formula
from analysis.terms.table import Array, Codes, Labels, Table, label_text
from analysis.terms.variables import Missing, Variables, combine, cutter

SEPARATOR = "\x1f"
"""Stands between the labels of a combination, where a colon could belong to one of them."""


@dataclass(frozen=True)
class Column:
    """One column of a model matrix: its ``name`` and the arrays (n,) it multiplies; no parts means all
    ones."""

    name: str
    parts: tuple[Array, ...]

    def values(self, height: int) -> Array:
        """The column multiplied out, shape (height,)."""
        if not self.parts:
            return np.ones(height)
        product = self.parts[0]
        for part in self.parts[1:]:
            product = product * part
        return product


@dataclass(frozen=True)
class Factor:
    """A grouping factor: ``name`` (``professional:day`` for combinations), ``codes`` (n,) from 0, ``size``
    groups. ``labels()`` gives a frame with one column per part of the name."""

    name: str
    codes: Codes
    size: int
    parts: tuple[tuple[str, Labels], ...]

    def labels(self) -> list[str]:
        """One text label per group, in the order of the codes; combinations are joined by a colon."""
        return [key.replace(SEPARATOR, ":") for key in self.keys()]

    def keys(self) -> list[str]:
        """One text per group that no other group has: as :meth:`labels`, joined by a control character."""
        first = np.zeros(self.size, dtype=np.int64)
        first[self.codes[::-1]] = np.arange(self.codes.size)[::-1]
        texts = []
        for _, part in self.parts:
            levels = np.asarray([label_text(level) for level in part.levels], dtype=object)
            texts.append(levels[part.codes[first]])
        return [SEPARATOR.join(row) for row in zip(*texts, strict=True)]


@dataclass(frozen=True)
class RandomLevel:
    """All random terms over one grouping factor: the ``columns`` that vary and ``blocks``, the sets of
    columns that correlate with each other (one block per term; ``||`` makes one block per column, or per set
    of dummies)."""

    factor: Factor
    columns: tuple[Column, ...]
    blocks: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Design:
    """Everything a model needs, rows with a missing value already left out.

    ``response`` (n,) in the outcome's unit (codes from 0 for labels); ``response_levels`` its labels, if it
    had any; ``columns`` the p fixed columns; ``levels`` the random ones, fewest groups first; ``offset``,
    ``weights`` (n,) or None; ``extra`` the further columns asked for (time, role, ...); ``rows`` the
    positions kept, or None when all were; ``coding`` rebuilds the columns on another frame.
    """

    formula: Formula
    response: Array
    response_levels: tuple[Any, ...] | None
    columns: tuple[Column, ...]
    levels: tuple[RandomLevel, ...]
    offset: Array | None
    weights: Array | None
    extra: dict[str, Array | Labels]
    rows: Codes | None
    missing: Missing
    coding: Coding

    @property
    def height(self) -> int:
        """Number of rows used."""
        return self.missing.used

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed columns, as R would write them."""
        return tuple(column.name for column in self.columns)

    def taken(self, order: Codes) -> "Design":
        """The same design with its rows in another order (columns, groups, outcome, offset and weights)."""
        moved: dict[int, Array] = {}

        def move(part: Array) -> Array:
            return moved[id(part)] if id(part) in moved else moved.setdefault(id(part), part[order])

        def moved_column(column: Column) -> Column:
            return Column(column.name, tuple(move(part) for part in column.parts))

        levels = []
        for level in self.levels:
            factor = replace(level.factor, codes=level.factor.codes[order])
            levels.append(replace(level, factor=factor, columns=tuple(map(moved_column, level.columns))))
        return replace(
            self,
            response=self.response[order],
            columns=tuple(map(moved_column, self.columns)),
            levels=tuple(levels),
            offset=None if self.offset is None else self.offset[order],
            weights=None if self.weights is None else self.weights[order],
        )

    def fixed_matrix(self) -> Array:
        """The model matrix of the fixed part, shape (n, p)."""
        if not self.columns:
            return np.empty((self.height, 0))
        return np.column_stack([column.values(self.height) for column in self.columns])

    def random_matrix(self, level: int) -> Array:
        """The columns that vary over the groups of ``levels[level]``, shape (n, q)."""
        return np.column_stack([column.values(self.height) for column in self.levels[level].columns])


def build_design(
    formula: str | Formula,
    frame: Any,
    *,
    weights: str | Any = None,
    extra: tuple[str, ...] = (),
    labelled: tuple[str, ...] = (),
    coding: Coding | None = None,
    partial: bool = False,
) -> Design:
    """Build the design of ``formula`` on ``frame``.

    ``weights`` is a column name or an array of positive precision weights; ``extra`` names further columns to
    carry along as numbers, ``labelled`` as labels (both take part in listwise deletion). Raises
    ``ValueError`` naming the column for anything that cannot be used.
    ``coding`` fixes the levels of label predictors beforehand; ``partial`` allows a piece of a larger frame,
    with a single group or no complete row.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    table = Table(frame)
    if table.height == 0:
        raise ValueError("The frame has no rows.")
    variables = Variables(table)
    response = variables.get(parsed.response, role="outcome")
    for name in parsed.variables:
        variables.get(name)
    offsets = [variables.number(expression, role="offset") for expression in parsed.offsets]
    given = variables.weights(weights)
    carried = variables.carried(extra, labelled)
    variables.read_labels([name for random in parsed.random for name in random.group])
    groups = [(random.group, [variables.label(name) for name in random.group]) for random in parsed.random]
    keep, missing = variables.listwise(groups, allow_none=partial)
    cut = cutter(keep)
    used = {k: cut(v) for k, v in variables.seen.items()}
    coding, fixed, random_columns = code_terms(parsed, used, coding)
    levels = _random_levels(parsed.random, random_columns, groups, cut, 1 if partial else 2)
    outcome, outcome_levels = _outcome(cut(response), parsed.response)
    return Design(
        parsed,
        outcome,
        outcome_levels,
        tuple(Column(*column) for column in fixed),
        levels,
        sum((cut(offset) for offset in offsets), np.zeros(missing.used)) if offsets else None,
        None if given is None else cut(given),
        {name: cut(value) for name, value in carried.items()},
        keep,
        missing,
        coding,
    )


def _random_levels(
    terms: tuple[RandomTerm, ...],
    columns: list[list[list[tuple[str, tuple[Array, ...]]]]],
    groups: list[tuple[tuple[str, ...], list[Labels]]],
    cut: Callable[[Any], Any],
    fewest: int,
) -> tuple[RandomLevel, ...]:
    gathered: dict[tuple[str, ...], tuple[list[Column], list[tuple[int, ...]]]] = {}
    factors: dict[tuple[str, ...], Factor] = {}
    for term, blocks, (names, labels) in zip(terms, columns, groups, strict=True):
        if names not in factors:
            factors[names] = make_factor(names, [cut(label) for label in labels], fewest)
        found, shape = gathered.setdefault(names, ([], []))
        for block in blocks if not term.correlated else [sum(blocks, [])]:
            shape.append(tuple(range(len(found), len(found) + len(block))))
            found.extend(Column(*column) for column in block)
    levels = [RandomLevel(factors[names], tuple(c), tuple(s)) for names, (c, s) in gathered.items()]
    return tuple(sorted(levels, key=lambda level: level.factor.size))


def make_factor(names: tuple[str, ...], labels: list[Labels], fewest: int = 2) -> Factor:
    """Dense codes for one column or for the combinations of several, in order of first appearance."""
    codes = combine([label.codes for label in labels])
    size = len(labels[0].encoded)
    if len(labels) > 1 or bool(np.any(np.bincount(codes, minlength=size) == 0)):
        encoded = pa.array(codes).dictionary_encode()
        codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
        size = len(encoded.dictionary)
    name = ":".join(names)
    if size < fewest:
        raise ValueError(f"The grouping factor '{name}' has only one group, so nothing can vary over it.")
    return Factor(name, codes, size, tuple(zip(names, labels, strict=True)))


def _outcome(value: Array | Labels, name: str) -> tuple[Array, tuple[Any, ...] | None]:
    if not isinstance(value, Labels):
        return np.ascontiguousarray(value), None
    order = np.arange(len(value.levels))
    if not value.ordered:
        order = np.argsort(np.argsort(np.asarray(value.levels, dtype=object)))
    if len(value.levels) < 2:
        raise ValueError(f"The outcome '{name}' has one label only.")
    levels = [None] * len(value.levels)
    for label, place in zip(value.levels, order, strict=True):
        levels[int(place)] = label
    return order[value.codes].astype(np.float64), tuple(levels)
