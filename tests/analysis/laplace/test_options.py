"""What means nothing for a family is refused in a sentence, never ignored."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import analysis
from analysis.cli import app

FORMULA = "anger ~ demand + (1 | prof)"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"residual": analysis.CAR1("hours", "dyad")}, "Gaussian outcomes only, not family 'binomial'"),
        ({"df": "kenward-roger"}, "z tests"),
        ({"reml": True}, "full maximum likelihood"),
        ({"quickly": 1, "well": 2}, "no option 'quickly', 'well'"),
    ],
)
def test_options_of_gaussian_models_are_refused(diary: pd.DataFrame, options: dict[str, Any], sentence: str):
    with pytest.raises(ValueError, match=sentence):
        analysis.fit(FORMULA, diary, family="binomial", **options)


def test_confidence_reaches_the_intervals(diary: pd.DataFrame):
    wide, narrow = (
        analysis.fit(FORMULA, diary, family="binomial", confidence=share).coefficients for share in (0.95, 0.5)
    )
    ratio = (wide.ci_high - wide.ci_low) / (narrow.ci_high - narrow.ci_low)
    assert np.allclose(ratio, 1.959964 / 0.674490, atol=1e-5)


@pytest.mark.parametrize("more", [["--car1", "hours/dyad"], ["--df", "kenward-roger"], ["--ml"]])
def test_the_command_refuses_them_too(diary: pd.DataFrame, tmp_path: Any, more: list[str]):
    diary.to_csv(tmp_path / "rows.csv", index=False)
    told = CliRunner().invoke(
        app, ["fit", str(tmp_path / "rows.csv"), "--formula", FORMULA, "--family", "binomial", *more]
    )
    assert told.exit_code == 2
    assert "Gaussian outcomes only" in told.stderr


@pytest.mark.parametrize("family", ["poisson", "negative_binomial", "hurdle_poisson"])
def test_a_count_given_as_text_is_refused(diary: pd.DataFrame, family: str):
    with pytest.raises(ValueError, match="'calls' holds labels"):
        analysis.fit("calls ~ demand + (1 | prof)", diary.assign(calls=diary.calls.astype(str)), family=family)


def test_a_binomial_outcome_of_labels_has_two_that_are_used(diary: pd.DataFrame):
    plain = analysis.fit(FORMULA, diary, family="binomial")
    words = np.where(diary.anger == 1, "yes", "no")
    unused = diary.assign(anger=pd.Categorical(words, categories=["maybe", "no", "never", "yes"]))
    assert analysis.fit(FORMULA, unused, family="binomial").deviance == pytest.approx(plain.deviance, abs=1e-9)
    three = diary.assign(anger=np.where(np.arange(len(diary)) == 3, "maybe", words))
    with pytest.raises(ValueError, match=r"'anger' has 3 labels in these rows \(maybe, no, yes\)"):
        analysis.fit(FORMULA, three, family="binomial")
