"""A hurdle model for floor-heavy scores: whether there is any, and how much there is if any.

For an emotion rated from its floor up, y = score - floor. The first part is a binomial mixed model of y >
0, the second a zero-truncated Poisson or negative binomial (NB2) mixed model of the positive y. Their
random effects are taken as independent, so the likelihood is the product of the two and each part is fitted
alone: the same model as glmmTMB's `truncated_poisson` or `truncated_nbinom2` with a `ziformula` (Brooks et
al. 2017, doi 10.32614/RJ-2017-066), except that there the first part explains y = 0 and its signs are turned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.laplace.blocks import Floats
from analysis.laplace.checks import finite_vector
from analysis.laplace.design import RandomColumns
from analysis.laplace.fitting import fit_laplace
from analysis.laplace.result import LaplaceFit

_COUNTS = ("poisson", "negative_binomial")


@dataclass(frozen=True)
class AnyPart:
    """The first part where it differs from the second: its model matrix (n, p), names and random columns."""

    X: npt.NDArray[np.float64]
    names: tuple[str, ...]
    random: RandomColumns | None = None


@dataclass(frozen=True)
class HurdleFit:
    """Both parts of a hurdle model (immutable)."""

    any: LaplaceFit
    """Log odds of y > 0."""
    amount: LaplaceFit
    """Log mean of the count before truncation, from the rows with y > 0."""
    positive: npt.NDArray[np.bool_]
    """Which rows have y > 0 (n,)."""

    @property
    def deviance(self) -> float:
        """-2 log-likelihood of both parts together."""
        return self.any.deviance + self.amount.deviance

    @property
    def log_likelihood(self) -> float:
        """Of both parts together."""
        return -self.deviance / 2

    @property
    def aic(self) -> float:
        """Of both parts together."""
        return self.any.aic + self.amount.aic

    @property
    def bic(self) -> float:
        """Of both parts together, with the logarithm of all rows."""
        parameters = self.any.parameters + self.amount.parameters
        return self.deviance + float(np.log(self.positive.size)) * parameters

    @property
    def converged(self) -> bool:
        """Whether both parts converged."""
        return self.any.converged and self.amount.converged

    @property
    def reason(self) -> str:
        """Empty when both converged, else what stopped which part."""
        parts = (("any", self.any), ("amount", self.amount))
        return "; ".join(f"{name}: {part.reason}" for name, part in parts if part.reason)

    def predict(
        self,
        X: npt.ArrayLike,
        professional_codes: npt.NDArray[Any] | None = None,
        dyad_codes: npt.NDArray[Any] | None = None,
        *,
        any_part: AnyPart | None = None,
        offset: npt.ArrayLike | None = None,
        random: RandomColumns | None = None,
    ) -> Floats:
        """Expected y (n,): probability of any times the expected amount if any."""
        first_x, first_random = (X, random) if any_part is None else (any_part.X, any_part.random)
        chance = self.any.predict(first_x, professional_codes, dyad_codes, random=first_random)
        amount = self.amount.predict(X, professional_codes, dyad_codes, offset=offset, random=random)
        return np.asarray(chance * amount)


def fit_hurdle(
    y: npt.ArrayLike,
    X: npt.ArrayLike,
    professional_codes: npt.NDArray[Any] | None,
    dyad_codes: npt.NDArray[Any] | None,
    *,
    counts: str = "poisson",
    offset: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
    random: RandomColumns | None = None,
    any_part: AnyPart | None = None,
) -> HurdleFit:
    """Fits both parts on X (n, p); `any_part` gives the first part other columns.

    y (n,) are whole numbers from zero; the offset belongs to the amount. Raises the ValueErrors of
    `fit_laplace`.
    """
    if counts not in _COUNTS:
        raise ValueError(f"counts {counts!r} are unknown: use one of {', '.join(_COUNTS)}")
    outcome = finite_vector(y, "the outcome")
    if (outcome < 0).any() or (outcome != np.rint(outcome)).any():
        raise ValueError("the outcome of a hurdle model must be whole numbers of 0 or more: subtract the floor first")
    positive = outcome > 0
    matrix = np.asarray(X, dtype=float)
    first = any_part or AnyPart(matrix, tuple(names or ()), random)
    any_fit = fit_laplace(
        positive.astype(float), first.X, professional_codes, dyad_codes, family="binomial",
        names=first.names or None, random=first.random,
    )  # fmt: skip
    amount = fit_laplace(
        outcome[positive], matrix[positive], _kept(professional_codes, positive), _kept(dyad_codes, positive),
        family=f"truncated_{counts}", names=names,
        offset=None if offset is None else np.asarray(offset, dtype=float)[positive],
        random=_kept_columns(random, positive),
    )  # fmt: skip
    return HurdleFit(any_fit, amount, positive)


def _kept(codes: npt.NDArray[Any] | None, rows: npt.NDArray[np.bool_]) -> npt.NDArray[Any] | None:
    return None if codes is None else np.asarray(codes)[rows]


def _kept_columns(random: RandomColumns | None, rows: npt.NDArray[np.bool_]) -> RandomColumns | None:
    if random is None:
        return None
    return replace(random, professional=_kept(random.professional, rows), dyad=_kept(random.dyad, rows))
