"""Standardised effects and explained variance: what has to hold by definition."""

import pytest

from analysis.effect_sizes import explained, standardised
from analysis.recipes.relationship_labour import TERMS, RelationshipLabour


def test_a_term_is_scaled_by_the_spread_at_its_own_level(analysed: RelationshipLabour) -> None:
    fit, events = analysed.fits["surface"], analysed.events
    sizes = standardised(fit, events)
    assert set(sizes) == set(TERMS)
    spread = events["surface"].std()
    dyads = events.drop_duplicates("dyad")["dep_d"].std()
    assert sizes["dep_d"] == pytest.approx(fit["dep_d"].estimate * dyads / spread)
    assert sizes["valence_w"] == pytest.approx(fit["valence_w"].estimate * events["valence_w"].std() / spread)


def test_explained_variance_is_a_share_and_grows_with_the_intercepts(analysed: RelationshipLabour) -> None:
    for fit in analysed.fits.values():
        found = explained(fit, analysed.events)
        assert 0 < found.marginal < found.conditional < 1
        assert all(0 <= share <= 1 for share in (found.event, found.dyad, found.professional))
