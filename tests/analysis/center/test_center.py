"""Scores and centring: refusals, then identities that hold by definition."""

import numpy as np
import pandas as pd
import pytest

from analysis.center import scale_scores, split_dyad_scores, split_events

RULE = {"scale": "closeness", "items": ["clo1", "clo2", "clo3", "clo4"], "method": "mean", "at_least": 3}


def test_scores_refuse_absent_items_and_unknown_methods() -> None:
    with pytest.raises(ValueError, match="clo4"):
        scale_scores(pd.DataFrame({"clo1": [1], "clo2": [1], "clo3": [1]}), [RULE])
    full = pd.DataFrame({f"clo{k}": [1] for k in range(1, 5)})
    with pytest.raises(ValueError, match="median"):
        scale_scores(full, [RULE | {"method": "median"}])


def test_a_score_needs_enough_items() -> None:
    answers = pd.DataFrame({"clo1": [5, 5], "clo2": [4, 4], "clo3": [3, None], "clo4": [None, None]}, dtype="Int64")
    scores = scale_scores(answers, [RULE])["closeness"]
    assert scores[0] == 4.0 and np.isnan(scores[1])


def test_a_constant_score_is_refused() -> None:
    with pytest.raises(ValueError, match="closeness"):
        split_dyad_scores(
            pd.DataFrame({"professional": [1, 1], "dyad": [1, 2], "closeness": [3, 3]}), {"closeness": "clo"}
        )


def test_dyad_scores_split_into_mean_and_deviation() -> None:
    dyads = pd.DataFrame({"professional": [1, 1, 2, 2, 2], "dyad": range(5), "closeness": [1.0, 3, 2, 5, 5]})
    split = split_dyad_scores(dyads, {"closeness": "clo"})
    assert split["clo"].mean() == pytest.approx(0) and split["clo"].std() == pytest.approx(1)
    np.testing.assert_allclose(split["clo"], split["clo_p"] + split["clo_d"])
    np.testing.assert_allclose(split.groupby("professional")["clo_d"].sum(), 0, atol=1e-12)


def test_events_split_by_the_mean_of_dyad_means() -> None:
    events = pd.DataFrame({"professional": [1] * 5, "dyad": [1, 1, 1, 1, 2], "valence": [0.0, 0, 0, 4, 3]})
    split = split_events(events, ["valence"])
    assert split["valence_w"].tolist() == [-1, -1, -1, 3, 0]
    assert split["valence_b"].tolist() == [-1, -1, -1, -1, 1]  # dyad means 1 and 3, their mean 2 (of events: 1.4)
    rest = split["valence"] - split["valence_w"] - split["valence_b"] - split["valence_p"]
    assert rest.nunique() == 1
