"""Random effects, fitted values, predictions on new rows, and simulated outcomes."""

from typing import Any

import numpy as np
import pandas as pd

from analysis.gaussian.estimate import Estimate
from analysis.gaussian.tables import linear_predictor
from analysis.terms.coding import code_terms
from analysis.terms.design import SEPARATOR, Column, Design, RandomLevel
from analysis.terms.expression import columns_of, label_call
from analysis.terms.table import Array, Codes, Labels, Table, label_text
from analysis.terms.variables import read_variable


def modes(fit: Estimate) -> list[Array]:
    """Per level the conditional means of the random effects (q, groups), in raw units: Psi Z'V^-1 (y - X
    beta)."""
    problem, standard, here = fit.assembly.problem, fit.assembly.standard, fit.profile
    found = []
    for psi, back, u in zip(here.sweep.psis, standard.random, problem.projections(here.sweep), strict=True):
        found.append(standard.outcome_scale * back @ psi @ np.einsum("ikg,k->ig", u, here.coefficients))
    return found


def effect_frames(design: Design, fit: Estimate) -> dict[str, pd.DataFrame]:
    """One frame per grouping factor: column ``group`` (label), then one column per varying term."""
    frames = {}
    for level, values in zip(design.levels, modes(fit), strict=True):
        frame = pd.DataFrame({"group": level.factor.labels()})
        for column, row in zip(level.columns, values, strict=True):
            frame[column.name] = row
        frames[level.factor.name] = frame
    return frames


def fitted_values(design: Design, fit: Estimate, random: bool) -> Array:
    """X beta plus offset, and with ``random`` the conditional random effects too, shape (n,)."""
    total = linear_predictor(design, fit.beta)
    if design.offset is not None:
        total += design.offset
    if random:
        for level, values in zip(design.levels, modes(fit), strict=True):
            total += spread(level, values, design.height)
    return total


def spread(level: RandomLevel, values: Array, height: int) -> Array:
    """Z u for one level: effects (q, groups) put on the rows."""
    total = np.zeros(height)
    for column, row in zip(level.columns, values, strict=True):
        part = row[level.factor.codes]
        total += part * column.values(height) if column.parts else part
    return total


def predict_new(design: Design, fit: Estimate, frame: Any, random: bool, unseen: str) -> Array:
    """Predictions for the rows of ``frame`` (n',), NaN where a predictor is missing.

    With ``random``, groups the model knows get their effects; ``unseen`` says what happens to others: "error"
    or "zero" (the population's prediction).
    """
    table = Table(frame)
    formula = design.formula
    values = {name: _read_new(name, table) for name in formula.variables}
    absent = np.zeros(table.height, dtype=bool)
    for name, value in values.items():
        absent |= value.codes < 0 if isinstance(value, Labels) else np.isnan(value)
        if isinstance(value, Labels):
            values[name] = Labels(np.maximum(value.codes, 0), value.encoded, value.ordered)
    _, fixed, _ = code_terms(formula, values, design.coding)
    total = np.zeros(table.height)
    for beta, (name, parts) in zip(fit.beta, fixed, strict=True):
        total += beta * Column(name, parts).values(table.height)
    for expression in formula.offsets:
        offset = _read_new(expression, table)
        assert not isinstance(offset, Labels)
        total += offset
    if random:
        pool = {Column(name, parts).name: Column(name, parts) for name, parts in fixed}
        total += _known_effects(design, fit, table, values, pool, unseen)
    total[absent] = np.nan
    return total


def _read_new(expression: str, table: Table) -> Array | Labels:
    names = [expression] if expression in table.names else columns_of(expression)
    call = label_call(expression)
    for name in [call[0]] if call else names:
        table.require(name, "predictor")
    return read_variable(expression, table, "predictor")


def _known_effects(
    design: Design,
    fit: Estimate,
    table: Table,
    values: dict[str, Array | Labels],
    pool: dict[str, Column],
    unseen: str,
) -> Array:
    _, _, blocks = code_terms(design.formula, values, design.coding)
    columns = dict(pool)
    for term in blocks:
        for part in term:
            columns |= {name: Column(name, parts) for name, parts in part}
    total = np.zeros(table.height)
    for level, effects in zip(design.levels, modes(fit), strict=True):
        codes = _known_groups(design, level, table)
        if unseen == "error" and bool(np.any(codes < 0)):
            _refuse_unseen(design, level, table, int(np.flatnonzero(codes < 0)[0]))
        padded = np.concatenate([effects, np.zeros((effects.shape[0], 1))], axis=1)
        for column, row in zip(level.columns, padded, strict=True):
            total += row[codes] * columns[column.name].values(table.height)
    return total


def _known_groups(design: Design, level: RandomLevel, table: Table) -> Codes:
    """The group of every row (n',), -1 where the model has not seen it or its label is missing."""
    place = {key: at for at, key in enumerate(level.factor.keys())}
    return np.array([-1 if key is None else place.get(key, -1) for key in _row_keys(design, level, table)], np.int64)


def _row_keys(design: Design, level: RandomLevel, table: Table) -> list[str | None]:
    parts = []
    for name in _grouping_columns(design, level):
        table.require(name, "grouping column")
        labels = table.labels(name)
        texts = np.asarray([label_text(one) for one in labels.levels] + [None], dtype=object)
        parts.append(texts[labels.codes])
    joint = SEPARATOR if len(level.factor.parts) == len(parts) else ":"  # a fit from a file keeps joined labels
    return [None if None in row else joint.join(row) for row in zip(*parts, strict=True)]


def _grouping_columns(design: Design, level: RandomLevel) -> tuple[str, ...]:
    return next(term.group for term in design.formula.random if ":".join(term.group) == level.factor.name)


def _refuse_unseen(design: Design, level: RandomLevel, table: Table, row: int) -> None:
    key = _row_keys(design, level, table)[row]
    said = "is missing in some rows" if key is None else f"has groups the model has not seen, such as {key!r}"
    raise ValueError(
        f"'{level.factor.name}' {said.replace(repr(SEPARATOR)[1:-1], ':')}; "
        "pass unseen='zero' to predict them from the fixed part."
    )


def simulated(design: Design, fit: Estimate, generator: np.random.Generator) -> Array:
    """One new outcome (n,) from the fitted model: new random effects and new residuals."""
    total = fitted_values(design, fit, random=False)
    for level, covariance in zip(design.levels, fit.covariances, strict=True):
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        total += spread(level, root @ generator.standard_normal((root.shape[1], level.factor.size)), design.height)
    noise = generator.standard_normal(design.height)
    if fit.bound is not None:
        noise = fit.bound.at(fit.point).factor(noise)
    if design.weights is not None:
        noise = noise / np.sqrt(design.weights)
    total += np.sqrt(fit.sigma2) * noise
    return total
