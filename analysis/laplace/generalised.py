"""The joint between formulas and the Laplace engine: a design in, its arrays handed over, tidy frames out."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.gaussian.notes import missing_note
from analysis.gaussian.summary import render
from analysis.laplace.design import RandomColumns
from analysis.laplace.fitting import fit_laplace
from analysis.laplace.hurdle import fit_hurdle
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


@dataclass(frozen=True)
class GeneralisedFit:
    """A binary, count or ordinal mixed model: the ``design`` used and ``laplace``, the engine's own result,
    whose fields (``aic``, ``converged``, ``singular``, ...) can be read here too. Estimates are on the link
    scale."""

    design: Design
    laplace: Any
    family: str
    confidence: float = 0.95

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.design.formula.text

    @property
    def coefficients(self) -> pd.DataFrame:
        """Fixed effects: term, estimate, std_error, df (infinite: z tests), statistic, p, ci_low, ci_high."""
        found = self.laplace
        reach = ndtri(0.5 + self.confidence / 2) * found.std_errors
        return pd.DataFrame(
            {
                "term": list(found.names),
                "estimate": found.estimates,
                "std_error": found.std_errors,
                "df": np.full(len(found.names), np.inf),
                "statistic": found.statistic,
                "p": found.p,
                "ci_low": found.estimates - reach,
                "ci_high": found.estimates + reach,
            }
        )

    @property
    def variance_components(self) -> pd.DataFrame:
        """Variances and covariances on the link scale: group, term, with, estimate, sd_or_correlation."""
        rows: list[tuple[str, str, str, float, float]] = []
        names = {place: level.factor.name for place, level in _levels(self.design).items()}
        for level in self.laplace.levels:
            for i, term in enumerate(level.names):
                group = names.get(level.level, level.level)
                rows.append((group, term, "", level.covariance[i, i], level.sd[i]))
                for j in range(i):
                    rows.append((group, level.names[j], term, level.covariance[i, j], level.correlation[i, j]))
        return pd.DataFrame(rows, columns=["group", "term", "with", "estimate", "sd_or_correlation"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the numbers: non-convergence, singularity, rows left out."""
        found = [] if self.laplace.converged else [f"NOT CONVERGED: {self.laplace.reason}"]
        found += [f"Singular fit: {what}" for what in self.laplace.singular_what]
        return (*found, *missing_note(self.design.missing))

    def summary(self) -> str:
        """The fit in text; anything wrong comes first."""
        found = self.laplace
        lines = [*self.notes, f"{self.family} mixed model by Laplace approximation", self.formula]
        lines += [f"Rows {found.rows}   deviance {found.deviance:.4f}   AIC {found.aic:.2f}   BIC {found.bic:.2f}"]
        lines += ["", "Random effects (link scale)", render(self.variance_components), ""]
        shape = pd.DataFrame({"term": found.shape_names, "estimate": found.shape, "std_error": found.shape_std_errors})
        lines += ["Thresholds or size", render(shape), ""] if len(shape) else []
        return "\n".join([*lines, "Fixed effects (link scale)", render(self.coefficients, p="p")])

    def __str__(self) -> str:
        return self.summary()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.laplace, name)


@dataclass(frozen=True)
class FormulaHurdle:
    """Both parts of a hurdle: ``any`` (log odds of more than zero) and ``amount`` (log mean of what there
    is), each a :class:`GeneralisedFit`, and ``hurdle``, the engine's own result for both together."""

    design: Design
    any: GeneralisedFit
    amount: GeneralisedFit
    hurdle: Any
    family: str

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.design.formula.text

    @property
    def coefficients(self) -> pd.DataFrame:
        """Fixed effects of both parts: ``part`` ("any", "amount"), then the columns of one fit."""
        return self._both("coefficients")

    @property
    def variance_components(self) -> pd.DataFrame:
        """Variances and covariances of both parts, with ``part``."""
        return self._both("variance_components")

    def _both(self, name: str) -> pd.DataFrame:
        parts: dict[str, pd.DataFrame] = {
            "any": getattr(self.any, name),
            "amount": getattr(self.amount, name),
        }
        return pd.concat(
            [frame.assign(part=part)[["part", *frame.columns]] for part, frame in parts.items()],
            ignore_index=True,
        )

    @property
    def singular(self) -> bool:
        """Whether either part is singular."""
        return bool(self.any.laplace.singular or self.amount.laplace.singular)

    def summary(self) -> str:
        """Both parts in text."""
        return "\n\n".join(["Part 1: any", str(self.any), "Part 2: amount, if any", str(self.amount)])

    def __str__(self) -> str:
        return self.summary()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.hurdle, name)


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
    )
    codes = [None if level is None else level.factor.codes for level in (outer, inner)]
    shared: dict[str, Any] = {"offset": design.offset, "names": names, "random": random}
    if family.startswith("hurdle_"):
        if design.weights is not None:
            raise ValueError("A hurdle model takes no weights.")
        both = fit_hurdle(design.response, matrix, *codes, counts=family.removeprefix("hurdle_"), **shared)
        amount = GeneralisedFit(design, both.amount, f"truncated_{family.removeprefix('hurdle_')}", confidence)
        return FormulaHurdle(design, GeneralisedFit(design, both.any, "binomial", confidence), amount, both, family)
    found = fit_laplace(design.response, matrix, *codes, family=family, weights=design.weights, **shared)
    return GeneralisedFit(design, found, family, confidence)


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
