"""``dyade-analysis fit`` on files."""

import json

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from analysis import fit as fit_model
from analysis.fit_command import fit

FORMULA = "y ~ x1 + baseline + (1 | professional) + (1 | dyad)"


@pytest.fixture
def run(rows, tmp_path):
    app = typer.Typer()
    app.command()(fit)
    rows("small").to_csv(tmp_path / "rows.csv", index=False)
    pl.from_pandas(rows("small")).write_parquet(tmp_path / "rows.parquet")
    return lambda name, *options: CliRunner().invoke(app, [str(tmp_path / name), "--formula", *options])


def test_csv_in_text_out(run):
    answer = run("rows.csv", FORMULA)
    assert answer.exit_code == 0
    assert "Linear mixed model by REML" in answer.stdout
    assert "baseline" in answer.stdout


@pytest.mark.parametrize("options", [(), ("--stream",)])
def test_parquet_in_json_out(run, rows, options):
    answer = run("rows.parquet", FORMULA, "--json", *options)
    assert answer.exit_code == 0
    told, expected = json.loads(answer.stdout), fit_model(FORMULA, rows("small"))
    assert told["converged"] is True
    assert told["deviance"] == pytest.approx(expected.deviance, abs=1e-6)
    assert [row["term"] for row in told["coefficients"]] == ["(Intercept)", "x1", "baseline"]


def test_what_is_wrong_is_one_sentence_and_a_code(run):
    answer = run("rows.csv", "y ~ nothing + (1 | dyad)")
    assert answer.exit_code == 2
    assert "'nothing' names no column" in answer.stderr
    assert run("none.csv", FORMULA).exit_code == 2


def test_a_binary_outcome_goes_to_the_laplace_engine(run):
    formula = "I(y > 3) ~ x1 + (1 | professional) + (1 | dyad)"
    answer = run("rows.csv", formula, "--family", "binomial", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["family"] == "binomial"
    assert "binomial mixed model by Laplace" in run("rows.csv", formula, "--family", "binomial").stdout


def test_a_hurdle_has_two_parts(rows):
    frame = rows("small")
    frame["score"] = np.maximum(np.round(frame["y"] - 2.5), 0)
    found = fit_model("score ~ x1 + (1 | professional)", frame, family="hurdle_poisson")
    assert list(found.coefficients["part"]) == ["any", "any", "amount", "amount"]
    assert found.converged
    assert "Part 2: amount" in str(found)
