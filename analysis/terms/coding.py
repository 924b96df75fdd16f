"""Terms to columns: numbers stay, labels become dummies by R's rule (contrasts where the smaller term is
present).

The rule is that of ``terms.formula`` in R: in a term, a label variable is coded by treatment contrasts when
the term without that variable lies inside an earlier term, and by one dummy per level when it does not.
Without an intercept the first label variable with a term of its own has one dummy per level, later ones
contrasts.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from analysis.terms.formula import INTERCEPT, Formula, RandomTerm, Term
from analysis.terms.table import Array, Labels

Parts = tuple[str, tuple[Array, ...]]


@dataclass(frozen=True)
class Coding:
    """The levels each label variable had when the model was built, reference first."""

    levels: dict[str, tuple[object, ...]]


def code_terms(
    formula: Formula, values: dict[str, Array | Labels], coding: Coding | None = None
) -> tuple[Coding, list[Parts], list[list[list[Parts]]]]:
    """The fixed columns, and for every random term its columns, one list per sub-term (dummies of one label
    variable stand together). With ``coding`` the levels of an earlier frame are used; an unseen level raises
    ``ValueError``."""
    used = formula.variables
    levels = dict(coding.levels) if coding else {}
    for name in sorted(used):
        value = values[name]
        if isinstance(value, Labels) and name not in levels:
            levels[name] = _levels(name, value)
    numbers = {name: value for name, value in values.items() if not isinstance(value, Labels)}
    dummies = {name: _dummies(name, values[name], levels[name]) for name in levels if name in used}
    fixed = [column for term in formula.fixed for column in _columns(term, formula.fixed, numbers, dummies)]
    random = [[_columns(term, _beside(term, r), numbers, dummies) for term in r.terms] for r in formula.random]
    return Coding(levels), fixed, random


def _beside(term: Term, random: RandomTerm) -> tuple[Term, ...]:
    """The terms a random term is coded among: ``||`` makes each one stand alone, as lme4 writes it out."""
    return random.terms if random.correlated else (term,)


def _levels(name: str, value: Labels) -> tuple[object, ...]:
    present = np.unique(value.codes)
    labels = [value.levels[code] for code in present]
    if len(labels) < 2:
        raise ValueError(f"The predictor '{name}' has one label only ({labels[0]!r}), so it explains nothing.")
    return tuple(labels) if value.ordered else sorted_levels(labels)


def sorted_levels(labels: list[object]) -> tuple[object, ...]:
    """Labels in the order R gives them: by value, or by text where they do not compare."""
    try:
        return tuple(sorted(labels))  # type: ignore[type-var]
    except TypeError:
        return tuple(sorted(labels, key=str))


def _dummies(name: str, value: Array | Labels, levels: tuple[object, ...]) -> list[tuple[str, Array]]:
    if not isinstance(value, Labels):
        raise ValueError(f"'{name}' held labels when the model was built and holds numbers now.")
    place = {label: at for at, label in enumerate(levels)}
    unknown = [value.levels[code] for code in np.unique(value.codes) if value.levels[code] not in place]
    if unknown:
        raise ValueError(f"'{name}' has labels the model has not seen: {', '.join(map(str, unknown))}.")
    codes = np.asarray([place.get(label, -1) for label in value.levels], dtype=np.int64)[value.codes]
    return [(f"{name}{label}", (codes == at).astype(np.float64)) for at, label in enumerate(levels)]


def _columns(
    term: Term,
    among: tuple[Term, ...],
    numbers: dict[str, Array],
    dummies: dict[str, list[tuple[str, Array]]],
) -> list[Parts]:
    if term == INTERCEPT:
        return [("(Intercept)", ())]
    earlier = [frozenset(other) for other in among[: among.index(term)]]
    full = None if INTERCEPT in among else next((one for one in among if len(one) == 1 and one[0] in dummies), None)
    choices: list[list[tuple[str, Array]]] = []
    for name in term:
        if name in numbers:
            choices.append([(name, numbers[name])])
            continue
        without = frozenset(term) - {name}
        contrasts = any(without <= other for other in earlier) if without else term != full
        choices.append(dummies[name][1:] if contrasts else dummies[name])
    columns = []
    for chosen in product(*reversed(choices)):
        parts = tuple(reversed(chosen))
        columns.append((":".join(label for label, _ in parts), tuple(values for _, values in parts)))
    return columns
