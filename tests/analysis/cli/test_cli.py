"""The commands: refusals are one sentence and exit code 2; then each does what it says."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.bundle import read_bundle
from analysis.cli import app

run = CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [
        ["describe", "nothing.zip"],
        ["report", "nothing.zip", "-o", "x.html"],
        ["recipe", "relationship-labour", "nothing.zip"],
        ["simulate", "-o", "x.zip", "--effect", "dependency=0"],
        ["simulate", "-o", "x.zip", "--effect", "dependency_surface=none"],
        ["simulate", "-o", "x.zip", "--professionals", "0"],
        ["simulate", "-o", "x.zip", "--study", "nothing.yaml"],
        ["simulate", "-o", "no/such/folder/x.zip", "--professionals", "2", "--days", "2"],
    ],
)
def test_a_refusal_is_one_sentence(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run.invoke(app, arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output and result.stderr.strip().count("\n") == 0
    assert result.stderr.strip().endswith(".")


def test_simulate_writes_a_bundle_with_the_effects_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "small.zip"
    arguments = [
        "--professionals",
        "5",
        "--dyads",
        "3",
        "--days",
        "4",
        "--seed",
        "9",
        "--effect",
        "dependency_surface=0",
    ]
    result = run.invoke(app, ["simulate", "-o", str(path), *arguments])
    assert result.exit_code == 0, result.output
    bundle = read_bundle(path)
    assert bundle.about["simulated"] == "all" and len(bundle["dyads"]) == 15 and len(bundle["prompts"]) == 60
    assert bundle.simulation is not None and bundle.simulation["effects"]["dependency_surface"] == 0.0


def test_describe_tells_who_is_real(bundle_path: Path) -> None:
    result = run.invoke(app, ["describe", str(bundle_path)])
    assert result.exit_code == 0
    assert "0 real and 37 simulated" in result.stdout and "Compliance" in result.stdout


def test_recipe_prints_for_eyes_and_for_programs(bundle_path: Path) -> None:
    words = run.invoke(app, ["recipe", "relationship-labour", str(bundle_path)])
    assert words.exit_code == 0 and "dep_d" in words.stdout and "true" in words.stdout
    result = run.invoke(app, ["recipe", "relationship-labour", str(bundle_path), "--json"])
    document = json.loads(result.stdout)
    assert document["fits"]["surface"]["n"]["professional"] == 37
    assert document["sample"] == {"real": 0, "simulated": 37, "left_out": 0} and document["seed"] == 4


def test_report_writes_one_page(bundle_path: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = run.invoke(app, ["report", str(bundle_path), "-o", str(page)])
    assert result.exit_code == 0 and page.read_text().startswith("<!doctype html>")
