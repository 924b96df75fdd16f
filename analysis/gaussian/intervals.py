"""Intervals for coefficients and standard deviations: Wald with t, profile likelihood, parametric
bootstrap."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from analysis.gaussian.estimate import Estimate, estimate
from analysis.gaussian.optimize import minimise
from analysis.gaussian.profiling import deviation_profile
from analysis.gaussian.tables import component_table

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit

COLUMNS = ["term", "estimate", "ci_low", "ci_high"]


def intervals(fit: "Fit", method: str, **options: Any) -> pd.DataFrame:
    """Frame with term, estimate, ci_low, ci_high.

    "wald": fixed effects, t with the fit's df. "profile": fixed effects by profile likelihood (ML, as lme4
    does) and, with ``components=True``, standard deviations too. "bootstrap": ``draws`` (default 999) refits
    of simulated outcomes with ``seed``; percentile intervals of fixed effects and standard deviations.
    """
    if method == "wald":
        return fit.coefficients[COLUMNS].copy()
    if method == "profile":
        return profile_intervals(fit, **options)
    if method == "bootstrap":
        return bootstrap_intervals(fit, **options)
    raise ValueError(f"method must be 'wald', 'profile' or 'bootstrap'; got {method!r}.")


def profile_intervals(fit: "Fit", components: bool = False) -> pd.DataFrame:
    """Profile-likelihood intervals; an end that is not reached is infinite (or zero for a standard
    deviation).

    Venables and Ripley (2002), section 8.4, doi 10.1007/978-0-387-21706-2; Bates et al. (2015), section 5.1.
    """
    if fit.residual is not None:
        raise ValueError("Profile intervals are not available with a residual structure; use 'bootstrap'.")
    full = fit.estimate if not fit.reml else estimate(fit.design, False, start=fit.estimate, checked=False)
    cut = float(stats.chi2.ppf(fit.confidence, 1))
    rows = [_coefficient(full, at, name, cut) for at, name in enumerate(fit.design.names)]
    if components:
        for level, block, position, name in _deviations(fit):
            rows.append((name, *deviation_profile(full, level, block, position, cut)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _coefficient(full: Estimate, at: int, name: str, cut: float) -> tuple[str, float, float, float]:
    """Slide the outcome along one column and refit without it: no new pass over the data is needed."""
    standard, best = full.assembly.standard, full.profile
    p = best.beta.size
    keep = [j for j in range(p) if j != at]
    direction = np.linalg.inv(standard.fixed)[:, at] / standard.outcome_scale
    value, error = float(full.beta[at]), float(np.sqrt(full.vcov[at, at]))
    psis = list(best.sweep.psis)
    turned = np.linalg.inv(standard.fixed)
    basis = np.column_stack([turned[:, j] for j in keep]) if keep else np.zeros((p, 0))

    def excess(step: float) -> float:
        change = np.zeros((p + 1, p))
        change[:p, : p - 1] = basis
        change[p, p - 1] = 1.0
        change[:p, p - 1] = -(value + step) * direction + _outcome_shift(full)
        found, _ = minimise(full.assembly.problem.mapped(change), False, [psi + 1e-6 for psi in psis])
        return found.deviance - best.deviance - cut

    return name, value, value + _root(excess, -error), value + _root(excess, error)


def _outcome_shift(full: Estimate) -> Any:
    """What the centred outcome lacks of the raw one, as a change of the standard columns."""
    standard = full.assembly.standard
    shift = np.zeros(full.beta.size)
    if standard.intercept is not None:
        raw = np.zeros(full.beta.size)
        raw[standard.intercept] = standard.outcome_shift / standard.outcome_scale
        shift = np.linalg.inv(standard.fixed) @ raw
    return shift


def _root(excess: Any, first: float) -> float:
    """The step, of the sign of ``first``, where ``excess`` turns positive."""
    low, high = 0.0, 1.8 * first
    for _ in range(40):
        if excess(high) > 0:
            return float(brentq(excess, low, high, xtol=abs(first) * 1e-7))
        low, high = high, 1.5 * high
    return float(np.sign(first) * np.inf)


def _deviations(fit: "Fit") -> list[tuple[int, int, int, str]]:
    found = []
    for at, level in enumerate(fit.design.levels):
        for number, block in enumerate(level.blocks):
            for position, column in enumerate(block):
                name = f"sd {level.columns[column].name} | {level.factor.name}"
                found.append((at, number, position, name))
    found.append((-1, 0, 0, "sd residual"))
    return found


def bootstrap_intervals(fit: "Fit", draws: int = 999, seed: int = 0) -> pd.DataFrame:
    """Percentile intervals from refits of outcomes simulated by the fit; draws that do not converge are left
    out."""
    if draws < 20:
        raise ValueError(f"A bootstrap needs at least 20 draws; got {draws}.")
    from analysis.gaussian.effects import simulated

    generator = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        again = fit.refit(response=simulated(fit.design, fit.estimate, generator))
        if again.convergence.converged:
            found.append(np.concatenate([again.estimate.beta, _sds(again)[1]]))
    names, values = _sds(fit)
    tail = 50 * (1 - fit.confidence)
    low, high = np.percentile(np.array(found), [tail, 100 - tail], axis=0)
    estimates = np.concatenate([fit.estimate.beta, values])
    terms = [*fit.design.names, *names]
    return pd.DataFrame({"term": terms, "estimate": estimates, "ci_low": low, "ci_high": high})


def _sds(fit: "Fit") -> tuple[list[str], Any]:
    table = component_table(fit.design, fit.estimate)
    table = table[(table["with"] == "") & table["estimate"].notna()]
    names = [
        "sd residual" if group == "residual" else f"sd {term} | {group}"
        for group, term in zip(table["group"], table["term"], strict=True)
    ]
    return names, table["sd_or_correlation"].to_numpy()
