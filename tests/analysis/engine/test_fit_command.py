"""``dyade-analysis fit`` on files."""

import json
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from analysis import fit as fit_model
from analysis.cli import app

FORMULA = "y ~ x1 + baseline + (1 | professional) + (1 | dyad)"


@pytest.fixture
def run(rows, tmp_path):
    rows("small").to_csv(tmp_path / "rows.csv", index=False)
    pl.from_pandas(rows("small")).write_parquet(tmp_path / "rows.parquet")
    return lambda name, *options: CliRunner().invoke(app, ["fit", str(tmp_path / name), "--formula", *options])


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


def test_a_file_that_is_not_what_its_name_says_is_refused_in_a_sentence(run, tmp_path):
    (tmp_path / "broken.parquet").write_text("no parquet")
    (tmp_path / "broken.csv").write_text("a,b\n1,2,3,4\n")
    (tmp_path / "notes.odt").write_text("")
    for name in ("broken.parquet", "broken.csv", "notes.odt"):
        answer = run(name, FORMULA)
        assert answer.exit_code == 2, answer.output
        assert name in answer.stderr
        assert len(answer.stderr.strip().splitlines()) == 1
    assert "Parquet files only" in run("rows.csv", FORMULA, "--stream").stderr


def test_an_unknown_column_names_the_near_ones(run):
    answer = run("rows.csv", "y ~ bsaeline + (1 | dyad)")
    assert answer.exit_code == 2
    assert "baseline" in answer.stderr


def test_a_bundle_in(bundle_path):
    formula = "surface ~ dep_d + valence_w + (1 | professional) + (1 | dyad)"
    words = CliRunner().invoke(app, ["fit", str(bundle_path), "--formula", formula])
    assert words.exit_code == 0
    assert "37 professionals are simulated" in words.stderr
    told = json.loads(CliRunner().invoke(app, ["fit", str(bundle_path), "--formula", formula, "--json"]).stdout)
    assert [row["term"] for row in told["coefficients"]] == ["(Intercept)", "dep_d", "valence_w"]
    assert "simulated" in told["sample"]
    assert told["columns_absent"] == []


def test_a_bundle_refuses_whom_it_does_not_hold(bundle_path, run):
    formula = "surface ~ dep_d + (1 | dyad)"
    answer = CliRunner().invoke(app, ["fit", str(bundle_path), "--formula", formula, "--who", "real"])
    assert answer.exit_code == 2
    assert "no real professionals" in answer.stderr
    near = CliRunner().invoke(app, ["fit", str(bundle_path), "--formula", "surface ~ dp_d + (1 | dyad)"])
    assert near.exit_code == 2
    assert "dep_d" in near.stderr
    assert run("rows.csv", FORMULA, "--who", "real").exit_code == 2


def test_a_yes_or_no_outcome_of_a_bundle(bundle_path):
    options = ["--formula", "any_negative ~ clo_d + (1 | professional) + (1 | dyad)", "--family", "binomial", "--json"]
    answer = CliRunner().invoke(app, ["fit", str(bundle_path), *options])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["converged"] is True


def test_threads_are_one_unless_the_user_says_otherwise():
    script = (
        "import os, sys; before = 'numpy' in sys.modules; import analysis.cli; "
        "print(before, os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    )
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    for given, expected in (({}, "False 1 1"), ({"OMP_NUM_THREADS": "2"}, "False 1 2")):
        done = subprocess.run(
            [sys.executable, "-c", script], env=bare | given, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == expected.split()


def test_the_package_brings_no_numpy_before_the_threads_are_set():
    script = "import sys, analysis; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "False"


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
