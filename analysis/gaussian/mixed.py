"""An immutable :class:`Fit`: what a Gaussian mixed model says, and what one can ask of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analysis.gaussian import effects, notes, tables
from analysis.gaussian.contrasts import contrast_matrix, contrast_table
from analysis.gaussian.estimate import Estimate, estimate
from analysis.gaussian.inference import Satterthwaite, SmallSample, Test, boundaries, satterthwaite
from analysis.gaussian.kenward_roger import KenwardRoger, kenward_roger
from analysis.gaussian.optimize import Convergence
from analysis.gaussian.structured import structured_satterthwaite
from analysis.gaussian.summary import summarise
from analysis.terms.design import Design
from analysis.terms.table import Array


@dataclass(frozen=True)
class Fit:
    """A fitted Gaussian mixed model. Numbers are in the units of the data.

    ``design`` the rows used, ``estimate`` the numbers behind everything, ``df_method`` "satterthwaite" or
    "kenward-roger", ``confidence`` of the Wald intervals, ``residual`` the residual structure or None.
    """

    design: Design
    estimate: Estimate
    df_method: str = "satterthwaite"
    confidence: float = 0.95
    residual: Any = None
    family: str = "gaussian"

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.design.formula.text

    @property
    def reml(self) -> bool:
        """Whether variances are REML estimates."""
        return self.estimate.reml

    @property
    def n_rows(self) -> int:
        """Rows used."""
        return self.design.height

    @property
    def has_rows(self) -> bool:
        """Whether the rows are in memory; a fit from a file keeps none."""
        return self.design.response.size == self.design.height

    @cached_property
    def n_groups(self) -> dict[str, int]:
        """Groups of each grouping factor."""
        return {level.factor.name: level.factor.size for level in self.design.levels}

    @property
    def missing(self) -> pd.DataFrame:
        """Rows left out, by variable: variable, missing, share."""
        return self.design.missing.frame()

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """Fixed effects: term, estimate, std_error, df, statistic (t), p, ci_low, ci_high (Wald with t)."""
        return tables.coefficient_table(self.design, self.estimate, self.small_sample, self.confidence)

    @cached_property
    def small_sample(self) -> SmallSample:
        """The method for degrees of freedom, bound to this fit."""
        return self.small_sample_by(self.df_method)

    def small_sample_by(self, method: str) -> SmallSample:
        """Satterthwaite or Kenward-Roger for this fit; ``ValueError`` for another word or where KR is
        impossible."""
        if method == "satterthwaite":
            return self._satterthwaite
        if method == "kenward-roger":
            return self._kenward_roger
        raise ValueError(f"df must be 'satterthwaite' or 'kenward-roger'; got {method!r}.")

    @cached_property
    def _satterthwaite(self) -> Satterthwaite:
        if self.estimate.bound is not None:
            return structured_satterthwaite(self.design, self.estimate)
        return satterthwaite(self.estimate)

    @cached_property
    def _kenward_roger(self) -> KenwardRoger:
        return kenward_roger(self.estimate)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance of the fixed effects, conditional on the variance estimates, as lme4's ``vcov``."""
        names = list(self.design.names)
        return pd.DataFrame(self.estimate.vcov, index=names, columns=names)

    @cached_property
    def variance_components(self) -> pd.DataFrame:
        """Variances and covariances: group, term, with, estimate, sd_or_correlation; the residual's rows
        last."""
        return tables.component_table(self.design, self.estimate)

    @cached_property
    def icc(self) -> pd.DataFrame:
        """Intraclass correlations: group, variance, icc, icc_same_group."""
        return tables.icc_table(self.design, self.estimate)

    @cached_property
    def explained(self) -> pd.DataFrame:
        """Variance of the outcome by source: source, kind, variance, share."""
        return tables.explained_table(self.design, self.estimate)

    @property
    def r2_marginal(self) -> float:
        """Share of variance the fixed part accounts for (Nakagawa and Schielzeth 2013)."""
        return float(self.explained.loc[self.explained["kind"] == "fixed", "share"].sum())

    @property
    def r2_conditional(self) -> float:
        """Share of variance the fixed and random parts account for."""
        return float(self.explained.loc[self.explained["kind"] != "residual", "share"].sum())

    @property
    def deviance(self) -> float:
        """-2 log-likelihood (ML) or the REML criterion."""
        return self.estimate.criterion

    @property
    def loglik(self) -> float:
        """Log-likelihood, restricted when ``reml``."""
        return -self.estimate.criterion / 2

    @cached_property
    def n_parameters(self) -> int:
        """Fixed effects, free variances and covariances, the residual variance and its structure's
        parameters."""
        blocks = [len(block) for level in self.design.levels for block in level.blocks]
        free = sum(size * (size + 1) // 2 for size in blocks)
        return self.estimate.beta.size + free + 1 + len(self.estimate.residual)

    @property
    def aic(self) -> float:
        """Akaike's criterion, deviance + 2 parameters; compare REML fits only when their fixed parts are the
        same."""
        return self.deviance + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with the number of rows, as lme4 has it."""
        return self.deviance + float(np.log(self.n_rows)) * self.n_parameters

    @property
    def convergence(self) -> Convergence:
        """How the optimiser ended."""
        return self.estimate.convergence

    @cached_property
    def singular_terms(self) -> tuple[str, ...]:
        """The random terms whose covariance lost rank, in words: a zero variance or a correlation of one."""
        found = []
        for level, lost in zip(self.design.levels, boundaries(self.estimate), strict=True):
            for block, yes in zip(level.blocks, lost, strict=True):
                if yes:
                    inside = " + ".join(level.columns[at].name for at in block)
                    found.append(f"({inside} | {level.factor.name})")
        return tuple(found)

    @property
    def singular(self) -> bool:
        """Whether any random term is on the boundary of what a covariance can be."""
        return bool(self.singular_terms)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the numbers, one sentence each: non-convergence first."""
        return notes.notes_of(self)

    def test(self, contrasts: Any, df: str | None = None) -> Test:
        """F test that contrasts of the fixed effects are zero, jointly.

        ``contrasts``: a term name, a list of term names, a dict term -> weight, or an array (r, p). ``df``
        overrides the fit's method.
        """
        matrix = contrast_matrix(contrasts, self.design.names)
        method = self.small_sample if df is None else self.small_sample_by(df)
        return method.test(self.estimate.beta, matrix)

    def estimate_contrast(self, contrast: Any, df: str | None = None) -> pd.DataFrame:
        """Linear combinations of the fixed effects, one row each: estimate, std_error, df, statistic, p,
        ci_low, ci_high. ``contrast`` as in :meth:`test`."""
        matrix = contrast_matrix(contrast, self.design.names)
        method = self.small_sample if df is None else self.small_sample_by(df)
        return contrast_table(self.estimate.beta, matrix, method, self.confidence)

    def predict(self, frame: Any = None, random: bool = True, unseen: str = "error") -> Array:
        """Predicted outcome, for the rows of ``frame`` or the rows used; ``random`` adds the groups' own
        effects, ``unseen`` ("error" or "zero") says what to do with groups the model has not seen."""
        if unseen not in ("error", "zero"):
            raise ValueError(f"unseen must be 'error' or 'zero'; got {unseen!r}.")
        if frame is None:
            return effects.fitted_values(self.design, self.estimate, random)
        return effects.predict_new(self.design, self.estimate, frame, random, unseen)

    def residuals(self) -> Array:
        """Outcome minus prediction with random effects, one per row used, in the outcome's unit."""
        return self.design.response - effects.fitted_values(self.design, self.estimate, random=True)

    def random_effects(self) -> dict[str, pd.DataFrame]:
        """Conditional means of the random effects, one frame per grouping factor: group, then one column per
        term."""
        return effects.effect_frames(self.design, self.estimate)

    def simulate(self, draws: int = 1, seed: int = 0) -> Array:
        """New outcomes from the fitted model, shape (rows used, draws); the same seed gives the same
        draws."""
        generator = np.random.default_rng(seed)
        return np.column_stack([effects.simulated(self.design, self.estimate, generator) for _ in range(draws)])

    def intervals(self, method: str = "wald", **options: Any) -> pd.DataFrame:
        """Intervals by ``method`` "wald", "profile" or "bootstrap"; see ``analysis.gaussian.intervals`` for the
        options."""
        from analysis.gaussian.intervals import intervals

        return intervals(self, method, **options)

    def refit(self, **changes: Any) -> "Fit":
        """The same rows and model with other options: ``reml``, ``df``, ``response`` (n,)."""
        from dataclasses import replace

        design = self.design
        if "response" in changes:
            design = replace(design, response=np.asarray(changes["response"], dtype=np.float64))
        reml = bool(changes.get("reml", self.reml))
        found = estimate(design, reml, self.residual, start=self.estimate, checked=False)
        return Fit(design, found, str(changes.get("df", self.df_method)), self.confidence, self.residual)

    def summary(self) -> str:
        """The fit in text; anything wrong comes first."""
        return summarise(self)

    def __str__(self) -> str:
        return self.summary()
