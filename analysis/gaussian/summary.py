"""A fit in plain text, laid out as an lme4 user expects it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit


def summarise(fit: "Fit") -> str:
    """Notes first, then the model, the variance components, the fixed effects, R2 and how the fit ended."""
    kind = "REML" if fit.reml else "ML"
    groups = ", ".join(f"{name} {count}" for name, count in fit.n_groups.items())
    record = fit.convergence
    lines = [*fit.notes]
    lines += [f"Linear mixed model by {kind}; df by {fit.df_method}", fit.formula]
    lines += [f"Rows {fit.n_rows}; groups: {groups}", ""]
    criterion = "REML criterion" if fit.reml else "Deviance"
    lines += [f"{criterion} {fit.deviance:.4f}   AIC {fit.aic:.2f}   BIC {fit.bic:.2f}", ""]
    lines += ["Random effects", render(fit.variance_components), ""]
    lines += ["Fixed effects", render(fit.coefficients, p="p"), ""]
    if fit.has_rows:
        lines += [f"R2 marginal {fit.r2_marginal:.3f}, conditional {fit.r2_conditional:.3f}"]
    ended = "converged" if record.converged else "did not converge"
    lines += [f"Optimiser: {ended} in {record.steps} steps, {record.evaluations} evaluations; {record.reason}."]
    return "\n".join(lines)


def render(frame: pd.DataFrame, p: str | None = None) -> str:
    """A frame as aligned text: five significant digits, p-values to three decimals."""
    shown = pd.DataFrame({name: [_cell(value, name == p) for value in frame[name]] for name in frame.columns})
    return shown.to_string(index=False)


def _cell(value: object, is_p: bool) -> str:
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if np.isnan(number):
        return ""
    if is_p:
        return "<.001" if number < 0.001 else f"{number:.3f}"
    return f"{number:.5g}"
