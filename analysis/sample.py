"""Who is analysed: real and simulated professionals are never mixed silently."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.bundle import Bundle


@dataclass(frozen=True)
class Sample:
    """real, simulated: professionals of each kind in the bundle; professionals: ids of those analysed;
    left_out: simulated professionals set aside; words: the choice as a sentence."""

    real: int
    simulated: int
    professionals: frozenset[str]
    left_out: int
    words: str

    @property
    def all_simulated(self) -> bool:
        """True when every analysed professional is simulated."""
        return self.simulated > 0 and (self.real == 0)

    @property
    def any_simulated(self) -> bool:
        """True when at least one analysed professional is simulated."""
        return self.simulated > self.left_out


def analysed_sample(bundle: Bundle, *, include_simulated: bool = False) -> Sample:
    """Real professionals only, where there are any; all, where all are simulated or `include_simulated`.

    Raises ValueError when the bundle holds no professional.
    """
    people = bundle["professionals"]
    if not len(people):
        raise ValueError("This bundle holds no professionals yet, so there is nothing to analyse.")
    marked = people["simulated"].fillna(False).astype(bool)
    simulated, real = int(marked.sum()), int((~marked).sum())
    if real and not include_simulated:
        chosen = people.loc[~marked, "professional"]
        left_out = simulated
        words = f"Only the {real} real professionals are analysed; {simulated} simulated ones are left out."
    else:
        chosen, left_out = people["professional"], 0
        words = (
            f"Real ({real}) and simulated ({simulated}) professionals are analysed together, as was asked for."
            if real and simulated
            else f"All {simulated} professionals are simulated: no person answered anything."
        )
    if not simulated:
        words = f"All {real} professionals are real; none is simulated."
    return Sample(real, simulated, frozenset(str(p) for p in chosen), left_out, words)
