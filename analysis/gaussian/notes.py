"""The sentences that go above the numbers."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.terms.variables import Missing

if TYPE_CHECKING:
    from analysis.gaussian.mixed import Fit

FEW = 30
"""Below this many groups at the top, tests of group-level effects are known to be a little off (Luke 2017,
doi 10.3758/s13428-016-0809-y)."""


def notes_of(fit: "Fit") -> tuple[str, ...]:
    """Non-convergence, singularity, few groups and rows left out, in this order."""
    found = []
    record = fit.convergence
    if not record.converged:
        found.append(
            f"NOT CONVERGED: {record.reason} (gradient {record.gradient:.2g} after {record.steps} steps). "
            "Do not use these numbers."
        )
    if fit.singular:
        found.append(
            f"Singular fit: {', '.join(fit.singular_terms)} has a variance of zero or a correlation of one. "
            "Degrees of freedom hold given that boundary."
        )
    for one, other in _same_groups(fit):
        found.append(
            f"'{one}' and '{other}' are the same groups in these rows, so their variances cannot be told "
            "apart; "
            "leave one of the two terms out."
        )
    groups = fit.n_groups
    top = min(groups, key=lambda name: groups[name])
    if groups[top] < FEW:
        found.append(
            f"Only {groups[top]} groups of '{top}': its variance is uncertain, and p-values and intervals of "
            "effects at that level lean on the small-sample correction."
        )
    return (*found, *missing_note(fit.design.missing))


def _same_groups(fit: "Fit") -> list[tuple[str, str]]:
    factors = [level.factor for level in fit.design.levels] if fit.has_rows else []
    found = []
    for at, one in enumerate(factors):
        for other in factors[at + 1 :]:
            if one.size == other.size:
                place = np.zeros(one.size, dtype=np.int64)
                place[one.codes] = other.codes
                if np.array_equal(place[one.codes], other.codes):
                    found.append((one.name, other.name))
    return found


def missing_note(missing: Missing) -> tuple[str, ...]:
    """How many rows were left out, for which variables, and which groups lost all of theirs."""
    if missing.used == missing.rows:
        return ()
    by = ", ".join(f"{name} {count}" for name, count in missing.by_variable.items())
    lost = ", ".join(f"{count} {name}" for name, count in missing.groups_lost.items() if count)
    ending = f"; groups that lost all rows: {lost}." if lost else "."
    return (f"{missing.rows - missing.used} of {missing.rows} rows left out for missing values ({by}){ending}",)
