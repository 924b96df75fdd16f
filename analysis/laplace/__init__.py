"""Binary, count and ordered outcomes by Laplace approximation, for arrays; ``analysis.fit`` stands in front."""

from analysis.laplace.design import RandomColumns
from analysis.laplace.fitting import fit_laplace
from analysis.laplace.hurdle import HurdleFit, fit_hurdle
from analysis.laplace.result import LaplaceFit

__all__ = ["HurdleFit", "LaplaceFit", "RandomColumns", "fit_hurdle", "fit_laplace"]
