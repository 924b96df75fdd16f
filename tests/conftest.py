"""Two databases, one clock, one small cast; and no test is left out quietly."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy import inspect as look_at

from api.clock import SetClock
from api.db import STORES, Stores, make_engine
from api.main import create_app
from api.migrate import migrate
from api.prompts.push import make_vapid_key
from api.protocols.check import CheckedProtocol, check_file, check_text
from api.settings import Settings
from api.studies.models import Study
from tests.support.cast import Phone, join, publish_study
from tests.support.postgres import Cluster, NoPostgres, start_cluster

ROOT = Path(__file__).resolve().parent.parent
MONDAY_MORNING = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)
REQUIRE_ALL = os.environ.get("DYADE_REQUIRE_ALL") == "1"
left_out: Counter[str] = Counter()


# -- what is left out is said last, and loudly ---------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, though DYADE_REQUIRE_ALL=1 asks for every test: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        left_out[reason.removeprefix("Skipped: ")] += 1


def pytest_unconfigure() -> None:
    if left_out:
        print("\n" + "!" * 100)
        print(f"!! NOT EVERYTHING WAS TESTED: {left_out.total()} tests were left out.")
        for reason, times in left_out.most_common():
            print(f"!!   {times} x {reason}")
        print("!" * 100)


# -- databases -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own, one for each pytest process."""
    try:
        running = start_cluster()
    except NoPostgres as reason:
        pytest.skip(f"PostgreSQL is impossible here: {reason}")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three stores as the migrations make them."""
    folder = tmp_path_factory.mktemp("template")
    migrate(Settings(environment="test", data_dir=folder))
    for store in STORES:
        # In one file, so that a copy of the file is a copy of the store.
        engine = make_engine(f"sqlite:///{folder / store}.sqlite")
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
    return folder


@pytest.fixture(scope="session")
def postgresql_stores(cluster: Cluster) -> Iterator[Stores]:
    urls = {f"{'database' if store == 'main' else store}_url": cluster.create(f"session_{store}") for store in STORES}
    settings = Settings(environment="test", **urls)
    migrate(settings)
    stores = Stores.of(settings)
    yield stores
    stores.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def stores(store: str, request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Three empty, migrated stores. Tests commit for real, so each test gets them fresh."""
    if store == "postgresql":
        session_stores: Stores = request.getfixturevalue("postgresql_stores")
        for name in STORES:
            _empty(session_stores.engine(name))
        yield session_stores
        return
    template: Path = request.getfixturevalue("sqlite_template")
    folder: Path = request.getfixturevalue("tmp_path")
    for name in STORES:
        shutil.copy(template / f"{name}.sqlite", folder)
    sqlite_stores = Stores(**{name: make_engine(f"sqlite:///{folder / name}.sqlite") for name in STORES})
    yield sqlite_stores
    sqlite_stores.dispose()


def _empty(engine: Engine) -> None:
    # DELETE, because TRUNCATE makes new files for each table; without triggers, so in any order.
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'; SET LOCAL session_replication_role = replica"))
        for name in _tables(engine):
            connection.execute(text(f'DELETE FROM "{name}"'))


@cache
def _tables(engine: Engine) -> list[str]:
    return [name for name in look_at(engine).get_table_names() if not name.startswith("alembic_")]


# -- the service ---------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MONDAY_MORNING)


@pytest.fixture(scope="session")
def vapid_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "vapid.pem"
    make_vapid_key(path)
    return path


@pytest.fixture
def settings(tmp_path: Path, vapid_key: Path, stores: Stores) -> Settings:
    """The settings of a service on this test's stores, with a phone app of three small files."""
    built = tmp_path / "dist" / "app"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Dyade</title>")
    (built / "sw.js").write_text("// the service worker")
    (built / "assets" / "main-1a2b3c.js").write_text("// the app")
    addresses = {name: stores.engine(name).url.render_as_string(hide_password=False) for name in STORES}
    return Settings(
        environment="test",
        data_dir=tmp_path,
        app_dir=tmp_path / "dist",
        public_url="https://diary.example.org",
        vapid_key_file=vapid_key,
        contact="mailto:team@diary.example.org",
        database_url=addresses["main"],
        keys_url=addresses["keys"],
        releases_url=addresses["releases"],
    )


@pytest.fixture
def app(settings: Settings, stores: Stores, clock: SetClock) -> FastAPI:
    return create_app(settings, stores=stores, clock=clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """The service as a browser sees it: an error inside comes out as an answer."""
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as running:
        yield running


# -- studies and people --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def diary() -> CheckedProtocol:
    """The teacher diary as it stands in studies/, checked. Never change it in place."""
    return check_file(ROOT / "studies" / "teacher-diary.yaml")


@pytest.fixture(scope="session")
def other_diary(diary: CheckedProtocol) -> CheckedProtocol:
    """The same protocol under another study's name."""
    renamed = diary.text.replace("study: teacher-diary", "study: other-diary")
    return check_text(renamed, file="other-diary.yaml", instruments_dir=ROOT / "studies" / "instruments")


@pytest.fixture
def study(stores: Stores, diary: CheckedProtocol, clock: SetClock) -> Study:
    return publish_study(stores, diary, clock)


@pytest.fixture
def newcomer(
    client: TestClient, stores: Stores, clock: SetClock, study: Study, diary: CheckedProtocol
) -> Callable[..., Phone]:
    """Makes a further person in the study; keywords replace what they ask for when they enrol."""

    def make(**parts: Any) -> Phone:
        return join(client, stores, clock, study=study, checked=diary, **parts)

    return make


@pytest.fixture
def anna(newcomer: Callable[..., Phone]) -> Phone:
    """A professional with two pupils, both with their baseline, so with a plan."""
    return newcomer(dyads=2)


@pytest.fixture
def bram(newcomer: Callable[..., Phone]) -> Phone:
    """Another professional in the same study, with one pupil."""
    return newcomer(dyads=1, language="en")


@pytest.fixture
def carla(client: TestClient, stores: Stores, clock: SetClock, other_diary: CheckedProtocol) -> Phone:
    """An outsider: a professional in another study, with one pupil."""
    study = publish_study(stores, other_diary, clock)
    return join(client, stores, clock, study=study, checked=other_diary, dyads=1)
