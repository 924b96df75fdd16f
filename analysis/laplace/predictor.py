"""The linear predictor of a formula's Laplace fit: on its own rows, on a new frame, and with effects drawn anew."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from analysis.gaussian.effects import predict_new, spread
from analysis.terms.coding import code_terms
from analysis.terms.design import Column, Design, Factor
from analysis.terms.table import Array, Labels, Table
from analysis.terms.variables import read_variable


def own_rows(design: Design, laplace: Any, modes: list[Array]) -> Array:
    """X beta plus offset plus these random coefficients, (q, groups) per level; none for the fixed part alone."""
    total = design.fixed_matrix() @ _padded(design, laplace)
    if design.offset is not None:
        total = total + design.offset
    for level, values in zip(design.levels, modes, strict=False):
        total = total + spread(level, values, design.height)
    return total


def all_modes(design: Design, laplace: Any) -> list[Array]:
    """Conditional modes (q, groups) in the order of the design's groups; zero for a group without rows."""
    found = []
    for level, known in zip(design.levels, laplace.levels, strict=True):
        values = np.zeros((len(level.columns), level.factor.size))
        values[:, known.labels] = known.modes.T
        found.append(values)
    return found


def drawn_modes(design: Design, laplace: Any, generator: np.random.Generator) -> list[Array]:
    """Random coefficients (q, groups) drawn from their estimated distribution."""
    found = []
    for level, known in zip(design.levels, laplace.levels, strict=True):
        values, vectors = np.linalg.eigh(known.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        found.append(root @ generator.standard_normal((root.shape[1], level.factor.size)))
    return found


def drawn_rows(design: Design, laplace: Any, generator: np.random.Generator) -> Array:
    """One new outcome (n,) per row of the design; ordered categories as codes from 0."""
    eta = own_rows(design, laplace, drawn_modes(design, laplace, generator))
    trials = np.ones(eta.size) if design.weights is None else design.weights
    return np.asarray(laplace.engine_family.draw(eta, laplace.shape, trials, generator))


def new_rows(design: Design, laplace: Any, frame: Any, random: bool, unseen: str) -> Array:
    """The linear predictor of the rows of ``frame``, coded as the model's own rows were; NaN where a predictor
    is missing. ``unseen`` as in ``GeneralisedFit.predict``."""
    fixed: Any = SimpleNamespace(beta=_padded(design, laplace))
    total = predict_new(design, fixed, frame, random=False, unseen=unseen)
    if not random:
        return total
    table = Table(frame)
    columns = _random_columns(design, table)
    for level, values in zip(design.levels, all_modes(design, laplace), strict=True):
        codes = _places(level.factor, table, unseen)
        padded = np.concatenate([values, np.zeros((values.shape[0], 1))], axis=1)
        for column, row in zip(level.columns, padded, strict=True):
            total = total + row[codes] * columns[column.name].values(table.height)
    return total


def effect_frames(design: Design, laplace: Any) -> dict[str, pd.DataFrame]:
    """Conditional modes, one frame per grouping factor: group (label), then one column per varying term."""
    frames = {}
    for level, known in zip(design.levels, laplace.levels, strict=True):
        order = np.argsort(known.labels)
        labels = [":".join(key) for key in _keys(level.factor)]
        frame = pd.DataFrame({"group": [labels[code] for code in known.labels[order]]})
        for name, column in zip(known.names, known.modes[order].T, strict=True):
            frame[name] = column
        frames[level.factor.name] = frame
    return frames


def _padded(design: Design, laplace: Any) -> Array:
    """One coefficient per fixed column of the design; an ordinal model has none for the intercept."""
    known = dict(zip(laplace.names, laplace.estimates, strict=True))
    return np.array([known.get(name, 0.0) for name in design.names])


def _random_columns(design: Design, table: Table) -> dict[str, Column]:
    values = {name: read_variable(name, table, "predictor") for name in design.formula.variables}
    for name, value in values.items():
        if isinstance(value, Labels):
            values[name] = Labels(np.maximum(value.codes, 0), value.encoded, value.ordered)
    _, _, blocks = code_terms(design.formula, values, design.coding)
    parts = [part for term in blocks for block in term for part in block]
    return {name: Column(name, arrays) for name, arrays in parts}


def _places(factor: Factor, table: Table, unseen: str) -> Any:
    """The group (n,) of each row of a new frame; -1 for groups the model has not seen."""
    texts = []
    for name, _ in factor.parts:
        table.require(name, "grouping column")
        labels = table.labels(name)
        texts.append(np.asarray([*map(_text, labels.levels), None], dtype=object)[labels.codes])
    rows = list(zip(*texts, strict=True))
    place = {key: at for at, key in enumerate(_keys(factor))}
    codes = np.array([place.get(row, -1) for row in rows], dtype=np.int64)
    if unseen == "error" and bool(np.any(codes < 0)):
        first = rows[int(np.argmin(codes))]
        said = f"has groups the model has not seen, such as {':'.join(map(str, first))!r}"
        said = "is missing in some rows" if None in first else said
        raise ValueError(f"'{factor.name}' {said}; pass unseen='zero' to predict them from the fixed part.")
    return codes


def _keys(factor: Factor) -> list[tuple[str, ...]]:
    first = np.zeros(factor.size, dtype=np.int64)
    first[factor.codes[::-1]] = np.arange(factor.codes.size)[::-1]
    parts = [np.asarray([_text(v) for v in part.levels], dtype=object)[part.codes[first]] for _, part in factor.parts]
    return list(zip(*parts, strict=True))


def _text(label: Any) -> str:
    """A label as text; whole numbers alike whether a missing value made their column float or not."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
