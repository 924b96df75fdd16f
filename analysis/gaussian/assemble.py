"""From a design to a problem: check the columns, pick the engine, take the sums."""

from dataclasses import dataclass

import numpy as np

from analysis.gaussian.crossed import cross
from analysis.gaussian.moments import Cells, Moments, gather_moments
from analysis.gaussian.nested import nest
from analysis.gaussian.problem import Problem
from analysis.gaussian.standard import Layout, Standard, lay_out, standardise
from analysis.gaussian.whitening import Whitening
from analysis.terms.design import Column, Design
from analysis.terms.table import Array, Codes

COLLINEAR = 1e-11
"""A column whose share not explained by the others is below this is called an exact combination of them."""


@dataclass(frozen=True)
class Assembly:
    """A problem in standard units, the way back, and ``constant``: what turns its criterion into that of the
    raw columns (added to the ML deviance, and to the REML criterion)."""

    problem: Problem
    standard: Standard
    ml_constant: float
    reml_constant: float


def assemble(design: Design, whitening: Whitening | None = None, checked: bool = True) -> Assembly:
    """Sum what the model needs. ``whitening`` turns rows with a residual structure into independent ones;
    ``checked`` looks for constant and collinear columns first (``ValueError`` naming the column)."""
    layout = lay_out(design)
    if checked:
        _check_groups(design)
    parents = _nesting(design)
    log_weight, taken = 0.0, layout.shifts
    if whitening is not None:
        layout, log_weight = whitening.whitened(layout, design.height)
        taken = np.zeros_like(layout.shifts)
    if parents is None:
        problem, standard = _crossed(design, layout, taken, log_weight, checked)
    else:
        problem, standard = _nested(design, layout, taken, parents, log_weight, checked)
    return Assembly(problem, standard, *criterion_constants(standard, design.height, layout.fixed))


def criterion_constants(standard: Standard, height: int, p: int) -> tuple[float, float]:
    """What the ML and the REML criterion of standard columns lack of those of the raw ones."""
    scale = 2 * float(np.log(standard.outcome_scale))
    fixed = 2 * float(np.log(standard.scales[:p]).sum())
    return height * scale, (height - p) * scale + fixed


@dataclass(frozen=True)
class _Nesting:
    """The professional of each dyad (None with one factor) and the dyads as cells."""

    cells: Cells
    parents: Codes | None


def _nesting(design: Design) -> _Nesting | None:
    """How the factors nest, or None when they cross or are more than two."""
    factors = [level.factor for level in design.levels]
    if len(factors) > 2:
        return None
    inner = factors[-1]
    cells = Cells.of(inner.codes, inner.size)
    if len(factors) == 1:
        return _Nesting(cells, None)
    parents = factors[0].codes[cells.some_row]
    if not bool(np.array_equal(parents[inner.codes], factors[0].codes)):
        return None
    return _Nesting(cells, parents)


def _nested(
    design: Design, layout: Layout, taken: Array, nesting: _Nesting, log_weight: float, checked: bool
) -> tuple[Problem, Standard]:
    moments = gather_moments(layout.columns, layout.all_varying, nesting.cells, taken, design.weights)
    standard, totals, gram = standardise(layout, moments)
    if checked:
        check_columns(design, gram[: layout.fixed + 1, : layout.fixed + 1])
    weight = moments.log_weight + log_weight
    problem = nest(totals, gram, layout.fixed, layout.varying, layout.blocks, nesting.parents, moments.height, weight)
    return problem, standard


def _crossed(
    design: Design, layout: Layout, taken: Array, log_weight: float, checked: bool
) -> tuple[Problem, Standard]:
    height = design.height
    rows = np.column_stack([c.values(height) - s for c, s in zip(layout.columns, taken, strict=True)])
    if design.weights is not None:
        rows *= np.sqrt(design.weights)[:, None]
        log_weight += float(np.log(design.weights).sum())
    standard, _, gram = standardise(layout, Moments({}, rows.T @ rows, height, log_weight))
    if checked:
        check_columns(design, gram[: layout.fixed + 1, : layout.fixed + 1])
    codes = [level.factor.codes for level in design.levels]
    sizes = [level.factor.size for level in design.levels]
    problem = cross(rows / standard.scales, layout.fixed, layout.varying, layout.blocks, codes, sizes, log_weight)
    return problem, standard


def check_sizes(design: Design) -> None:
    """Raise ``ValueError`` when there is no random term, or too few rows for the effects asked for."""
    if not design.levels:
        raise ValueError(
            f"The formula '{design.formula.text}' has no random term; add one such as '+ (1 | professional)'."
        )
    if design.height <= len(design.columns):
        raise ValueError(f"{design.height} complete rows cannot carry {len(design.columns)} fixed effects.")
    for level in design.levels:
        factor, width = level.factor, len(level.columns)
        if factor.size * width >= design.height:
            raise ValueError(
                f"'{factor.name}' has {factor.size} groups and {width} random effect(s) each for "
                f"{design.height} rows: "
                "its variance cannot be told from the residual's."
            )


def _check_groups(design: Design) -> None:
    check_sizes(design)
    for level in design.levels:
        factor = level.factor
        if Cells.of(factor.codes, factor.size).constant(design.response):
            raise ValueError(
                f"The outcome '{design.formula.response}' does not vary inside any '{factor.name}'; give "
                "one row per "
                f"'{factor.name}' and leave its random term out."
            )
        for block in level.blocks:
            _check_slopes([level.columns[at] for at in block], factor.name, factor.codes, factor.size)


def _check_slopes(columns: list[Column], name: str, codes: Codes, size: int) -> None:
    if not any(not column.parts for column in columns):
        return
    cells = Cells.of(codes, size)
    for column in columns:
        if column.parts and cells.constant(column.values(codes.size)):
            raise ValueError(
                f"The random slope of '{column.name}' cannot be fitted: '{column.name}' does not vary "
                f"inside any '{name}'."
            )


def check_columns(design: Design, gram: Array) -> None:
    """Raise ``ValueError`` for a constant or collinear fixed column, or an outcome that never varies.

    ``gram`` (p + 1, p + 1) is the Gram matrix in standard units, outcome last."""
    p = gram.shape[0] - 1
    rest, combination = gram.copy(), np.zeros((p + 1, p))
    for j in range(p + 1):
        share = rest[j, j] / max(gram[j, j], 1e-300)
        if j == p:
            if share < 1e-13:
                raise ValueError(f"The outcome '{design.formula.response}' is explained exactly by the predictors.")
            return
        if share < COLLINEAR:
            _name_collinear(design, gram, j)
        combination[j, j] = 1.0
        rest = rest - np.outer(rest[:, j], rest[j]) / rest[j, j]


def _name_collinear(design: Design, gram: Array, j: int) -> None:
    names = design.names
    weights = np.linalg.lstsq(gram[:j, :j], gram[:j, j], rcond=None)[0]
    others = [names[i] for i in range(j) if abs(weights[i]) > 1e-6]
    values = design.columns[j].values(design.response.size)
    if values.size and values[0] != 0 and bool(np.all(values == values[0])):
        others = ["(Intercept)"] if "(Intercept)" in names[:j] else others
    elif gram[j, j] == 0.0:
        others = []
    if not others:
        raise ValueError(f"The predictor '{names[j]}' is zero in every row used.")
    if others == ["(Intercept)"]:
        raise ValueError(f"The predictor '{names[j]}' is constant, so it cannot be told from the intercept.")
    told = ", ".join(f"'{name}'" for name in others)
    raise ValueError(f"The predictor '{names[j]}' is an exact combination of {told}; leave one of them out.")
