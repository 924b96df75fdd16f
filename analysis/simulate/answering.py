"""Which prompts were answered, how late and how long it took."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from analysis.simulate.draws import Answers, Array
from analysis.simulate.parameters import Settings

_LATEST_MINUTES = 260.0  # the afternoon window closes 270 minutes after its latest prompt
# Averaging a logit over normal differences between people pulls it to zero by sqrt(1 + c2 * variance)
# (Zeger, Liang & Albert 1988, doi 10.2307/2531734).
_C2 = (16 * np.sqrt(3) / (15 * np.pi)) ** 2


def answered(rng: np.random.Generator, shape: tuple[int, int, int], stress: Answers, s: Settings) -> np.ndarray:
    """True where the prompt was answered; shape (dyads, days). Falls over days, differs between people, and
    is less likely after a stressful day with the same client."""
    n, days = stress.shape
    share = np.clip(s["compliance_first_day"] + s["compliance_slope"] * np.arange(days), 0.02, 0.995)
    person = s["compliance_prof_sd"] * rng.standard_normal(shape[0]).repeat(shape[1])[:, None]
    typical = logit(share) * np.sqrt(1 + _C2 * s["compliance_prof_sd"] ** 2)
    yesterday = np.zeros((n, days))
    yesterday[:, 1:] = (stress[:, :-1] - s["stress_mean"]) / s["stress_sd"]
    kept: np.ndarray = rng.random((n, days)) < expit(typical + person + s["stress_answering"] * yesterday)
    return kept


def timing(rng: np.random.Generator, happened: np.ndarray, negative: np.ndarray, s: Settings) -> tuple[Array, Array]:
    """(minutes between prompt and answer, seconds of filling), shape (dyads, days): skewed, quicker with
    fewer items."""
    shape = happened.shape
    minutes = np.minimum(0.3 + s["delay_median"] * np.exp(1.1 * rng.standard_normal(shape)), _LATEST_MINUTES)
    length = np.where(negative, 1.0, np.where(happened, 0.8, 0.22))
    seconds = np.clip(s["seconds_median"] * length * np.exp(0.35 * rng.standard_normal(shape)), 6.0, 600.0)
    return np.round(minutes, 2), np.round(seconds, 1)
