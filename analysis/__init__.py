"""Mixed models for diary data: events in dyads in professionals.

``fit`` takes a formula in lme4's notation and a pandas or polars frame; ``compare`` tests fits against each
other. This package stands alone: it reads frames and bundles and knows nothing of the server.

``terms`` turns a formula and a frame into matrices, ``gaussian`` and ``laplace`` are the two engines,
``recipes`` and ``report`` use them on bundles, ``simulate`` makes bundles.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.comparison import compare
    from analysis.fitting import fit
    from analysis.gaussian.mixed import Fit
    from analysis.residual import CAR1, Pairs, Strata

__all__ = ["CAR1", "Fit", "Pairs", "Strata", "compare", "fit"]

_HOMES = {"compare": "comparison", "fit": "fitting", "Fit": "gaussian.mixed"} | dict.fromkeys(
    ("CAR1", "Pairs", "Strata"), "residual"
)


def __getattr__(name: str) -> Any:
    """The public names, imported when first asked for: the command line must set threads before numpy comes."""
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    return getattr(import_module(f"analysis.{_HOMES[name]}"), name)
