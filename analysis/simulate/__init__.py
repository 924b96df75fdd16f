"""Synthetic cohorts with a known truth: professionals, dyads, prompts answered or not, and every diary
answer."""

from analysis.simulate.cohort import Cohort, simulate_cohort
from analysis.simulate.parameters import EFFECTS, PARAMETERS, WORLDS, Parameter, Settings

__all__ = ["EFFECTS", "PARAMETERS", "WORLDS", "Cohort", "Parameter", "Settings", "simulate_cohort"]
