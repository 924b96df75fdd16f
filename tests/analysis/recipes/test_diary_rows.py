"""The rows a bundle gives to `dyade-analysis fit`: what a bundle lacks is said, and the recipe's formula on them
gives the recipe's fit."""

import dataclasses
import re
from pathlib import Path

import pytest

from analysis import fit
from analysis.bundle import Bundle
from analysis.recipes.diary_rows import diary_rows
from analysis.recipes.relationship_labour import OUTCOMES, TERMS, RelationshipLabour
from analysis.sample import analysed_sample

DOCS = Path(__file__).parents[3] / "docs" / "analysis.md"


def test_a_bundle_without_baselines_still_gives_its_entries(bundle: Bundle) -> None:
    bare = dataclasses.replace(bundle, tables={**bundle.tables, "assessments": bundle["assessments"].iloc[:0]})
    rows, absent = diary_rows(bare, analysed_sample(bare))
    assert len(rows) == len(bundle["entries"]) and {"surface", "any_negative"} <= set(rows)
    assert len(absent) == 1 and "Without baseline scores" in absent[0]


def test_a_diary_without_emotions_still_gives_its_items(bundle: Bundle) -> None:
    book = bundle.codebook.assign(pole=None)
    bare = dataclasses.replace(bundle, tables={**bundle.tables, "codebook": book})
    rows, absent = diary_rows(bare, analysed_sample(bare))
    assert {"hid", "clo_d"} <= set(rows) and "surface" not in rows
    assert "Without scored events" in absent[0] and "negative emotion" in absent[0]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_recipes_formula_gives_the_recipes_fit(bundle: Bundle, analysed: RelationshipLabour, outcome: str) -> None:
    rows, absent = diary_rows(bundle, analysed.sample)
    found = fit(f"{outcome} ~ {' + '.join(TERMS)} + (1 | professional) + (1 | dyad)", rows)
    assert absent == () and len(rows) == len(bundle["entries"])
    assert found.n_rows == analysed.fits[outcome].n["event"]
    for row, c in zip(found.coefficients.itertuples(), analysed.fits[outcome].coefficients, strict=True):
        assert (row.estimate, row.std_error) == pytest.approx((c.estimate, c.std_error), abs=1e-8)


def test_every_prepared_column_is_documented(bundle: Bundle) -> None:
    rows, _ = diary_rows(bundle, analysed_sample(bundle))
    listed = DOCS.read_text(encoding="utf-8").split("## The rows a bundle gives", 1)[1].split("\n## ", 1)[0]
    named = set(re.findall(r"`([a-z_]+)`", listed))
    made = set(rows) - set(bundle["entries"])
    assert made <= named, made - named
    assert {name for name in named if name.endswith(("_d", "_p", "_w", "_b"))} <= made
