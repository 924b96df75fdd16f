"""The simulator: refusals, structure, and the published or assumed targets it has to meet."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.simulate import EFFECTS, PARAMETERS, WORLDS, Cohort, simulate_cohort

PROTOCOL = yaml.safe_load((Path(__file__).parents[3] / "studies" / "teacher-diary.yaml").read_text())


@pytest.fixture(scope="module")
def many() -> Cohort:
    """Large enough that chance moves a mean by about .01."""
    return simulate_cohort(professionals=1500, seed=7)


def numbers(cohort: Cohort, item: str) -> "pd.Series[float]":
    return cohort.occasions[item].dropna().astype(float)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"effects": {"dependency_surfice": 0}}, "dependency_surfice"),
        ({"parameters": {"angr": 1}}, "angr"),
        ({"parameters": {"anger": (0.5, 0.5)}}, "anger"),
        ({"parameters": {"surface_prof_share": 1.5}}, "surface_prof_share"),
        ({"parameters": {"careless": 0.03}}, "careless"),
        ({"effects": {"anger_surface": float("nan")}}, "anger_surface"),
        ({"professionals": 0}, "professionals"),
        ({"days": 2.5}, "days"),
    ],
)
def test_it_refuses_what_it_does_not_know(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        simulate_cohort(**arguments)


def test_the_same_seed_gives_the_same_cohort() -> None:
    one, two, other = (simulate_cohort(professionals=5, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one.occasions, two.occasions)
    pd.testing.assert_frame_equal(one.dyads, two.dyads)
    assert one.simulation == two.simulation
    assert not one.occasions.equals(other.occasions)


def test_one_row_per_dyad_and_day() -> None:
    cohort = simulate_cohort(professionals=3, dyads_per_professional=4, days=6)
    assert len(cohort.professionals) == 3 and len(cohort.dyads) == 12 and len(cohort.occasions) == 72
    assert not cohort.occasions.duplicated(["professional", "dyad", "day"]).any()
    assert set(np.unique(cohort.dyads.filter(regex="^(clo|con|dep)"))) <= {1, 2, 3, 4, 5}


def truth_of(condition: dict[str, Any] | None, row: dict[str, Any]) -> bool:
    """The protocol's show_if, for the two shapes this protocol uses."""
    if condition is None:
        return True
    if "any" in condition:
        return any(truth_of(part, row) for part in condition["any"])
    value = row[condition["item"]]
    if pd.isna(value):
        return False
    return bool(value == condition["is"]) if "is" in condition else bool(value > condition["above"])


def test_answers_are_missing_exactly_where_the_protocol_would_not_ask() -> None:
    rows = simulate_cohort(professionals=10, seed=8).occasions.to_dict("records")
    items = PROTOCOL["diary"]["items"]
    for row in rows:
        for item in items:
            asked = bool(row["answered"]) and truth_of(item.get("show_if"), row)
            assert asked == (not pd.isna(row[item["id"]])), (item["id"], row)
        assert row["answered"] == (not pd.isna(row["minutes_late"])) == (not pd.isna(row["seconds"]))


def test_every_answer_is_one_the_protocol_allows(many: Cohort) -> None:
    for item in PROTOCOL["diary"]["items"]:
        seen = set(many.occasions[item["id"]].dropna().unique())
        if item["kind"] == "scale":
            assert seen <= {p["value"] for p in PROTOCOL["scales"][item["points"]]}
        if item["kind"] == "choice":
            assert seen == {o["value"] for o in item["options"]}


@pytest.mark.parametrize(
    ("item", "mean", "sd", "above_one", "tolerance"),
    [
        ("joy", 3.76, None, 0.99, 0.06),  # Becker 2015, Keller 2014
        ("anger", 1.63, None, 0.39, 0.06),  # Becker 2015, Keller 2014
        ("anxiety", 1.08, None, 0.07, 0.03),  # Goetz 2015
        ("helplessness", 1.49, None, 0.30, 0.05),  # assumed
        ("valence", -0.6, 1.8, None, 0.10),  # assumed
        ("stress", 2.4, 1.1, None, 0.08),  # assumed
        ("showed", 3.3, 1.1, None, 0.10),  # assumed
    ],
)
def test_answers_meet_their_targets(
    many: Cohort, item: str, mean: float, sd: float | None, above_one: float | None, tolerance: float
) -> None:
    answers = numbers(many, item)
    assert answers.mean() == pytest.approx(mean, abs=tolerance)
    if sd is not None:
        assert answers.std() == pytest.approx(sd, abs=0.1)
    if above_one is not None:
        assert (answers > 1).mean() == pytest.approx(above_one, abs=0.025)


def test_surface_acting_meets_its_target(many: Cohort) -> None:
    surface = (numbers(many, "hid") + numbers(many, "faked")) / 2
    assert surface.mean() == pytest.approx(1.9, abs=0.06)  # assumed
    assert surface.std() == pytest.approx(0.9, abs=0.08)
    assert np.corrcoef(numbers(many, "hid"), numbers(many, "faked"))[0, 1] == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(
    ("scale", "mean", "sd", "alpha", "share"),
    [
        ("clo", 4.0, 0.6, 0.85, 0.15),  # alpha: Patricio 2015; rest assumed
        ("con", 1.8, 0.8, 0.85, 0.12),
        ("dep", 1.9, 0.7, 0.66, 0.25),  # alpha .65-.67: published
    ],
)
def test_baseline_scores_meet_their_targets(
    many: Cohort, scale: str, mean: float, sd: float, alpha: float, share: float
) -> None:
    items = many.dyads[[f"{scale}{k}" for k in range(1, 5)]]
    score = items.mean(axis=1)
    assert score.mean() == pytest.approx(mean, abs=0.07)
    assert score.std() == pytest.approx(sd, abs=0.07)
    assert 4 / 3 * (1 - items.var().sum() / items.sum(axis=1).var()) == pytest.approx(alpha, abs=0.04)
    one, two = score.to_numpy().reshape(-1, 2).T
    # The share is of the latent score; measurement error weakens it by alpha. Sampling error of an ICC: .026.
    assert np.corrcoef(one, two)[0, 1] == pytest.approx(share * alpha, abs=0.08)


def test_baseline_scores_go_together_as_assumed(many: Cohort) -> None:
    score = pd.DataFrame({s: many.dyads.filter(regex=f"^{s}").mean(axis=1) for s in ("clo", "con", "dep")}).corr()
    assert score.loc["clo", "con"] == pytest.approx(-0.45, abs=0.06)
    assert score.loc["clo", "dep"] == pytest.approx(0.15, abs=0.06)
    assert score.loc["con", "dep"] == pytest.approx(0.25, abs=0.06)


def test_compliance_falls_and_differs_between_people(many: Cohort) -> None:
    by_day = many.occasions.groupby("day")["answered"].mean()
    assert by_day.iloc[0] == pytest.approx(0.84, abs=0.025)
    assert np.polyfit(by_day.index.to_numpy(dtype=float), by_day.to_numpy(), 1)[0] == pytest.approx(-0.006, abs=0.001)
    assert by_day.iloc[:15].mean() == pytest.approx(0.79, abs=0.02)  # Wrzus & Neubauer 2023
    assert many.occasions.groupby("professional")["answered"].mean().std() > 0.10


def test_people_answer_less_after_a_stressful_day(many: Cohort) -> None:
    rows = many.occasions.sort_values(["professional", "dyad", "day"])
    before = rows.groupby(["professional", "dyad"])["stress"].shift(1).astype("Float64")
    low, high = rows["answered"][(before <= 1).fillna(False)], rows["answered"][(before >= 4).fillna(False)]
    assert low.mean() - high.mean() > 0.03


def test_there_are_about_seven_negative_events_per_dyad(many: Cohort) -> None:
    # 563 events of 77 pupils: de Ruiter 2021
    assert many.occasions["hid"].notna().sum() / len(many.dyads) == pytest.approx(563 / 77, abs=0.4)


def test_differences_lie_where_they_should(many: Cohort) -> None:
    """Covariance of answers that share a dyad or a professional, over the variance. Cutting weakens latent shares."""
    for item, professional, dyad in (("joy", 0.16, 0.02), ("anger", 0.18, 0.10), ("stress", 0.35, 0.08)):
        values = many.occasions[item].astype("Float64").to_numpy(dtype=float, na_value=np.nan).reshape(1500, 2, 30)
        values = np.nan_to_num(values - np.nanmean(values), nan=0.0)
        seen = many.occasions[item].notna().to_numpy().reshape(1500, 2, 30)
        sums, counts, variance = values.sum(2), seen.sum(2), (values**2).sum() / seen.sum()
        same = ((sums**2).sum() - (values**2).sum()) / ((counts**2).sum() - counts.sum()) / variance
        other = (sums[:, 0] * sums[:, 1]).sum() / (counts[:, 0] * counts[:, 1]).sum() / variance
        assert other == pytest.approx(professional, abs=0.08), item
        assert same - other == pytest.approx(dyad, abs=0.09), item


def test_conditional_means_practically_never_leave_the_scale(many: Cohort) -> None:
    assert many.simulation["means_moved"] < 0.001


@pytest.mark.parametrize("name", [effect.name for effect in EFFECTS])
def test_every_effect_can_be_zero(name: str) -> None:
    cohort = simulate_cohort(professionals=4, days=10, effects={name: 0.0})
    assert cohort.simulation["effects"][name] == 0.0
    assert cohort.occasions["stress"].notna().any()


def test_switching_a_strategy_effect_off_leaves_the_rest_of_the_cohort_as_it_was() -> None:
    usual = simulate_cohort(professionals=20, effects={"surface_stress": 0.0})
    without = simulate_cohort(professionals=20, effects={"surface_stress": 0.0, "dependency_surface": 0.0})
    pd.testing.assert_frame_equal(usual.dyads, without.dyads)
    for item in ("happened", "anger", "showed", "stress"):
        pd.testing.assert_series_equal(usual.occasions[item], without.occasions[item])
    assert not usual.occasions["hid"].equals(without.occasions["hid"])


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_every_world_can_be_drawn(world: str) -> None:
    overrides: dict[str, Any] = WORLDS[world]
    assert len(simulate_cohort(professionals=5, **overrides).occasions) == 300


def test_every_number_says_where_it_comes_from() -> None:
    names = [record.name for record in (*PARAMETERS, *EFFECTS)]
    assert len(names) == len(set(names))
    for record in (*PARAMETERS, *EFFECTS):
        assert record.unit and record.source and record.basis in ("published", "assumed")
    listed = simulate_cohort(professionals=2, days=2).simulation["parameters"]
    assert [record["name"] for record in listed] == names


def test_a_cohort_is_drawn_quickly() -> None:
    simulate_cohort()
    started = time.perf_counter()
    for seed in range(5):
        simulate_cohort(seed=seed)
    # About 8 ms on one core; the limit allows for a busy machine.
    assert (time.perf_counter() - started) / 5 < 0.15
