"""Three-level random-intercept models by statsmodels: events in dyads in professionals.

The one place that knows statsmodels, so that a faster engine can take its place: `fit_three_level` in, `Fit`
out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[Any]

DF_METHOD = "between-within (containment): each term is tested on the units of its own level"
LEVELS = ("professional", "dyad", "event")


@dataclass(frozen=True)
class Coefficient:
    """One fixed effect.

    term: name; level: the level on which it varies (professional, dyad or event); estimate, std_error: in
    units of the outcome per unit of the term; df: between-within; statistic: t; p: two-sided; ci_low,
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
class Fit:
    """A fitted model, by REML.

    outcome; formula: in lme4's notation; coefficients: in order; variances: professional, dyad, residual
    (squared units of the outcome); log_likelihood: restricted, as statsmodels counts it; converged: the
    optimiser's word; note: in plain words when something went wrong, else ""; n: units per level; df_method:
    how df were counted.
    """

    outcome: str
    formula: str
    coefficients: tuple[Coefficient, ...]
    variances: dict[str, float]
    log_likelihood: float
    converged: bool
    note: str
    n: dict[str, int]
    df_method: str = DF_METHOD

    def __getitem__(self, term: str) -> Coefficient:
        return next(c for c in self.coefficients if c.term == term)

    @property
    def icc(self) -> dict[str, float]:
        """Share of the (residual) variance per level."""
        total = sum(self.variances.values())
        return {level: value / total for level, value in self.variances.items()}


def fit_three_level(frame: pd.DataFrame, outcome: str, terms: Sequence[str]) -> Fit:
    """Fit `outcome ~ terms + (1|professional) + (1|dyad)` by REML.

    frame: one row per event with float columns `outcome` and `terms` without gaps, and ids `professional`,
    `dyad` (unique over professionals). The order of rows does not matter. Standard errors come from
    (X'V^-1X)^-1 at the estimated variances, as lme4 reports them (Bates et al. 2015, doi
    10.18637/jss.v067.i01); df are between-within (Schluchter & Elashoff 1990, doi 10.1080/00949659008811268),
    t intervals of 95 %. Raises ValueError naming columns that are missing, have gaps or are a mixture of
    others.
    """
    _check(frame, outcome, terms)
    ordered = frame.sort_values(["professional", "dyad", *terms, outcome], kind="stable")
    names = ["(Intercept)", *terms]
    x = np.column_stack([np.ones(len(ordered)), *(ordered[t].to_numpy(dtype=float) for t in terms)])
    y = ordered[outcome].to_numpy(dtype=float)
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError(f"The terms {', '.join(terms)} cannot be told apart in these data; leave one out.")
    blocks = _blocks(ordered)
    estimated = _variances(y, x, blocks)
    beta, covariance = _gls(y, x, blocks, estimated.variances)
    n = {level: int(ordered[level].nunique()) for level in ("professional", "dyad")} | {"event": len(ordered)}
    levels = [_level(ordered, column) for column in x.T]
    return Fit(
        outcome=outcome,
        formula=f"{outcome} ~ {' + '.join(terms)} + (1|professional) + (1|dyad)",
        coefficients=_coefficients(names, levels, beta, covariance, n),
        variances=dict(zip(("professional", "dyad", "residual"), estimated.variances, strict=True)),
        log_likelihood=estimated.log_likelihood,
        converged=estimated.converged,
        note=estimated.note,
        n=n,
    )


def _check(frame: pd.DataFrame, outcome: str, terms: Sequence[str]) -> None:
    columns = [outcome, *terms, "professional", "dyad"]
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise ValueError(f"The data lack {', '.join(missing)}.")
    gaps = [c for c in columns if frame[c].isna().any()]
    if gaps:
        raise ValueError(f"{', '.join(gaps)} has missing values; leave those rows out first.")
    professionals, dyads = frame["professional"].nunique(), frame["dyad"].nunique()
    if professionals < 3 or dyads <= professionals or len(frame) <= dyads + len(terms):
        raise ValueError(
            f"{len(frame)} events of {dyads} dyads with {professionals} professionals are too few for a three-level "
            "model: it needs at least 3 professionals, more dyads than professionals and several events per dyad."
        )
    if not frame[outcome].astype("float64").std() > 0:
        raise ValueError(f"{outcome} is the same at every event, so there is nothing to explain.")


@dataclass(frozen=True)
class _Estimated:
    variances: tuple[float, float, float]
    log_likelihood: float
    converged: bool
    note: str


@dataclass(frozen=True)
class _Block:
    """Rows of one professional, and which dyad each row belongs to (rows x dyads, 0/1)."""

    rows: slice
    dyads: Array


def _blocks(ordered: pd.DataFrame) -> list[_Block]:
    professional = ordered["professional"].to_numpy()
    dyad = pd.factorize(ordered["dyad"])[0]
    edges = [0, *(np.flatnonzero(professional[1:] != professional[:-1]) + 1), len(ordered)]
    blocks = []
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        codes = dyad[start:stop]
        blocks.append(_Block(slice(start, stop), (codes[:, None] == np.unique(codes)).astype(float)))
    return blocks


def _variances(y: Array, x: Array, blocks: list[_Block]) -> _Estimated:
    """REML variance components; a failure of all optimisers is told in words, never raised."""
    best: _Estimated | None = None
    for method in ("lbfgs", "bfgs", "powell"):
        found = _attempt(y, x, blocks, method)
        if found is not None and (best is None or found.converged or found.log_likelihood > best.log_likelihood):
            best = found
        if best is not None and best.converged:
            return best
    if best is not None:
        return best
    residual = float(np.linalg.lstsq(x, y, rcond=None)[1].sum() / (len(y) - x.shape[1]))
    note = "The variance components could not be estimated; the figures treat events as independent. Do not use them."
    return _Estimated((0.0, 0.0, residual), float("nan"), False, note)


def _attempt(y: Array, x: Array, blocks: list[_Block], method: str) -> _Estimated | None:
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    groups = np.concatenate([[i] * len(b.dyads) for i, b in enumerate(blocks)])
    columns = [[f"d{j}" for j in range(b.dyads.shape[1])] for b in blocks]
    spec = VCSpec(["dyad"], [columns], [[b.dyads for b in blocks]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model: Any = MixedLM(y, x, groups, exog_re=np.ones((len(y), 1)), exog_vc=spec)
            result = model.fit(reml=True, method=[method])
            parts = (float(result.cov_re[0, 0]), float(result.vcomp[0]), float(result.scale))
            llf = float(result.llf)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError, ZeroDivisionError):
            return None
    if not np.isfinite(parts).all() or parts[2] <= 0 or not np.isfinite(llf):
        return None
    note = "" if result.converged else "The optimiser did not report convergence; read the figures with caution."
    return _Estimated((max(parts[0], 0.0), max(parts[1], 0.0), parts[2]), llf, bool(result.converged), note)


def _gls(y: Array, x: Array, blocks: list[_Block], variances: tuple[float, float, float]) -> tuple[Array, Array]:
    """Generalised least squares at given variances: coefficients, and their covariance (X'V^-1X)^-1."""
    professional, dyad, residual = variances
    xvx, xvy = np.zeros((x.shape[1], x.shape[1])), np.zeros(x.shape[1])
    for block in blocks:
        z = block.dyads
        v = professional + dyad * (z @ z.T) + residual * np.eye(len(z))
        half = np.linalg.solve(v, x[block.rows])
        xvx += x[block.rows].T @ half
        xvy += half.T @ y[block.rows]
    covariance: Array = np.linalg.inv(xvx)
    return covariance @ xvy, covariance


def _level(ordered: pd.DataFrame, column: Array) -> str:
    for level in ("professional", "dyad"):
        codes = pd.factorize(ordered[level])[0]
        means = np.bincount(codes, weights=column) / np.bincount(codes)
        if np.allclose(column, means[codes], atol=1e-9):
            return level
    return "event"


def _coefficients(
    names: list[str], levels: list[str], beta: Array, covariance: Array, n: dict[str, int]
) -> tuple[Coefficient, ...]:
    above = {"professional": 0, "dyad": n["professional"], "event": n["dyad"]}
    df = {level: max(n[level] - above[level] - levels.count(level), 1) for level in LEVELS}
    out = []
    for term, level, estimate, variance in zip(names, levels, beta, np.diag(covariance), strict=True):
        se, t_df = float(np.sqrt(variance)), float(df[level])
        statistic, reach = float(estimate) / se, float(stats.t.ppf(0.975, t_df)) * se
        p = float(2 * stats.t.sf(abs(statistic), t_df))
        low, high = float(estimate) - reach, float(estimate) + reach
        out.append(Coefficient(term, level, float(estimate), se, t_df, statistic, p, low, high))
    return tuple(out)
