"""The stores as the migrations make them: from nothing, the same as the models, and back again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from alembic import command
from api.db import METADATA, STORES, make_engine
from api.migrate import check_models_match, config_for, migrate
from api.settings import Settings
from tests.support.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings that name three databases with nothing in them."""
    if request.param == "sqlite":
        yield Settings(environment="test", data_dir=tmp_path)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    names = {store: f"empty_{store}_{secrets.token_hex(4)}" for store in STORES}
    urls = {store: cluster.create(name) for store, name in names.items()}
    yield Settings(environment="test", database_url=urls["main"], keys_url=urls["keys"], releases_url=urls["releases"])
    for name in names.values():
        cluster.drop(name)


def tables(settings: Settings, store: str) -> set[str]:
    engine = make_engine(settings.store_url(store))
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found - {f"alembic_{store}"}


def test_from_nothing_to_the_models_and_twice_is_once(empty: Settings) -> None:
    migrate(empty)
    migrate(empty)
    check_models_match(empty)
    for store in STORES:
        assert tables(empty, store) == set(METADATA[store].tables), store


def test_keys_and_releases_stand_apart(empty: Settings) -> None:
    migrate(empty)
    assert "bundle_seed" in tables(empty, "keys")
    assert "bundle_seed" not in tables(empty, "main") | tables(empty, "releases")
    assert not tables(empty, "keys") & tables(empty, "main")


def test_down_to_the_ground_and_up_again(empty: Settings) -> None:
    migrate(empty)
    for store in STORES:
        command.downgrade(config_for(store, empty.store_url(store)), "base")
        assert tables(empty, store) == set(), store
    migrate(empty)
    check_models_match(empty)
