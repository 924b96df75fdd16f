"""The result of a Laplace fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis.laplace.blocks import Floats
from analysis.laplace.design import Design, RandomColumns
from analysis.laplace.families import Family
from analysis.laplace.residuals import variance

Scale = Literal["link", "response"]


@dataclass(frozen=True)
class LevelEffects:
    """Random coefficients of one level: q of them in each of g groups, on the link scale."""

    level: str
    """"professional" or "dyad": its place in the nesting."""
    name: str
    """What the caller calls it."""
    names: tuple[str, ...]
    covariance: Floats
    """Estimated covariance (q, q)."""
    labels: npt.NDArray[Any]
    """Group codes (g,), as the caller gave them."""
    modes: Floats
    """Conditional modes (g, q)."""
    mode_variances: Floats
    """Conditional variances of the modes given the estimates (g, q, q)."""

    @property
    def sd(self) -> Floats:
        """Standard deviations (q,)."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def correlation(self) -> Floats:
        """Correlations (q, q); not a number beside a zero variance."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.covariance / np.outer(self.sd, self.sd))


@dataclass(frozen=True)
class LaplaceFit:
    """A fitted model with random effects and a non-Gaussian outcome, by Laplace approximation (immutable)."""

    family: str
    names: tuple[str, ...]
    """Columns of X, in order."""
    estimates: Floats
    """Coefficients on the link scale (p,)."""
    std_errors: Floats
    """From the joint Hessian of all parameters, as TMB does; infinite spread shows as not a number."""
    statistic: Floats
    """estimate / std_error, referred to the normal distribution."""
    p: Floats
    """Two-sided."""
    ci_low: Floats
    ci_high: Floats
    """95 % Wald limits."""
    covariance: Floats
    """Covariance of the estimates (p, p)."""
    shape_names: tuple[str, ...]
    """"log_size" for negative binomial counts; "low|high" per threshold for ordered categories."""
    shape: Floats
    shape_std_errors: Floats
    categories: npt.NDArray[Any]
    """Ordered categories; empty for other families."""
    levels: tuple[LevelEffects, ...]
    """Variance components and conditional modes, outermost level first."""
    log_likelihood: float
    """Laplace approximation, constants included."""
    deviance: float
    """-2 log_likelihood."""
    aic: float
    bic: float
    """With log(rows)."""
    parameters: int
    rows: int
    converged: bool
    reason: str
    """Empty when converged, else one sentence."""
    evaluations: int
    """Of the deviance with its gradient."""
    gradient: float
    """Largest derivative of the deviance, each per standard error of its parameter."""
    singular: bool
    singular_what: tuple[str, ...]
    """A sentence for each variance found to be zero or correlation found to be one."""
    par: Floats = field(repr=False)
    """Parameters in engine units, with their joint covariance below."""
    par_covariance: Floats = field(repr=False)
    design: Design = field(repr=False)
    engine_family: Family = field(repr=False)

    def predict(
        self,
        X: npt.ArrayLike,
        professional_codes: npt.NDArray[Any] | None = None,
        dyad_codes: npt.NDArray[Any] | None = None,
        *,
        offset: npt.ArrayLike | None = None,
        random: RandomColumns | None = None,
        scale: Scale = "response",
    ) -> Floats:
        """Predictions (n,) for new rows; for ordered categories and the response scale, probabilities (n, k).

        Groups that were not in the data, and levels whose codes are left out, count with an effect of zero.
        """
        matrix = np.asarray(X, dtype=float)
        eta = matrix @ self.estimates + (0.0 if offset is None else np.asarray(offset, dtype=float))
        given = random or RandomColumns()
        for level in self.levels:
            outer = level.level == "professional"
            codes = professional_codes if outer else dyad_codes
            if codes is not None:
                z = given.professional if outer else given.dyad
                columns = np.ones((matrix.shape[0], 1)) if z is None else np.asarray(z, dtype=float)
                eta = eta + np.sum(columns * modes_of(level, np.asarray(codes)), axis=1)
        return eta if scale == "link" else self.engine_family.mean(eta, self.shape)

    def fitted(self, scale: Scale = "response") -> Floats:
        """Predictions at the conditional modes for the rows of the data, in the caller's order."""
        eta = self._engine_eta(self._engine_modes())
        return eta if scale == "link" else self.engine_family.mean(eta, self.shape)

    def residuals(self, kind: Literal["response", "pearson"] = "response") -> Floats:
        """Outcome minus fitted value (n,) in the caller's order; "pearson" divides by the conditional sd.

        Raises ValueError for ordered categories.
        """
        rows, eta = self.design.rows, self.fitted("link")
        trials = np.ones(eta.size) if rows.weights is None else _unsorted(rows.weights, self.design)
        spread = np.sqrt(variance(self.family, eta, self.shape, trials))
        plain = _unsorted(rows.y, self.design) - self.fitted()
        return plain if kind == "response" else np.asarray(plain / spread)

    @property
    def dispersion(self) -> float:
        """Sum of squared Pearson residuals over rows minus parameters: well above one says overdispersed."""
        return float(np.sum(self.residuals("pearson") ** 2) / (self.rows - self.parameters))

    def simulate(self, seed: int, replicates: int = 1, *, new_groups: bool = True) -> npt.NDArray[Any]:
        """Outcomes (rows, replicates) drawn from the fitted model, in the caller's order.

        With `new_groups` the random effects are drawn anew, otherwise they stay at their conditional modes.
        """
        random = np.random.default_rng(seed)
        rows = self.design.rows
        trials = np.ones(rows.y.size) if rows.weights is None else _unsorted(rows.weights, self.design)
        out = np.empty((rows.y.size, replicates))
        for k in range(replicates):
            modes = [
                random.multivariate_normal(
                    np.zeros(len(level.names)), level.covariance, size=level.labels.size, method="eigh"
                )
                for level in self.levels
            ] if new_groups else self._engine_modes()  # fmt: skip
            out[:, k] = self.engine_family.draw(self._engine_eta(modes), self.shape, trials, random)
        return self.categories[out.astype(np.intp)] if self.categories.size else out

    def _engine_modes(self) -> list[Floats]:
        return [level.modes for level in self.levels]

    def _engine_eta(self, modes: list[Floats]) -> Floats:
        """Linear predictor of the data's rows for these random coefficients, in the caller's order."""
        rows, layout = self.design.rows, self.design.layout
        beta, shape = layout.split(self.par)
        eta = beta @ rows.x + (0.0 if rows.offset is None else rows.offset)
        if self.categories.size:
            eta = eta + (self.shape[0] - shape[0])
        of_row = np.repeat(np.arange(rows.dyads), rows.counts)
        for level, effects in zip(self.levels, modes, strict=True):
            outer = level.level == "professional"
            known = layout.professional if outer else layout.dyad
            columns = known.columns[np.argsort(known.given)]
            group = rows.professional_of[of_row] if outer else of_row
            z = rows.z[columns] * self.design.scales.z[columns, None]
            eta = eta + np.sum(z * effects[group].T, axis=0)
        return _unsorted(np.asarray(eta), self.design)


def modes_of(level: LevelEffects, codes: npt.NDArray[Any]) -> Floats:
    """Modes (n, q) of the groups with these codes; zero for groups that are new."""
    order = np.argsort(level.labels, kind="stable")
    place = np.searchsorted(level.labels[order], codes)
    place = order[np.minimum(place, order.size - 1)]
    known = level.labels[place] == codes
    return np.where(known[:, None], level.modes[place], 0.0)


def _unsorted(values: Floats, design: Design) -> Floats:
    if design.rows.order is None:
        return values
    out = np.empty_like(values)
    out[design.rows.order] = values
    return out
