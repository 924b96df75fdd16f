"""The report: it says who is simulated, gives both Ns and the truth, needs nothing from outside, and harms nobody."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from analysis.bundle import Bundle
from analysis.recipes.relationship_labour import RelationshipLabour, relationship_labour
from analysis.report import page as page_module
from analysis.report import relationship_labour_page
from analysis.report.words import number


@pytest.fixture(scope="module")
def page(bundle: Bundle) -> str:
    return relationship_labour_page(bundle)


def mixed(bundle: Bundle) -> Bundle:
    people = bundle["professionals"].copy()
    people.loc[people.index[:20], "simulated"] = False
    return dataclasses.replace(bundle, tables={**bundle.tables, "professionals": people})


def test_it_refuses_an_empty_bundle_in_a_sentence(bundle: Bundle) -> None:
    empty = dataclasses.replace(bundle, tables={**bundle.tables, "entries": bundle["entries"].iloc[:0]})
    with pytest.raises(ValueError, match="nothing to analyse"):
        relationship_labour_page(empty)


def test_it_marks_simulated_data_loudly_and_gives_both_ns(page: str) -> None:
    assert "<strong>Simulated data</strong>" in page
    assert "0 real, 37 simulated" in page


def test_it_leaves_simulated_people_out_and_says_so(bundle: Bundle) -> None:
    page = relationship_labour_page(mixed(bundle))
    assert "17 simulated ones are left out" in page and "20 real, 17 simulated" in page
    assert "Simulated data" not in page and "True effect" not in page
    assert "Only 20 groups of" in page
    together = relationship_labour_page(mixed(bundle), who="all")
    assert "Partly simulated data" in together and "those of the simulated professionals" in together


def test_the_truth_stands_beside_its_interval(page: str, analysed: RelationshipLabour) -> None:
    assert page.count("True effect") == 2
    for outcome, effects in analysed.truth.items():
        for term, value in effects.items():
            c = analysed.fits[outcome][term]
            row = next(r for r in re.findall(r"<tr>.*?</tr>", page) if f"<code>{term}</code>" in r
                       and f"{number(c.ci_low)} to {number(c.ci_high)}" in r)  # fmt: skip
            assert f"{number(value, sign=True)}" in row


def test_every_number_has_its_source(page: str, bundle: Bundle) -> None:
    for words in (bundle.sha256, "Simulation seed", "Satterthwaite", "any_negative", "statsmodels 0.15", "Converged",
                  "surface ~ clo_d + con_d + dep_d", "10.1016/j.tate.2021.103467"):  # fmt: skip
        assert words in page


def test_a_model_that_did_not_converge_is_the_first_thing_said(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = relationship_labour(bundle)
    failed = {o: dataclasses.replace(f, converged=False, ended="the most steps allowed") for o, f in whole.fits.items()}
    told = dataclasses.replace(whole, fits=failed, warnings=("NOT CONVERGED: do not use.", *whole.warnings))
    monkeypatch.setattr(page_module, "relationship_labour", lambda *_, **__: told)
    page = relationship_labour_page(bundle)
    assert page.index("NOT CONVERGED") < page.index("What the model says")
    assert "surface acting: no (the most steps allowed)" in page


def test_it_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r"""(src|href)\s*=|url\(|@import|<script|<link|https?://""", page)


class _Open(HTMLParser):
    """Collects elements left open, pictures without words, and header cells without scope."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "svg" and "aria-labelledby" not in given and given.get("aria-hidden") != "true":
            self.faults.append("svg without words")
        if tag == "th" and "scope" not in given:
            self.faults.append("th without scope")
        if tag not in ("meta", "br"):
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"stray </{tag}>")


def test_it_is_well_formed_and_readable_aloud(page: str) -> None:
    parser = _Open()
    parser.feed(page)
    assert parser.faults == [] and parser.stack == []
    assert 'lang="en"' in page
    headings = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(headings, headings[1:], strict=False))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 5
    assert "95 % intervals. Closeness (deviation)" in page


def test_text_from_the_bundle_cannot_become_markup(bundle: Bundle) -> None:
    nasty = dataclasses.replace(bundle, about={**bundle.about, "title": "<script>alert(1)</script>"})
    page = relationship_labour_page(nasty)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_both_p_values_stand_in_the_table_and_small_ones_are_no_markup(page: str, analysed: RelationshipLabour) -> None:
    row = next(r for r in re.findall(r"<tr>.*?</tr>", page) if "<code>dep_p</code>" in r)
    for p in (analysed.fits["surface"]["dep_p"].p, analysed.adjusted["surface"]["dep_p"]):
        assert f">{p:.3f}<".replace(">0", ">") in row
    assert "&lt; .001" in page and not re.search(r"<\s", page)


def test_the_same_bundle_gives_the_same_page(page: str, bundle: Bundle) -> None:
    assert relationship_labour_page(bundle) == page
