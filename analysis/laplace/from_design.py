"""The joint between formulas and the Laplace engine: a design in, its arrays handed over, a fit out."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.laplace.design import RandomColumns
from analysis.laplace.fitting import fit_laplace
from analysis.laplace.formula_hurdle import FormulaHurdle
from analysis.laplace.generalised import GeneralisedFit
from analysis.laplace.hurdle import fit_hurdle
from analysis.laplace.result import LaplaceFit
from analysis.terms.design import Design, RandomLevel

FAMILIES = (
    "binomial",
    "poisson",
    "negative_binomial",
    "ordinal",
    "truncated_poisson",
    "truncated_negative_binomial",
    "hurdle_poisson",
    "hurdle_negative_binomial",
)


def fit_family(design: Design, family: str, confidence: float = 0.95) -> GeneralisedFit | FormulaHurdle:
    """Fit ``design`` by Laplace approximation; ``ValueError`` for a family or random structure it does not
    know."""

    if family not in FAMILIES:
        raise ValueError(f"family must be 'gaussian' or one of {', '.join(FAMILIES)}; got {family!r}.")
    design = _with_codes(design, family)
    levels = _levels(design)
    outer, inner = levels.get("professional"), levels.get("dyad")
    matrix, names = design.fixed_matrix(), list(design.names)
    if family == "ordinal":
        keep = [at for at, column in enumerate(design.columns) if column.parts]
        matrix, names = matrix[:, keep], [names[at] for at in keep]
    random = RandomColumns(
        professional=_columns(design, outer),
        professional_names=_names(outer),
        dyad=_columns(design, inner),
        dyad_names=_names(inner),
        correlated=(_correlated(outer), _correlated(inner)),
        level_names=(_called(outer), _called(inner)),
    )
    _check_nested(outer, inner)
    codes = [None if level is None else level.factor.codes for level in (outer, inner)]
    shared: dict[str, Any] = {"offset": design.offset, "names": names, "random": random}
    try:
        if family.startswith("hurdle_"):
            return _hurdle(design, family, confidence, (matrix, *codes), shared)
        found = fit_laplace(design.response, matrix, *codes, family=family, weights=design.weights, **shared)
    except ValueError as problem:
        name = f"The outcome '{design.formula.response}'"
        raise ValueError(re.sub("^the outcome", name, str(problem))) from None
    return GeneralisedFit(design, _labelled(found, design), family, confidence)


def _hurdle(
    design: Design, family: str, confidence: float, arrays: tuple[Any, ...], shared: dict[str, Any]
) -> FormulaHurdle:
    if design.weights is not None:
        raise ValueError("A hurdle model takes no weights.")
    name, lowest, highest = design.formula.response, design.response.min(), design.response.max()
    if lowest > 0:
        raise ValueError(f"The outcome '{name}' is never zero, so there is no hurdle to explain.")
    if (lowest, highest) == (0, 1):
        raise ValueError(f"The outcome '{name}' is never above 1, so its amount explains nothing: fit it as binomial.")
    counts = family.removeprefix("hurdle_")
    both = fit_hurdle(design.response, *arrays, counts=counts, **shared)
    plain = replace(design.formula, offsets=())  # the offset belongs to the amount
    first = replace(design, response=(design.response > 0).astype(np.float64), offset=None, formula=plain)
    some = GeneralisedFit(first, both.any, "binomial", confidence)
    return FormulaHurdle(
        design, some, GeneralisedFit(design, both.amount, f"truncated_{counts}", confidence), both, family
    )


def _labelled(found: LaplaceFit, design: Design) -> LaplaceFit:
    """Ordered categories by the outcome's own labels."""
    if not found.categories.size or design.response_levels is None:
        return found
    labels = [design.response_levels[int(code)] for code in found.categories]
    names = tuple(f"{low}|{high}" for low, high in zip(labels, labels[1:], strict=False))
    return replace(found, shape_names=names, categories=np.array(labels, dtype=object))


def _check_nested(outer: RandomLevel | None, inner: RandomLevel | None) -> None:
    if outer is None or inner is None:
        return
    over = np.zeros(inner.factor.size, dtype=np.int64)
    over[inner.factor.codes] = outer.factor.codes
    across = np.flatnonzero(over[inner.factor.codes] != outer.factor.codes)
    if across.size:
        label = inner.factor.labels()[int(inner.factor.codes[across[0]])]
        raise ValueError(
            f"'{inner.factor.name}' {label} appears under more than one '{outer.factor.name}'; other than Gaussian "
            f"outcomes take one factor inside another: if labels repeat, write (1 | {outer.factor.name}/"
            f"{inner.factor.name})."
        )


def _called(level: RandomLevel | None) -> str:
    return "" if level is None else level.factor.name


def _with_codes(design: Design, family: str) -> Design:
    """The design with a label outcome as 0 and 1 (binomial) or as ordered codes (ordinal)."""
    name, labels = design.formula.response, design.response_levels
    if labels is None or family == "ordinal":
        return design
    if family != "binomial":
        raise ValueError(f"The outcome '{name}' holds labels; family {family!r} needs numbers.")
    used = np.unique(design.response)
    if used.size != 2:
        raise ValueError(
            f"The outcome '{name}' has {used.size} labels in these rows "
            f"({', '.join(str(labels[int(code)]) for code in used)}); a binomial model needs two."
        )
    codes = np.searchsorted(used, design.response).astype(np.float64)
    return replace(design, response=codes, response_levels=tuple(labels[int(code)] for code in used))


def _levels(design: Design) -> dict[str, RandomLevel]:
    if not 1 <= len(design.levels) <= 2:
        raise ValueError(
            f"The formula has {len(design.levels)} grouping factors; other than Gaussian outcomes take one, "
            "or one inside "
            "another."
        )
    return dict(zip(("professional", "dyad"), design.levels, strict=False))


def _columns(design: Design, level: RandomLevel | None) -> Any:
    return None if level is None else design.random_matrix(design.levels.index(level))


def _names(level: RandomLevel | None) -> tuple[str, ...]:
    return ("(Intercept)",) if level is None else tuple(column.name for column in level.columns)


def _correlated(level: RandomLevel | None) -> bool:
    if level is None or len(level.blocks) == 1:
        return True
    if any(len(block) > 1 for block in level.blocks):
        raise ValueError(f"The random terms of '{level.factor.name}' must correlate all or not at all for this family.")
    return False
