"""The frames a fit is read by: coefficients, variance components, intraclass correlations, explained
variance."""

import numpy as np
import pandas as pd

from analysis.gaussian.contrasts import contrast_table
from analysis.gaussian.estimate import Estimate
from analysis.gaussian.inference import SmallSample
from analysis.terms.design import Design
from analysis.terms.table import Array, Codes


def coefficient_table(design: Design, fit: Estimate, method: SmallSample, confidence: float) -> pd.DataFrame:
    """One row per fixed effect: term, estimate, std_error, df, statistic (t), p, ci_low, ci_high (Wald with
    t)."""
    table = contrast_table(fit.beta, np.eye(fit.beta.size), method, confidence)
    table.insert(0, "term", list(design.names))
    return table


def component_table(design: Design, fit: Estimate) -> pd.DataFrame:
    """One row per variance, covariance and the residual: group, term, with (the other term of a covariance,
    else empty), estimate (variance or covariance), sd_or_correlation."""
    rows: list[tuple[str, str, str, float, float]] = []
    for level, covariance in zip(design.levels, fit.covariances, strict=True):
        names = [column.name for column in level.columns]
        for block in level.blocks:
            for at, i in enumerate(block):
                rows.append((level.factor.name, names[i], "", covariance[i, i], _root(covariance[i, i])))
                for j in block[:at]:
                    scale = _root(covariance[i, i] * covariance[j, j])
                    correlation = covariance[i, j] / scale if scale > 0 else np.nan
                    rows.append((level.factor.name, names[j], names[i], covariance[i, j], correlation))
    rows.append(("residual", "", "", fit.sigma2, _root(fit.sigma2)))
    rows += [("residual", name, "", np.nan, value) for name, value in fit.residual.items()]
    return pd.DataFrame(rows, columns=["group", "term", "with", "estimate", "sd_or_correlation"])


def _root(value: float) -> float:
    return float(np.sqrt(max(value, 0.0)))


def level_variances(design: Design, fit: Estimate) -> dict[str, float]:
    """Mean over the rows of ``z' Psi z`` for each grouping factor (Johnson 2014, doi
    10.1111/2041-210X.12225), and the residual variance; for random intercepts simply their variance."""
    found: dict[str, float] = {}
    for at, (level, covariance) in enumerate(zip(design.levels, fit.covariances, strict=True)):
        if len(level.columns) == 1 and not level.columns[0].parts:
            found[level.factor.name] = float(covariance[0, 0])
            continue
        found[level.factor.name] = float((_mean_square(design, fit, at) * covariance).sum())
    found["residual"] = fit.sigma2 * mean_residual_scale(design, fit)
    return found


def _mean_square(design: Design, fit: Estimate, level: int) -> Array:
    """Mean over rows of z z' for the columns of one level, from the sums the engine keeps."""
    if fit.bound is not None or design.weights is not None:
        z = design.random_matrix(level)
        return np.asarray(z.T @ z / design.height)
    problem, back = fit.assembly.problem, np.linalg.inv(fit.assembly.standard.random[level])
    return back.T @ problem.square_means()[level] @ back


def mean_residual_scale(design: Design, fit: Estimate) -> float:
    """Mean over rows of the residual variance in units of sigma2 (one unless strata or weights say
    otherwise)."""
    scale = np.ones(design.height)
    if fit.bound is not None and hasattr(fit.bound.at(fit.point), "sd"):
        scale = fit.bound.at(fit.point).sd ** 2
    if design.weights is not None:
        scale = scale / design.weights
    return float(scale.mean())


def icc_table(design: Design, fit: Estimate) -> pd.DataFrame:
    """One row per grouping factor, coarsest first: variance, icc (its own share of the random and residual
    variance) and icc_same_group, the correlation of two rows that share this group and therefore all coarser
    ones it lies in."""
    variances = level_variances(design, fit)
    total = sum(variances.values())
    names = [level.factor.name for level in design.levels]
    shares = [variances[name] / total for name in names]
    together = []
    for at, level in enumerate(design.levels):
        within = [name for name in names[:at] if _lies_in(level.factor.codes, design, name)]
        together.append(shares[at] + sum(variances[name] / total for name in within))
    values = [variances[name] for name in names]
    return pd.DataFrame({"group": names, "variance": values, "icc": shares, "icc_same_group": together})


def _lies_in(codes: Codes, design: Design, name: str) -> bool:
    outer = next(level.factor for level in design.levels if level.factor.name == name)
    if codes.size != outer.codes.size:  # a fit read from a file keeps no rows, and its factors always nest
        return True
    some = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    some[codes] = outer.codes
    return bool(np.array_equal(some[codes], outer.codes))


def explained_table(design: Design, fit: Estimate) -> pd.DataFrame:
    """Where the variance of the outcome lies: source, kind (fixed, random or residual), variance, share of
    the total.

    The fixed part is split into what differs between the groups of each factor (over and above coarser ones)
    and what varies within the finest; marginal R2 is the sum of the fixed shares, conditional R2 adds the
    random ones. Nakagawa and Schielzeth (2013), doi 10.1111/j.2041-210x.2012.00261.x; split by level after
    Rights and Sterba (2019), doi 10.1037/met0000184.
    """
    predictor = linear_predictor(design, fit.beta)
    rows: list[tuple[str, str, float]] = []
    rest = predictor - predictor.mean()
    for level in design.levels:
        means = np.bincount(level.factor.codes, weights=rest) / np.bincount(level.factor.codes)
        between = means[level.factor.codes]
        rows.append((f"between {level.factor.name}", "fixed", float(np.mean(between * rest))))
        rest = rest - between
    rows.append((f"within {design.levels[-1].factor.name}", "fixed", float(np.mean(rest * rest))))
    for name, variance in level_variances(design, fit).items():
        rows.append((name, "residual" if name == "residual" else "random", variance))
    table = pd.DataFrame(rows, columns=["source", "kind", "variance"])
    table["share"] = table["variance"] / table["variance"].sum()
    return table


def linear_predictor(design: Design, beta: Array) -> Array:
    """X beta without the offset, shape (n,)."""
    if design.response.size != design.height:
        raise ValueError("This fit was read from a file piece by piece and keeps no rows; predict a frame instead.")
    total = np.zeros(design.height)
    for value, column in zip(beta, design.columns, strict=True):
        total += value * column.values(design.height)
    return total
