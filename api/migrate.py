"""Bring the three stores to the present shape."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config

from alembic import command
from api.db import STORES
from api.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def config_for(store: str, url: str, folder: Path = ROOT) -> Config:
    """Alembic's configuration for one store; each has its own line of versions.

    `folder` is the one that holds `alembic/`: the checkout, or what DYADE_MIGRATIONS_DIR names.
    """
    config = Config(toml_file=str(folder / "pyproject.toml"))
    config.set_main_option("script_location", str(folder / "alembic"))
    config.set_main_option("version_locations", str(folder / "alembic" / "versions" / store))
    config.set_main_option("path_separator", "os")
    config.attributes["store"] = store
    config.attributes["url"] = url
    return config


def migrate(settings: Settings) -> None:
    """Migrate main, keys and releases to their newest versions; a store that is there already stays as it is."""
    for store in STORES:
        command.upgrade(config_for(store, settings.store_url(store), settings.migrations_dir), "head")


def check_models_match(settings: Settings) -> None:
    """Raise alembic's CommandError when the models say something the migrations do not."""
    for store in STORES:
        command.check(config_for(store, settings.store_url(store), settings.migrations_dir))
