"""The commands an operator types: what they do, and the plain sentence where they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from analysis.bundle import read_bundle
from api.cli import app
from api.settings import PREFIX
from tests.conftest import ROOT
from tests.support.running import free_port

DIARY = str(ROOT / "studies" / "teacher-diary.yaml")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it but a migrated database."""
    for name, value in (("DATA_DIR", tmp_path / "data"), ("STUDIES_DIR", ROOT / "studies"), ("PORT", free_port())):
        monkeypatch.setenv(PREFIX + name, str(value))
    assert run("migrate", "--and-compare").exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def refused(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


def test_a_database_that_is_not_migrated_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "DATA_DIR", str(tmp_path))
    assert "dyade migrate" in refused("invite", "teacher-diary")


def test_settings_that_do_not_fit_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "ENVIRONMENT", "production")
    assert "https" in refused("invite", "teacher-diary")


def test_a_study_that_is_not_there_is_named_with_those_that_are(here: Path) -> None:
    assert "none yet" in refused("invite", "nowhere")
    assert run("study", "publish", DIARY).exit_code == 0
    for command in (("invite",), ("export",), ("plan",)):
        assert "teacher-diary" in refused(*command, "nowhere")


def test_a_wrong_protocol_is_refused_with_its_lines_and_nothing_is_published(here: Path) -> None:
    wrong = here / "wrong.yaml"
    wrong.write_text(Path(DIARY).read_text("utf-8").replace("days: 30", "dayz: 30"), "utf-8")
    for command in ("check", "publish"):
        told = refused("study", command, str(wrong))
        assert "wrong.yaml:" in told
        assert "did you mean `days`" in told
    assert "none yet" in refused("invite", "teacher-diary")
    assert "cannot be read" in refused("study", "check", str(here / "absent.yaml"))


def test_the_shipped_study_is_checked_published_and_invited_to(here: Path) -> None:
    assert "has no mistakes" in run("study", "check", DIARY).output
    assert "is published" in run("study", "publish", DIARY).output
    lines = run("invite", "teacher-diary", "--number", "3").output.splitlines()
    assert len(lines) == 3
    codes = {line.split("#")[1].split()[0] for line in lines}
    assert len(codes) == 3
    assert all(len(code) == 26 for code in codes)


def test_a_plan_is_the_same_each_time_and_another_with_another_seed(here: Path) -> None:
    run("study", "publish", DIARY)
    asked = ("plan", "teacher-diary", "--starts-at", "2027-03-22T08:00:00Z")
    first = run(*asked, "--seed", "5").output
    assert run(*asked, "--seed", "5").output == first
    assert run(*asked, "--seed", "6").output != first
    lines = first.splitlines()
    assert len(lines) == 2 + 1 + 60
    # The clock goes forward on 28 March; the rules stay where they are on the wall.
    local = {line.split("\t")[0]: line.split("\t")[2] for line in lines[3:]}
    assert local["2027-03-26/midday"].endswith("+01:00")
    assert local["2027-03-29/midday"].endswith("+02:00")
    assert all("12:10" <= wall[11:16] <= "12:50" for slot, wall in local.items() if slot.endswith("midday"))


@pytest.mark.parametrize("words", [("--zone", "Mars/Olympus"), ("--starts-at", "soon"), ("--starts-at", "2027-01-01")])
def test_a_plan_needs_a_real_zone_and_instant(here: Path, words: tuple[str, str]) -> None:
    run("study", "publish", DIARY)
    assert refused("plan", "teacher-diary", "--starts-at", "2027-03-22T08:00:00Z", *words)


def test_an_empty_study_gives_a_bundle_that_can_be_read(here: Path) -> None:
    run("study", "publish", DIARY)
    bundle = here / "new" / "bundle.zip"
    assert "0 entries" in run("export", "teacher-diary", "-o", str(bundle)).output
    assert read_bundle(bundle).about["simulated"] == "none"


def test_health_says_that_nobody_answers(here: Path) -> None:
    result = run("health")
    assert result.exit_code == 1
    assert "does not answer" in result.output


def test_the_push_key_is_made_once(here: Path) -> None:
    first = run("keygen").output
    assert run("keygen").output == first
    assert (here / "data" / "vapid.pem").stat().st_mode & 0o077 == 0


def test_the_interface_is_described(here: Path) -> None:
    output = here / "openapi.json"
    assert run("openapi", "-o", str(output)).exit_code == 0
    assert output.read_text() == (ROOT / "pwa" / "openapi.json").read_text()
    assert "/api/v1/entries/{entry_id}" in json.loads(output.read_text())["paths"]
