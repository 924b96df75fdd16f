"""Bring the three stores to the present shape."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config

from alembic import command
from api.db import STORES
from api.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def config_for(store: str, url: str) -> Config:
    """Alembic's configuration for one store; each has its own line of versions."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.set_main_option("script_location", str(ROOT / "alembic"))
    config.set_main_option("version_locations", str(ROOT / "alembic" / "versions" / store))
    config.set_main_option("path_separator", "os")
    config.attributes["store"] = store
    config.attributes["url"] = url
    return config


def migrate(settings: Settings) -> None:
    """Migrate main, keys and releases to their newest versions; a store that is there already stays as it is."""
    for store in STORES:
        command.upgrade(config_for(store, settings.store_url(store)), "head")


def check_models_match(settings: Settings) -> None:
    """Raise alembic's CommandError when the models say something the migrations do not."""
    for store in STORES:
        command.check(config_for(store, settings.store_url(store)))
