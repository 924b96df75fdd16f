"""A formula's hurdle fit: both parts side by side, and what they say together."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from analysis.gaussian.notes import missing_note
from analysis.laplace.generalised import GeneralisedFit
from analysis.laplace.predictor import drawn_rows
from analysis.laplace.verbs import Convergence, Verbs, checked_draws
from analysis.terms.design import Design
from analysis.terms.table import Array


@dataclass(frozen=True)
class FormulaHurdle(Verbs):
    """Both parts of a hurdle: ``any`` (log odds of more than zero) and ``amount`` (log mean of what there
    is), each a :class:`GeneralisedFit`, and ``hurdle``, the engine's own result for both together."""

    design: Design
    any: GeneralisedFit
    amount: GeneralisedFit
    hurdle: Any
    family: str

    @property
    def coefficients(self) -> pd.DataFrame:
        """Fixed effects of both parts: ``part`` ("any", "amount"), then the columns of one fit."""
        return self._both("coefficients")

    @property
    def variance_components(self) -> pd.DataFrame:
        """Variances and covariances of both parts, with ``part``."""
        return self._both("variance_components")

    def _both(self, name: str) -> pd.DataFrame:
        return _stacked({"any": getattr(self.any, name), "amount": getattr(self.amount, name)})

    @property
    def singular(self) -> bool:
        """Whether either part is singular."""
        return bool(self.any.laplace.singular or self.amount.laplace.singular)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the numbers, by part, then rows left out."""
        parts = {"any": self.any, "amount": self.amount}
        found = [f"{name}: {note}" for name, part in parts.items() for note in part.trouble]
        return (*found, *missing_note(self.design.missing))

    @property
    def n_rows(self) -> int:
        """Rows used."""
        return self.design.height

    @property
    def n_groups(self) -> dict[str, int]:
        """Groups of each grouping factor, in all rows."""
        return self.any.n_groups

    @property
    def n_parameters(self) -> int:
        """Of both parts together."""
        return self.any.n_parameters + self.amount.n_parameters

    @property
    def loglik(self) -> float:
        """Log-likelihood of both parts together."""
        return self.any.loglik + self.amount.loglik

    @property
    def convergence(self) -> Convergence:
        """How both searches ended, the worse gradient of the two."""
        one, other = self.any.convergence, self.amount.convergence
        evaluations, gradient = one.evaluations + other.evaluations, max(one.gradient, other.gradient)
        return Convergence(self.hurdle.converged, self.hurdle.reason, evaluations, gradient)

    @property
    def vcov(self) -> pd.DataFrame:
        """Refused: each part has its own."""
        raise ValueError("A hurdle has two parts; ask .any.vcov or .amount.vcov.")

    def test(self, _contrasts: Any) -> NoReturn:
        """Refused: each part has its own."""
        raise ValueError("A hurdle has two parts; ask .any.test() or .amount.test().")

    def estimate_contrast(self, _contrast: Any) -> NoReturn:
        """Refused: each part has its own."""
        raise ValueError("A hurdle has two parts; ask .any.estimate_contrast() or .amount.estimate_contrast().")

    def residuals(self) -> Array:
        """Outcome minus prediction with random effects, one per row used."""
        return self.design.response - self.predict()

    def predict(self, frame: Any = None, random: bool = True, unseen: str = "error") -> Array:
        """Expected outcome (n,), the probability of any times the expected amount if any, for the rows of
        ``frame`` or the rows used; ``random`` and ``unseen`` as in a Gaussian fit."""
        return self.any.predict(frame, random, unseen) * self.amount.predict(frame, random, unseen)

    def random_effects(self) -> dict[str, pd.DataFrame]:
        """Conditional modes of both parts on the link scale, one frame per grouping factor: part, group, then
        one column per term."""
        one, other = self.any.random_effects(), self.amount.random_effects()
        return {name: _stacked({"any": one[name], "amount": other[name]}) for name in one}

    def simulate(self, draws: int = 1, seed: int = 0) -> Array:
        """New outcomes (rows, draws) with random effects drawn anew; the same seed gives the same draws."""
        generator, columns = np.random.default_rng(seed), []
        for _ in range(checked_draws(draws)):
            some = drawn_rows(self.any.design, self.any.laplace, generator)
            columns.append(some * drawn_rows(self.amount.design, self.amount.laplace, generator))
        return np.column_stack(columns)

    @property
    def singular_terms(self) -> tuple[str, ...]:
        """What is degenerate in which part, one sentence each."""
        parts = (("any", self.any), ("amount", self.amount))
        return tuple(f"{name}: {what}" for name, part in parts for what in part.singular_terms)

    def summary(self) -> str:
        """Both parts in text."""
        return "\n\n".join(["Part 1: any", str(self.any), "Part 2: amount, if any", str(self.amount)])

    def __str__(self) -> str:
        return self.summary()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.hurdle, name)


def _stacked(parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    framed = [frame.assign(part=part)[["part", *frame.columns]] for part, frame in parts.items()]
    return pd.concat(framed, ignore_index=True)
