"""One simulated bundle and one analysis of it, made once and never changed."""

from pathlib import Path

import pytest

from analysis.bundle import Bundle, read_bundle
from analysis.recipes.relationship_labour import RelationshipLabour, relationship_labour
from analysis.simulate import simulate_cohort
from analysis.simulate.as_bundle import write_simulated_bundle


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("analysis") / "bundle.zip"
    write_simulated_bundle(path, simulate_cohort(seed=4))
    return path


@pytest.fixture(scope="session")
def bundle(bundle_path: Path) -> Bundle:
    return read_bundle(bundle_path)


@pytest.fixture(scope="session")
def analysed(bundle: Bundle) -> RelationshipLabour:
    return relationship_labour(bundle)
