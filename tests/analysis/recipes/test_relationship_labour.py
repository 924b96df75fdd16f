"""Recipe R4: refusals, what is left out, who is analysed, and a slice of the coverage bench."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.bundle import Bundle
from analysis.recipes.relationship_labour import (
    RELATIONSHIP_TERMS,
    TERMS,
    RelationshipLabour,
    relationship_labour,
    warnings_of,
)
from analysis.simulate import WORLDS, simulate_cohort
from bench.coverage import CELLS, estimates


def with_table(bundle: Bundle, name: str, frame: pd.DataFrame) -> Bundle:
    return dataclasses.replace(bundle, tables={**bundle.tables, name: frame})


def some_real(bundle: Bundle, real: int) -> Bundle:
    people = bundle["professionals"].copy()
    people.loc[people.index[:real], "simulated"] = False
    return with_table(bundle, "professionals", people)


def test_it_refuses_a_bundle_without_people(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="no professionals"):
        relationship_labour(with_table(bundle, "professionals", bundle["professionals"].iloc[:0]))


def test_it_refuses_a_bundle_without_baselines(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="baseline"):
        relationship_labour(with_table(bundle, "assessments", bundle["assessments"].iloc[:0]))


def test_it_refuses_a_bundle_without_negative_events(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="nothing to analyse"):
        relationship_labour(with_table(bundle, "entries", bundle["entries"].iloc[:0]))


def test_it_refuses_a_diary_without_the_constructs(bundle: Bundle) -> None:
    book = bundle.codebook.copy()
    with pytest.raises(ValueError, match="valence"):
        relationship_labour(with_table(bundle, "codebook", book[book["construct"] != "valence"]))
    with pytest.raises(ValueError, match="negative emotion"):
        relationship_labour(with_table(bundle, "codebook", book.assign(pole=pd.NA)))
    with pytest.raises(ValueError, match="conflict"):
        relationship_labour(
            dataclasses.replace(bundle, scales=tuple(s for s in bundle.scales if s["scale"] != "conflict"))
        )


def test_it_says_what_it_left_out(bundle: Bundle, analysed: RelationshipLabour) -> None:
    left_out = dict(analysed.exclusions)
    n = analysed.fits["surface"].n["event"]
    assert n + sum(left_out.values()) == len(bundle["entries"])
    assert left_out["entries without an event"] == int((bundle["entries"]["happened"] != True).sum())  # noqa: E712
    assert n == int(bundle["entries"]["hid"].notna().sum())
    assert (analysed.filter.name, analysed.filter.version) == ("any_negative", 1)


def test_incomplete_answers_are_left_out_and_counted(bundle: Bundle) -> None:
    entries = bundle["entries"].copy()
    whole = entries.index[entries["hid"].notna()]
    entries.loc[whole[:3], "showed"] = pd.NA
    result = relationship_labour(with_table(bundle, "entries", entries))
    assert dict(result.exclusions)["negative events with a missing answer"] == 3


def test_real_people_are_never_mixed_with_simulated_ones_silently(bundle: Bundle) -> None:
    mixed = some_real(bundle, 20)
    alone = relationship_labour(mixed)
    assert (alone.sample.real, alone.sample.simulated, alone.sample.left_out) == (20, 17, 17)
    assert alone.fits["surface"].n["professional"] <= 20
    assert alone.truth == {} and "17 simulated ones are left out" in alone.sample.words
    assert any("Only 20 groups of 'professional'" in words for words in alone.warnings)
    together = relationship_labour(mixed, who="all")
    assert together.fits["surface"].n["professional"] == 37
    assert together.truth and "as was asked for" in together.sample.words


def test_too_few_real_people_are_told_about_the_simulated_ones(bundle: Bundle) -> None:
    few = some_real(bundle, 1 + 2)
    with pytest.raises(ValueError, match="34 simulated ones are left out"):
        relationship_labour(few, who="real")
    with pytest.raises(ValueError, match="no real professionals"):
        relationship_labour(bundle, who="real")
    cohort = relationship_labour(few)
    assert (cohort.sample.real_taken, cohort.sample.simulated_taken, cohort.sample.left_out) == (0, 34, 3)
    assert "3 real ones are left out, because fewer than 10 are too few" in cohort.sample.words
    assert cohort.truth and cohort.sample.all_simulated


def test_the_truth_is_told_where_all_are_simulated(analysed: RelationshipLabour) -> None:
    for outcome in ("surface", "genuine"):
        assert set(analysed.truth[outcome]) == set(RELATIONSHIP_TERMS)
    # .15 per design SD (.7) of dependency, here per observed SD, which is near it
    assert analysed.truth["surface"]["dep_d"] == pytest.approx(0.15, abs=0.03)
    assert analysed.truth["surface"]["dep_d"] == analysed.truth["surface"]["dep_p"]
    assert analysed.truth["genuine"]["dep_d"] == 0.0


def test_both_models_have_all_terms_on_their_levels(analysed: RelationshipLabour) -> None:
    for fit in analysed.fits.values():
        assert [c.term for c in fit.coefficients] == ["(Intercept)", *TERMS]
        levels = {c.term: c.level for c in fit.coefficients}
        assert levels["clo_p"] == "professional" and levels["dep_d"] == levels["valence_b"] == "dyad"
        assert levels["valence_w"] == levels["disruptive_w"] == "event"
        assert fit.converged


def test_the_order_of_rows_does_not_matter(bundle: Bundle, analysed: RelationshipLabour) -> None:
    shuffled = {
        name: frame.sample(frac=1, random_state=3) for name, frame in bundle.tables.items() if name != "codebook"
    }
    other = relationship_labour(dataclasses.replace(bundle, tables={**bundle.tables, **shuffled}))
    for outcome, fit in analysed.fits.items():
        for ours, theirs in zip(fit.coefficients, other.fits[outcome].coefficients, strict=True):
            assert theirs.estimate == pytest.approx(ours.estimate, abs=1e-6)
            assert theirs.std_error == pytest.approx(ours.std_error, rel=1e-4)


def test_holms_p_values_stand_beside_the_plain_ones(analysed: RelationshipLabour) -> None:
    plain = sorted(fit[term].p for fit in analysed.fits.values() for term in RELATIONSHIP_TERMS)
    adjusted = sorted(p for terms in analysed.adjusted.values() for p in terms.values())
    # Holm: the k-th smallest of twelve times 13 - k, never falling, at most one.
    stepped = [max(min(1.0, (12 - j) * plain[j]) for j in range(k + 1)) for k in range(12)]
    assert adjusted == pytest.approx(stepped)
    assert "Holm" in analysed.multiplicity


def test_a_model_that_did_not_converge_is_told_first(analysed: RelationshipLabour) -> None:
    told = dict(analysed.fits)
    few, failed = "Only 12 groups of 'professional'.", "NOT CONVERGED: the most steps allowed were taken."
    told["surface"] = dataclasses.replace(told["surface"], notes=(few,))
    told["genuine"] = dataclasses.replace(told["genuine"], notes=(failed, few))
    assert warnings_of(told, 3.0, 0)[:2] == (f"genuine: {failed}", few)


@pytest.fixture(scope="module")
def slice_of_the_bench() -> np.ndarray:
    """16 cohorts of the usual size; (16, 12, 7) as `bench.coverage.estimates` gives them."""
    return np.array([estimates(simulate_cohort(seed=seed)) for seed in range(100, 116)])


def test_estimates_are_unbiased(slice_of_the_bench: np.ndarray) -> None:
    estimate, _, _, _, truth, *_ = np.moveaxis(slice_of_the_bench, 2, 0)
    error = estimate - truth
    z = error.mean(axis=0) / (error.std(axis=0, ddof=1) / np.sqrt(len(error)))
    # Twelve t(15) values: the largest beyond 3.9 once in a hundred runs; the seeds are fixed.
    assert np.abs(z).max() < 3.9, dict(zip(CELLS, z.round(2), strict=True))
    assert np.abs(error.mean(axis=0)).max() < 0.12


def test_most_intervals_hold_the_truth(slice_of_the_bench: np.ndarray) -> None:
    _, _, low, high, truth, *_ = np.moveaxis(slice_of_the_bench, 2, 0)
    # 192 intervals: 95 % +- three Monte Carlo standard errors (taken as if 96 were independent)
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.067)


def test_without_effects_few_intervals_leave_out_zero() -> None:
    worlds = [estimates(simulate_cohort(seed=seed, effects=WORLDS["null"]["effects"])) for seed in range(200, 210)]
    _, _, low, high, truth, *_ = np.moveaxis(np.array(worlds), 2, 0)
    assert (truth == 0).all()
    assert ((low > 0) | (high < 0)).mean() < 0.05 + 0.10
