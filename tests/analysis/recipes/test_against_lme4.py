"""The recipe's figures on the session's bundle (seed 4) against lme4 1.1-31 and lmerTest 3.1-3 (R 4.2.2), fitted
to the same rows with the optimiser's tolerances at 1e-12:
lmer(surface ~ clo_d+con_d+dep_d+clo_p+con_p+dep_p+valence_w+disruptive_w+valence_b+(1|professional)+(1|dyad))."""

import pytest

from analysis.recipes.relationship_labour import RelationshipLabour

LME4 = {  # outcome: term: (estimate, standard error, Satterthwaite's df)
    "surface": {
        "(Intercept)": (1.92047845, 0.08404692, 32.8595),
        "clo_d": (-0.07085049, 0.07072062, 24.5400),
        "con_d": (-0.05580551, 0.07983497, 20.4775),
        "dep_d": (0.19283565, 0.09440068, 27.7129),
        "clo_p": (-0.15832763, 0.14697673, 31.9292),
        "con_p": (-0.18758047, 0.13344047, 31.5624),
        "dep_p": (0.28422174, 0.10212872, 33.8802),
        "valence_w": (-0.02433172, 0.02518684, 436.8618),
        "disruptive_w": (0.04377488, 0.03084283, 436.8618),
        "valence_b": (-0.34653612, 0.10445265, 25.3339),
    },
    "genuine": {
        "(Intercept)": (3.36843382, 0.08516896, 33.5280),
        "clo_d": (0.09133846, 0.10781535, 28.4745),
        "con_d": (-0.34574512, 0.12365839, 25.6474),
        "dep_d": (0.06056244, 0.14274308, 30.6850),
        "clo_p": (0.12898228, 0.14902345, 33.0886),
        "con_p": (-0.27972535, 0.13461778, 31.9781),
        "dep_p": (-0.13949298, 0.10370703, 34.9881),
        "valence_w": (0.02199028, 0.03019081, 447.4533),
        "disruptive_w": (0.02724894, 0.03697050, 447.4533),
        "valence_b": (0.10249370, 0.15908836, 28.8207),
    },
}
VARIANCES = {
    "surface": {"professional": 0.18159527, "dyad": 0.04482522, "residual": 0.59678609},
    "genuine": {"professional": 0.08776343, "dyad": 0.19318411, "residual": 0.85747363},
}
CRITERION = {"surface": 1307.22568740, "genuine": 1495.92693720}


@pytest.mark.parametrize("outcome", LME4)
def test_coefficients_standard_errors_and_df_equal_those_of_r(analysed: RelationshipLabour, outcome: str) -> None:
    for c in analysed.fits[outcome].coefficients:
        estimate, std_error, df = LME4[outcome][c.term]
        assert c.estimate == pytest.approx(estimate, abs=1e-5 * std_error)
        assert c.std_error == pytest.approx(std_error, rel=1e-5)
        assert c.df == pytest.approx(df, rel=1e-4)


@pytest.mark.parametrize("outcome", LME4)
def test_variances_and_the_criterion_equal_those_of_r(analysed: RelationshipLabour, outcome: str) -> None:
    fit = analysed.fits[outcome]
    assert fit.variances == pytest.approx(VARIANCES[outcome], rel=1e-5)
    # lme4 itself ends 1e-8 apart, depending on where it starts.
    assert -2 * fit.log_likelihood == pytest.approx(CRITERION[outcome], abs=1e-6)
