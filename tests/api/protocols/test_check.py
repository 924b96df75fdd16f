"""Checking a protocol: every mistake at once, each with its place, what is wrong and what is allowed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from api.errors import ProtocolWrong
from api.protocols.check import CheckedProtocol, check_file, check_text
from tests.conftest import ROOT

INSTRUMENTS = ROOT / "studies" / "instruments"


def mistakes(text: str, instruments_dir: Path = INSTRUMENTS) -> list[str]:
    with pytest.raises(ProtocolWrong) as wrong:
        check_text(text, file="p.yaml", instruments_dir=instruments_dir)
    assert wrong.value.problems
    return [problem.problem for problem in wrong.value.problems]


# What is replaced, by what, and what the message must say.
BROKEN = [
    ("dyade: 1\n", "dyade: 2\n", "p.yaml:3 at dyade"),
    ("dyade: 1\n", "", "`dyade` is missing"),
    ("study: teacher-diary", "study: Teacher Diary", "small letters, digits and dashes"),
    ("study: teacher-diary", "studie: teacher-diary", "did you mean `study`"),
    ("\nversion: 1", "\nversion: 0", "1 or more"),
    ("\nversion: 1", "\nversion: 99999999999999999999", "1000000 or less"),
    ("\nversion: 1", "\nversion: '1'", "whole number"),
    ("languages: [nl, en]", "languages: [nl, fr]", "nl or en"),
    ("languages: [nl, en]", "languages: []", "too short"),
    ("languages: [nl, en]", "languages: [[nl]]", "languages[1]"),
    ("languages: [nl, en]", "languages: 5", "must be a list"),
    ("at_most: 2", "at_most: 0", "1 or more"),
    ("at_most: 2", "at_most: yes", "whole number"),
    ("instruments: [relationship-short]", "instruments: [relationship-long]", "no instrument called"),
    ("instruments: [relationship-short]", "instruments: [../../etc/passwd]", "no instrument called"),
    ("instruments: [relationship-short]", "instruments: [{a: 1}]", "no instrument called"),
    ("per_dyad: [relationship-short]", "per_dyad: [relationship]", "did you mean 'relationship-short'"),
    ("per_dyad: [relationship-short]", "per_dyad: []", "too short"),
    ('closes: "21:00"', "closes: 21:00", "put it between quotes"),
    ('closes: "21:00"', 'closes: "24:00"', "a time of day"),
    ('closes: "21:00"', 'closes: "12:30"', "times of a window are not in order"),
    ("weekdays: [mon, tue", "weekdays: [monday, tue", "mon, tue, wed"),
    ("days: 30", "days: 0", "1 or more"),
    ("days: 30", "days: .inf", "whole number"),
    ("dyads: rotation", "dyads: random", "rotation"),
    ("kind: choice", "kind: slider", "yes_no, scale or choice"),
    ("points: valence", "points: valance", "did you mean 'valence'"),
    ("points: valence", "points:", "Nothing stands behind this name"),
    ("card: event", "card: evnt", "did you mean 'event'"),
    ("pole: positive", "pole: happy", "positive or negative"),
    ("      pole: positive\n", "", "needs its `pole`"),
    ("id: happened", "id: joy", "used more than once"),
    ("{item: anger, above: 1}", "{item: hid, above: 1}", "that stands earlier"),
    ("{item: anger, above: 1}", "{item: anger, above: 1, below: 3}", "A condition is one thing"),
    ("{item: anger, above: 1}", "{item: anger}", "A condition is one thing"),
    ("{item: anger, above: 1}", "{item: anger, above: 1, is: null}", "Nothing stands behind this name"),
    ("{item: anger, above: 1}", "{all: null, item: anger, above: 1}", "Nothing stands behind this name"),
    ("show_if: {item: happened, is: true}", "show_if:", "Nothing stands behind this name"),
    ("{value: 1, label", "{value: 7, label", "must rise"),
    ("{value: 1, label", "{value: 123456789012345678901234567890, label", "or less"),
    ("items: [hid, faked]", "items: [hid, fakd]", "did you mean 'faked'"),
    ("at_least: 2", "at_least: 3", "More answers are asked for"),
    (
        'neutral_title: {nl: "Tijd voor je dagboek", en: "Time for your diary"}',
        'neutral_title: {nl: "x"}',
        "'en' is missing",
    ),
    ("title: {nl:", "title: {nl: no, xx:", "between quotes"),
    ("dyade: 1", "dyade: 1\ndyade: 1", "stands here twice"),
    ("dyade: 1", "dyade: &a 1", "Anchors"),
    ("languages: [nl, en]", "languages: !!python/tuple [nl, en]", "Tags"),
    ("languages: [nl, en]", "languages: !!python/object/apply:os.system [id]", "Tags"),
    ("languages: [nl, en]", "languages: !mine [nl, en]", "Tags"),
    ("dyade: 1", "dyade: [1", "not YAML"),
    ("dyade: 1", "dyade: 1\n---\ndyade: 1", "not YAML"),
    ("dyade: 1", "dyade: 1\n\tx: 1", "not YAML"),
    ("dyade: 1", "dyade: " + "9" * 5000, "cannot be read"),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN, ids=lambda part: part[:30].strip())
def test_each_mistake_is_named_where_it_stands(diary: CheckedProtocol, old: str, new: str, says: str) -> None:
    assert old in diary.text
    found = mistakes(diary.text.replace(old, new, 1))
    assert any(says in mistake for mistake in found), found
    assert all(mistake.startswith(("p.yaml:", "instruments/")) for mistake in found)


def test_the_line_is_the_line(diary: CheckedProtocol) -> None:
    line = diary.text[: diary.text.index("points: valence")].count("\n") + 1
    (mistake,) = mistakes(diary.text.replace("points: valence", "points: valance", 1))
    assert mistake.startswith(f"p.yaml:{line} at diary.items[3].points: ")


def test_all_mistakes_of_a_kind_come_at_once(diary: CheckedProtocol) -> None:
    text = diary.text.replace("points: valence", "points: valance").replace("card: now", "card: later")
    text = text.replace("items: [hid, faked]", "items: [hidden, faked]")
    assert len(mistakes(text)) == 4


@pytest.mark.parametrize(
    "text", ["", "# only words\n", "[]", "5", "null", "a", "- a\n- b", "\x07", "? [a]\n: 1", "<<: {a: 1}"]
)
def test_what_is_no_protocol_is_refused(text: str) -> None:
    assert mistakes(text)


def test_hostile_documents_are_refused_quickly(diary: CheckedProtocol) -> None:
    laughs = "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(50))
    hostile = [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        laughs,
        "x" * 300_000,
        diary.text + "#" + "é" * 200_000,
        "a: " + "1" * 200_000,
    ]
    started = time.monotonic()
    for text in hostile:
        assert mistakes(text)
    assert time.monotonic() - started < 5


def test_a_file_that_is_no_text_is_refused(tmp_path: Path, diary: CheckedProtocol) -> None:
    (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "p.yaml", tmp_path / "gone.yaml", tmp_path):
        with pytest.raises(ProtocolWrong):
            check_file(path)
    (tmp_path / "instruments").mkdir()
    (tmp_path / "instruments" / "relationship-short.yaml").write_bytes(b"\xff\xfe\x00")
    assert any("UTF-8" in mistake for mistake in mistakes(diary.text, tmp_path / "instruments"))


def test_mistakes_in_an_instrument_name_its_file(tmp_path: Path, diary: CheckedProtocol) -> None:
    good = (INSTRUMENTS / "relationship-short.yaml").read_text(encoding="utf-8")
    file = tmp_path / "relationship-short.yaml"
    for old, new in (
        ("id: clo2", "id: clo1"),
        ("instrument: relationship-short", "instrument: other"),
        ("version: 1", ""),
    ):
        file.write_text(good.replace(old, new, 1), encoding="utf-8")
        assert any(
            mistake.startswith("instruments/relationship-short.yaml:") for mistake in mistakes(diary.text, tmp_path)
        )


def test_every_other_letter_missing_never_breaks_the_check(diary: CheckedProtocol) -> None:
    """The document cut short at many places: either no mistake, or a list of them; never anything else."""
    for end in range(0, len(diary.text), 211):
        try:
            check_text(diary.text[:end], file="p.yaml", instruments_dir=INSTRUMENTS)
        except ProtocolWrong as wrong:
            assert wrong.problems
