"""One more opinion: statsmodels' MixedLM where it can fit the same model. It stops early, hence the loose
tolerances."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.regression.mixed_linear_model import MixedLM

from analysis import fit


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reml", [True, False])
def test_random_slopes_of_one_factor(rows, reml):
    frame = rows("small")
    found = fit("y ~ x1 + baseline + (1 + x1 | professional)", frame, reml=reml)
    exog = np.column_stack([np.ones(len(frame)), frame["x1"], frame["baseline"]])
    model = MixedLM(frame["y"].to_numpy(), exog, frame["professional"].to_numpy(), exog[:, :2])
    other = model.fit(reml=reml, method=["lbfgs", "powell"])
    assert_allclose(found.estimate.beta, other.fe_params, atol=2e-3)
    assert_allclose(found.estimate.covariances[0], other.cov_re, atol=5e-3)
    assert found.estimate.sigma2 == pytest.approx(other.scale, rel=1e-3)
    if not reml:
        # statsmodels leaves a constant out of its restricted likelihood.
        assert found.loglik == pytest.approx(other.llf, abs=1e-3)
        assert found.loglik >= other.llf - 1e-6
