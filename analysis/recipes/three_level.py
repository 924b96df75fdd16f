"""Events in dyads in professionals, with random intercepts: one outcome of a recipe, as its report needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.fitting import fit
from analysis.gaussian.mixed import Fit

DF_METHOD = "Satterthwaite's (Giesbrecht & Burns 1985, doi 10.2307/2530870; those of lmerTest)"


@dataclass(frozen=True)
class Coefficient:
    """One fixed effect.

    term: name; level: the level on which it varies (professional, dyad or event); estimate, std_error: in
    units of the outcome per unit of the term; df: Satterthwaite's; statistic: t; p: two-sided; ci_low,
    ci_high: 95 % t interval.
    """

    term: str
    level: str
    estimate: float
    std_error: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class ThreeLevelFit:
    """A fitted model, by REML.

    outcome; formula: in lme4's notation; coefficients: in order; variances: professional, dyad, residual
    (squared units of the outcome); log_likelihood: restricted; converged: whether the optimiser reached the
    optimum; ended: its own words; singular: the random terms on their boundary; notes: what to know before
    the numbers, non-convergence first; n: units per level; df_method: how df were counted.
    """

    outcome: str
    formula: str
    coefficients: tuple[Coefficient, ...]
    variances: dict[str, float]
    log_likelihood: float
    converged: bool
    ended: str
    singular: tuple[str, ...]
    notes: tuple[str, ...]
    n: dict[str, int]
    df_method: str = DF_METHOD

    def __getitem__(self, term: str) -> Coefficient:
        return next(c for c in self.coefficients if c.term == term)

    @property
    def icc(self) -> dict[str, float]:
        """Share of the (residual) variance per level."""
        total = sum(self.variances.values())
        return {level: value / total for level, value in self.variances.items()}


def fit_three_level(frame: pd.DataFrame, outcome: str, terms: Sequence[str]) -> ThreeLevelFit:
    """Fit `outcome ~ terms + (1 | professional) + (1 | dyad)` by REML with `analysis.fit`.

    frame: one row per event with number columns `outcome` and `terms`, and ids `professional`, `dyad`
    (unique over professionals). Rows with a gap are left out, which a note says. Raises ValueError when
    there are too few units, and whatever `analysis.fit` refuses.
    """
    if {"professional", "dyad"} <= set(frame.columns):
        _check_size(frame, len(terms))
    found = fit(f"{outcome} ~ {' + '.join(terms)} + (1 | professional) + (1 | dyad)", frame)
    parts = found.variance_components.set_index("group")["estimate"]
    return ThreeLevelFit(
        outcome=outcome,
        formula=found.formula,
        coefficients=_coefficients(found, frame),
        variances={level: float(parts[level]) for level in ("professional", "dyad", "residual")},
        log_likelihood=found.loglik,
        converged=found.convergence.converged,
        ended=found.convergence.reason,
        singular=found.singular_terms,
        notes=found.notes,
        n={level: found.n_groups[level] for level in ("professional", "dyad")} | {"event": found.n_rows},
    )


def _check_size(frame: pd.DataFrame, terms: int) -> None:
    professionals, dyads = frame["professional"].nunique(), frame["dyad"].nunique()
    if professionals < 3 or dyads <= professionals or len(frame) <= dyads + terms:
        raise ValueError(
            f"{len(frame)} events of {dyads} dyads with {professionals} professionals are too few for a three-level "
            "model: it needs at least 3 professionals, more dyads than professionals and several events per dyad."
        )


def _coefficients(found: Fit, frame: pd.DataFrame) -> tuple[Coefficient, ...]:
    rows = []
    for row in found.coefficients.to_dict("records"):
        term = str(row.pop("term"))
        level = "professional" if term == "(Intercept)" else _level(frame, term)
        rows.append(Coefficient(term, level, **{str(name): float(value) for name, value in row.items()}))
    return tuple(rows)


def _level(frame: pd.DataFrame, term: str) -> str:
    """The highest level inside whose units the term does not vary."""
    values = frame[term].astype("float64")
    for level in ("professional", "dyad"):
        apart = (values - values.groupby(frame[level]).transform("mean")).abs()
        if not (apart > 1e-9).any():
            return level
    return "event"
