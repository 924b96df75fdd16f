"""The recipe's figures on the session's bundle (seed 4) against lme4 1.1 in R, fitted to the same rows:
lmer(surface ~ clo_d+con_d+dep_d+clo_p+con_p+dep_p+valence_w+disruptive_w+valence_b+(1|professional)+(1|dyad)).
Two optimisers agree to about five digits."""

import pytest

from analysis.recipes.relationship_labour import RelationshipLabour

LME4 = {  # term: (estimate, standard error)
    "(Intercept)": (1.92047845, 0.08404692),
    "clo_d": (-0.07085049, 0.07072062),
    "con_d": (-0.05580551, 0.07983497),
    "dep_d": (0.19283565, 0.09440068),
    "clo_p": (-0.15832763, 0.14697673),
    "con_p": (-0.18758047, 0.13344047),
    "dep_p": (0.28422174, 0.10212872),
    "valence_w": (-0.02433172, 0.02518684),
    "disruptive_w": (0.04377488, 0.03084283),
    "valence_b": (-0.34653612, 0.10445265),
}
VARIANCES = {"professional": 0.18159527, "dyad": 0.04482522, "residual": 0.59678609}


@pytest.mark.parametrize("term", LME4)
def test_coefficients_and_standard_errors_equal_lme4(analysed: RelationshipLabour, term: str) -> None:
    found = analysed.fits["surface"][term]
    assert (found.estimate, found.std_error) == pytest.approx(LME4[term], abs=2e-5)


def test_variances_equal_lme4(analysed: RelationshipLabour) -> None:
    assert analysed.fits["surface"].variances == pytest.approx(VARIANCES, abs=2e-5)
