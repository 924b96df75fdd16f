"""Mixed models for diary data: events in dyads in professionals.

``fit`` takes a formula in lme4's notation and a pandas or polars frame; ``compare`` tests fits against each
other. This package stands alone: it reads frames and bundles and knows nothing of the server.
"""

from analysis.compare import compare
from analysis.fitting import fit
from analysis.mixed import Fit
from analysis.residual import CAR1, Pairs, Strata

__all__ = ["CAR1", "Fit", "Pairs", "Strata", "compare", "fit"]
