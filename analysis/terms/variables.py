"""The variables of a formula read from a frame, and listwise deletion said out loud."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.terms.expression import columns_of, evaluate, label_call
from analysis.terms.table import Array, Codes, Labels, Table

PARALLEL_FROM = 100_000
"""Rows from which grouping columns are coded in parallel."""


@dataclass(frozen=True)
class Missing:
    """Listwise deletion said out loud: ``rows`` given, ``used``, a count of missing values per variable, and
    the number of groups of each factor that lost all their rows."""

    rows: int
    used: int
    by_variable: dict[str, int]
    groups_lost: dict[str, int]

    def frame(self) -> pd.DataFrame:
        """Columns ``variable``, ``missing`` (rows) and ``share``."""
        names = list(self.by_variable)
        counts = [self.by_variable[name] for name in names]
        shares = [count / self.rows if self.rows else 0.0 for count in counts]
        return pd.DataFrame({"variable": names, "missing": counts, "share": shares})


class Variables:
    """The variables of a formula, each read once, with the rows each one lacks."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.seen: dict[str, Array | Labels] = {}
        self.groupings: dict[str, Labels] = {}
        self.given: Array | None = None

    def get(self, expression: str, role: str = "term") -> Array | Labels:
        """An expression as numbers, or as labels when it names a column of labels."""
        if expression in self.seen:
            return self.seen[expression]
        value = read_variable(expression, self.table, role)
        self.seen[expression] = value
        return value

    def number(self, expression: str, role: str) -> Array:
        value = self.get(expression, role)
        if isinstance(value, Labels):
            raise ValueError(f"The {role} '{expression}' holds labels where numbers are needed.")
        return value

    def carried(self, numbers: tuple[str, ...], labels: tuple[str, ...]) -> dict[str, Array | Labels]:
        """Further columns asked for, by name: as numbers or as labels."""
        found: dict[str, Array | Labels] = {name: self.number(name, role="column") for name in numbers}
        return found | {name: self.label(name) for name in labels}

    def read_labels(self, names: list[str]) -> None:
        """Read several grouping columns at once: coding text is most of the work on a large frame."""
        wanted = [name for name in dict.fromkeys(names) if name not in self.groupings]
        for name in wanted:
            self.table.require(name, "grouping column")
        if self.table.height < PARALLEL_FROM or len(wanted) < 2:
            return
        with ThreadPoolExecutor(len(wanted)) as pool:
            self.groupings |= dict(zip(wanted, pool.map(self.table.labels, wanted), strict=True))

    def label(self, name: str) -> Labels:
        if name not in self.groupings:
            self.table.require(name, "grouping column")
            self.groupings[name] = self.table.labels(name)
        return self.groupings[name]

    def weights(self, weights: str | Any) -> Array | None:
        if weights is None:
            return None
        if isinstance(weights, str):
            values = self.number(weights, role="weight")
        else:
            values = np.asarray(weights, dtype=np.float64)
            if values.shape != (self.table.height,):
                raise ValueError(f"weights has shape {values.shape}; the frame has {self.table.height} rows.")
        if bool(np.any(values <= 0)):
            raise ValueError("Weights must be positive; leave rows out of the frame instead of weighting them zero.")
        self.given = values
        return values

    def listwise(
        self, groups: list[tuple[tuple[str, ...], list[Labels]]], allow_none: bool = False
    ) -> tuple[Codes | None, Missing]:
        """The rows to keep (None for all) and the record of what was missing."""
        lacking: dict[str, Any] = {}
        for name, value in (*self.seen.items(), *self.groupings.items()):
            absent = absent_rows(value, name)
            if absent is not None:
                lacking[name] = absent if name not in lacking else lacking[name] | absent
        if self.given is not None and bool(np.isnan(self.given).any()):
            lacking["weights"] = np.isnan(self.given)
        height = self.table.height
        if not lacking:
            return None, Missing(height, height, {}, {})
        complete = ~np.logical_or.reduce(list(lacking.values()))
        keep = np.flatnonzero(complete)
        if keep.size == 0 and not allow_none:
            worst = max(lacking, key=lambda name: int(lacking[name].sum()))
            raise ValueError(
                f"No row is complete: '{worst}' alone is missing in {int(lacking[worst].sum())} of {height}."
            )
        lost = {":".join(names): _groups_lost(parts, keep) for names, parts in groups}
        return keep, Missing(height, int(keep.size), {name: int(lacking[name].sum()) for name in lacking}, lost)


def read_variable(expression: str, table: Table, role: str) -> Array | Labels:
    """An expression of the formula as numbers or labels; ``ValueError`` naming the column it cannot use."""
    call = label_call(expression)
    names = [call[0]] if call else columns_of(expression)
    plain = expression in table.names
    for name in [expression] if plain else names:
        table.require(name, role)
    if call or (plain and not table.is_numeric(expression)):
        found = table.labels(call[0] if call else expression)
        return Labels(found.codes, found.encoded, found.ordered or bool(call and call[1]))
    if plain:
        return table.numbers(expression)
    for name in names:
        if not table.is_numeric(name):
            raise ValueError(f"The {role} '{expression}' calculates with '{name}', which holds labels.")
    if not names:
        raise ValueError(f"The {role} '{expression}' names no column of the frame.")
    return np.asarray(evaluate(expression, table.numbers), dtype=np.float64)


def absent_rows(value: Array | Labels, name: str) -> Any:
    """Rows where the value is missing, or None; infinite values are refused."""
    if isinstance(value, Labels):
        absent = value.codes < 0
        return absent if bool(absent.any()) else None
    if bool(np.isfinite(value.sum())):
        return None
    if bool(np.isinf(value).any()):
        raise ValueError(f"'{name}' has infinite values in {int(np.isinf(value).sum())} rows.")
    absent = np.isnan(value)
    return absent if bool(absent.any()) else None


def _groups_lost(parts: list[Labels], keep: Codes) -> int:
    key = combine([part.codes for part in parts])
    known = key[np.logical_and.reduce([part.codes >= 0 for part in parts])]
    return int(np.unique(known).size - np.unique(key[keep]).size)


def cutter(keep: Codes | None) -> Callable[[Any], Any]:
    """A function that keeps the rows ``keep`` of an array or of labels; None keeps all."""

    def cut(value: Any) -> Any:
        if keep is None:
            return value
        if isinstance(value, Labels):
            return Labels(value.codes[keep], value.encoded, value.ordered)
        return value[keep]

    return cut


def combine(codes: list[Codes]) -> Codes:
    """One integer per combination of codes (not dense); rows with the same combination share it."""
    key = codes[0]
    for other in codes[1:]:
        key = key * (int(other.max(initial=0)) + 1) + other
    return key
