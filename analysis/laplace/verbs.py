"""What can be asked of any fit that is not Gaussian, and what is refused by name."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from scipy import stats

from analysis.gaussian.inference import Test
from analysis.terms.design import Design
from analysis.terms.table import Array


@dataclass(frozen=True)
class Convergence:
    """How the search ended: ``reason`` is empty when it converged; ``gradient`` the largest derivative of the
    deviance, per standard error; ``evaluations`` of the deviance."""

    converged: bool
    reason: str
    evaluations: int
    gradient: float


@dataclass(frozen=True)
class Wald:
    """z and chi-squared tests with the covariance ``vcov`` (p, p) of the fixed effects."""

    vcov: Array
    flagged: bool = False

    def df(self, contrast: Array) -> float:
        """Infinite: the normal distribution."""
        if not np.isfinite(self.vcov[np.ix_(contrast != 0, contrast != 0)]).all():
            raise ValueError("A term of this contrast has no standard error, because its estimate has no end.")
        return float(np.inf)

    def test(self, beta: Array, contrasts: Array) -> Test:
        """Wald chi-squared over its df as F with infinite denominator df; dependent rows are told and left out."""
        if not contrasts.any(axis=1).all() or not np.isfinite(contrasts).all():
            raise ValueError("A contrast needs finite weights, one of them other than zero.")
        for row in contrasts:
            self.df(row)
        used = np.any(contrasts != 0, axis=0)
        part = contrasts[:, used]
        values, vectors = np.linalg.eigh(part @ self.vcov[np.ix_(used, used)] @ part.T)
        keep = values > 1e-10 * values.max()
        squares = (vectors[:, keep].T @ part @ beta[used]) ** 2 / values[keep]
        count = int(keep.sum())
        return Test(float(squares.mean()), count, float(np.inf), float(stats.chi2.sf(squares.sum(), count)))


class Verbs:
    """The verbs every such fit shares; those of Gaussian fits that mean nothing here say so."""

    design: Design
    family: str

    @property
    def coefficients(self) -> pd.DataFrame:
        """Fixed effects."""
        raise NotImplementedError

    @property
    def reml(self) -> bool:
        """Never: the likelihood is the full one."""
        return False

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.design.formula.text

    @property
    def missing(self) -> pd.DataFrame:
        """Rows left out, by variable: variable, missing, share."""
        return self.design.missing.frame()

    def intervals(self, method: str = "wald", **_options: Any) -> pd.DataFrame:
        """Wald intervals of the fixed effects: term, estimate, ci_low, ci_high (and part, for a hurdle)."""
        if method != "wald":
            self._refuse(f"{method!r} intervals are")
        found = self.coefficients
        return found[[name for name in ("part", "term", "estimate", "ci_low", "ci_high") if name in found]].copy()

    @property
    def icc(self) -> NoReturn:
        """Refused."""
        self._refuse("icc is")

    @property
    def explained(self) -> NoReturn:
        """Refused."""
        self._refuse("explained is")

    @property
    def r2_marginal(self) -> NoReturn:
        """Refused."""
        self._refuse("r2_marginal is")

    @property
    def r2_conditional(self) -> NoReturn:
        """Refused."""
        self._refuse("r2_conditional is")

    def refit(self, **_changes: Any) -> NoReturn:
        """Refused."""
        self._refuse("refit() is")

    def _refuse(self, what: str) -> NoReturn:
        raise ValueError(f"{what} not available for family {self.family!r}.")


def checked_words(unseen: str, scale: str = "response") -> None:
    """``ValueError`` for another word."""
    if unseen not in ("error", "zero"):
        raise ValueError(f"unseen must be 'error' or 'zero'; got {unseen!r}.")
    if scale not in ("response", "link"):
        raise ValueError(f"scale must be 'response' or 'link'; got {scale!r}.")


def checked_draws(draws: int) -> int:
    """``ValueError`` for fewer than one."""
    if draws < 1:
        raise ValueError(f"draws must be 1 or more; got {draws!r}.")
    return draws
