"""Three stores, their engines, and one transaction per request.

`main` holds the study; `keys` holds what links a bundle's ids to the study's own; `releases` holds frozen
team figures. Each has its own address, so that each can have its own file (SQLite) or role (PostgreSQL).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import DateTime, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel

from api.settings import Settings

STORES = ("main", "keys", "releases")
CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class MainTable(SQLModel):
    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


class KeysTable(SQLModel):
    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


class ReleasesTable(SQLModel):
    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


METADATA: dict[str, MetaData] = {
    "main": MainTable.metadata,
    "keys": KeysTable.metadata,
    "releases": ReleasesTable.metadata,
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant on both databases. SQLite forgets zones, so they are put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone; this one has none")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str) -> Engine:
    """An engine with the durability the product promises: WAL and FULL on SQLite, on PostgreSQL its default."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed.render_as_string(hide_password=False))
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    # What people write must not stand in an error text or a log, so parameters are never shown.
    return create_engine(parsed, pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=True)


def _sqlite_engine(url: str) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: they would start as readers and fail on upgrade.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once, so two writers queue instead of failing half-way.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@dataclass(frozen=True)
class Stores:
    """The three engines of one installation."""

    main: Engine
    keys: Engine
    releases: Engine

    @classmethod
    def of(cls, settings: Settings) -> Stores:
        return cls(**{store: make_engine(settings.store_url(store)) for store in STORES})

    def engine(self, store: str) -> Engine:
        return {"main": self.main, "keys": self.keys, "releases": self.releases}[store]

    def dispose(self) -> None:
        for store in STORES:
            self.engine(store).dispose()


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One job, one transaction: commits at the end, rolls back on any error."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


async def wait_for_turn(request: Request) -> AsyncIterator[None]:
    async with request.app.state.turns:
        yield


# A request runs in several steps, each in a thread of a common pool. Without turns, requests that wait for a lock
# fill that pool, and the one that holds the lock finds no thread to go on with: all stand still until they time out.
# So fewer requests at a time than there are threads (40) or connections (15), which leaves some for the entries.
TURNS = 12
Turn = Annotated[None, Depends(wait_for_turn, scope="function")]


def get_db(request: Request, _turn: Turn) -> Iterator[Session]:
    with transaction(request.app.state.stores.main) as session:
        yield session


def get_db_for_reading(request: Request, _turn: Turn) -> Iterator[Session]:
    """A session for routes that change nothing: on SQLite it does not queue behind writers."""
    engine = request.app.state.stores.main.execution_options(reading=True)
    with Session(engine) as session:
        yield session


# scope="function": the commit happens before the answer leaves, so no one is told "kept" too early.
Db = Annotated[Session, Depends(get_db, scope="function")]
DbForReading = Annotated[Session, Depends(get_db_for_reading, scope="function")]
