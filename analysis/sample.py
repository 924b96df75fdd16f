"""Who is analysed: real and simulated professionals are never mixed silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from analysis.bundle import Bundle

Who = Literal["auto", "real", "simulated", "all"]
ENOUGH_REAL = 10
"""With fewer real professionals than this beside a simulated cohort, `auto` takes the cohort: a model with three
levels cannot be told from so few, and figures of so few would point at them."""


@dataclass(frozen=True)
class Sample:
    """real, simulated: professionals of each kind in the bundle; professionals: ids of those analysed;
    real_taken, simulated_taken: how many of each; words: the choice as a sentence."""

    real: int
    simulated: int
    professionals: frozenset[str]
    real_taken: int
    simulated_taken: int
    words: str

    @property
    def all_simulated(self) -> bool:
        """True when every analysed professional is simulated."""
        return self.simulated_taken > 0 and self.real_taken == 0

    @property
    def any_simulated(self) -> bool:
        """True when at least one analysed professional is simulated."""
        return self.simulated_taken > 0

    @property
    def left_out(self) -> int:
        """Professionals of the bundle that are not analysed."""
        return self.real + self.simulated - self.real_taken - self.simulated_taken


def analysed_sample(bundle: Bundle, *, who: Who = "auto") -> Sample:
    """Choose the professionals to analyse.

    `auto` takes the real ones, unless there are fewer than ENOUGH_REAL of them beside a simulated cohort, as in the
    demo: then it takes the cohort, and says so. Raises ValueError when nobody is left to analyse.
    """
    if who not in get_args(Who):
        raise ValueError(f"{who!r} says nothing about whom to analyse. Use one of {', '.join(get_args(Who))}.")
    people = bundle["professionals"]
    marked = people["simulated"].fillna(False).astype(bool)
    simulated, real = int(marked.sum()), int((~marked).sum())
    kind = _kind(who, real, simulated)
    chosen = _chosen(people, marked, kind)
    if not len(chosen):
        words = "no professionals yet" if kind == "all" or not len(people) else f"no {kind} professionals"
        raise ValueError(f"This bundle holds {words}, so there is nothing to analyse.")
    taken = int(marked[chosen.index].sum())
    return Sample(
        real, simulated, frozenset(map(str, chosen)), len(chosen) - taken, taken, _words(who, kind, real, simulated)
    )


def _kind(who: Who, real: int, simulated: int) -> Who:
    if who != "auto":
        return who
    return "real" if real >= ENOUGH_REAL or not simulated else "simulated"


def _chosen(people: pd.DataFrame, marked: pd.Series, kind: Who) -> pd.Series:
    wanted = marked if kind == "simulated" else ~marked
    ids: pd.Series = people["professional"]
    return ids if kind == "all" else ids[wanted]


def _words(who: Who, kind: Who, real: int, simulated: int) -> str:
    if not simulated:
        return f"All {real} professionals are real; none is simulated."
    if not real:
        return f"All {simulated} professionals are simulated: no person answered anything."
    if kind == "all":
        return f"Real ({real}) and simulated ({simulated}) professionals are analysed together, as was asked for."
    if kind == "real":
        return f"Only the {real} real professionals are analysed; {simulated} simulated ones are left out."
    why = f", because fewer than {ENOUGH_REAL} are too few for this model" if who == "auto" else ""
    return f"Only the {simulated} simulated professionals are analysed; {real} real {_ones(real)} left out{why}."


def _ones(number: int) -> str:
    return "one is" if number == 1 else "ones are"
