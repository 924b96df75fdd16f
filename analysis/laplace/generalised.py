"""A formula's fit by the Laplace engine: tidy frames out, and the verbs of a Gaussian fit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.gaussian.contrasts import contrast_matrix, contrast_table
from analysis.gaussian.inference import Test
from analysis.gaussian.notes import missing_note
from analysis.gaussian.summary import render
from analysis.laplace import predictor
from analysis.laplace.verbs import Convergence, Verbs, Wald, checked_draws, checked_words
from analysis.terms.design import Design
from analysis.terms.table import Array


@dataclass(frozen=True)
class GeneralisedFit(Verbs):
    """A binary, count or ordinal mixed model: the ``design`` used and ``laplace``, the engine's own result,
    whose fields (``aic``, ``converged``, ``singular``, ...) can be read here too. Estimates are on the link
    scale."""

    design: Design
    laplace: Any
    family: str
    confidence: float = 0.95

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
        for level in self.laplace.levels:
            for i, term in enumerate(level.names):
                rows.append((level.name, term, "", level.covariance[i, i], level.sd[i]))
                for j in range(i):
                    rows.append((level.name, level.names[j], term, level.covariance[i, j], level.correlation[i, j]))
        return pd.DataFrame(rows, columns=["group", "term", "with", "estimate", "sd_or_correlation"])

    @property
    def trouble(self) -> tuple[str, ...]:
        """Non-convergence and singularity, one sentence each."""
        found = [] if self.laplace.converged else [f"NOT CONVERGED: {self.laplace.reason}"]
        return (*found, *(f"Singular fit: {what}" for what in self.laplace.singular_what))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the numbers: non-convergence, singularity, rows left out."""
        return (*self.trouble, *missing_note(self.design.missing))

    @property
    def n_rows(self) -> int:
        """Rows used; in the amount of a hurdle those above zero."""
        return int(self.laplace.rows)

    @property
    def n_groups(self) -> dict[str, int]:
        """Groups of each grouping factor."""
        return {level.name: int(level.labels.size) for level in self.laplace.levels}

    @property
    def n_parameters(self) -> int:
        """Fixed effects, variances and covariances, thresholds or size."""
        return int(self.laplace.parameters)

    @property
    def loglik(self) -> float:
        """Log-likelihood by Laplace approximation, constants included."""
        return float(self.laplace.log_likelihood)

    @property
    def convergence(self) -> Convergence:
        """How the search ended."""
        found = self.laplace
        return Convergence(found.converged, found.reason, found.evaluations, found.gradient)

    @property
    def singular_terms(self) -> tuple[str, ...]:
        """What is degenerate, one sentence each."""
        return tuple(self.laplace.singular_what)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance of the fixed effects, on the link scale; NaN where an estimate has no end."""
        names, unknown = list(self.laplace.names), np.isnan(self.laplace.std_errors)
        values = np.where(unknown[:, None] | unknown, np.nan, self.laplace.covariance)
        return pd.DataFrame(values, index=names, columns=names)

    def test(self, contrasts: Any) -> Test:
        """Wald test that contrasts of the fixed effects are zero, jointly: chi-squared over its df. ``contrasts``
        as in a Gaussian fit."""
        matrix = contrast_matrix(contrasts, self.laplace.names)
        return Wald(self.vcov.to_numpy()).test(self.laplace.estimates, matrix)

    def estimate_contrast(self, contrast: Any) -> pd.DataFrame:
        """Linear combinations of the fixed effects on the link scale, with z tests and Wald intervals."""
        matrix = contrast_matrix(contrast, self.laplace.names)
        return contrast_table(self.laplace.estimates, matrix, Wald(self.vcov.to_numpy()), self.confidence)

    def predict(self, frame: Any = None, random: bool = True, unseen: str = "error", scale: str = "response") -> Array:
        """Predictions for the rows of ``frame`` or the rows of the design: probabilities or expected counts, for
        an ordinal outcome the probabilities (n, categories); ``scale`` "link" gives the linear predictor.
        ``random`` and ``unseen`` as in a Gaussian fit."""
        checked_words(unseen, scale)
        design, found = self.design, self.laplace
        if frame is None:
            eta = predictor.own_rows(design, found, predictor.all_modes(design, found) if random else [])
        else:
            eta = predictor.new_rows(design, found, frame, random, unseen)
        return eta if scale == "link" else np.asarray(found.engine_family.mean(eta, found.shape))

    def random_effects(self) -> dict[str, pd.DataFrame]:
        """Conditional modes on the link scale, one frame per grouping factor: group, then one column per
        term."""
        return predictor.effect_frames(self.design, self.laplace)

    def simulate(self, draws: int = 1, seed: int = 0) -> Any:
        """New outcomes, shape (rows, draws), with random effects drawn anew; an ordinal outcome in its own
        categories. The same seed gives the same draws."""
        generator = np.random.default_rng(seed)
        found = [predictor.drawn_rows(self.design, self.laplace, generator) for _ in range(checked_draws(draws))]
        out = np.column_stack(found)
        return self.laplace.categories[out.astype(np.intp)] if self.laplace.categories.size else out

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
