"""Migrations of one store at a time: `dyade migrate` runs all three, -x store=NAME picks one."""

from __future__ import annotations

from typing import Any

from sqlmodel.sql.sqltypes import AutoString

from alembic import context
from api import tables  # noqa: F401  (fills the metadata)
from api.db import METADATA, Instant, make_engine
from api.settings import get_settings

store = context.config.attributes.get("store") or context.get_x_argument(as_dictionary=True).get("store", "main")
url = context.config.attributes.get("url") or get_settings().store_url(store)


def written_plainly(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations are frozen, so they name the database's own types and import nothing of the service."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})"
    return False


def run() -> None:
    engine = make_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=METADATA[store],
            version_table=f"alembic_{store}",
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            render_item=written_plainly,
            include_object=lambda _object, name, kind, *_: not (kind == "table" and str(name).startswith("alembic_")),
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
