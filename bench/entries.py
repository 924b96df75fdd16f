"""Entries through HTTP, with full checks and full durability: per second and p99, on SQLite and PostgreSQL.

Floors from the same run: bare inserts with the same durability, one commit each; the plain handler with a session
per request (`plain_handler.py`); FastAPI with validation and no database.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import psycopg
from sqlmodel import Session

from api.auth.secrets import hash_secret, new_id
from api.clock import iso
from api.db import Stores, transaction
from api.dyads.add import add_dyad
from api.migrate import migrate
from api.participants.enrol import new_participant
from api.participants.models import Device
from api.protocols.check import check_file
from api.protocols.publish import publish
from api.settings import Settings, read_settings
from api.studies.models import Study
from bench.figure import show
from bench.load import Load, Request, run_load

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
ANSWERS = {
    "happened": True,
    "event_kind": "refusal",
    "valence": -2,
    "joy": 1,
    "anger": 4,
    "helplessness": 3,
    "anxiety": 1,
    "hid": 4,
    "faked": 3,
    "showed": 2,
    "disruptive": 4,
    "stress": 3,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=4000, help="entries per measurement")
    parser.add_argument("--clients", type=int, default=32)
    chosen = parser.parse_args()
    for kind, address in _databases():
        with tempfile.TemporaryDirectory() as folder:
            _measure(kind, Path(folder), address, entries=chosen.entries, clients=chosen.clients)
    return 0


def _measure(kind: str, folder: Path, address: str, *, entries: int, clients: int) -> None:
    settings = read_settings(environment="test", data_dir=folder, database_url=address, studies_dir=ROOT / "studies")
    migrate(settings)
    people = _people(settings, clients)
    floor = _bare_inserts(kind, folder, address, n=min(entries, 1000))
    with _served(settings, "bench.plain_handler:app") as port:
        run_load(port, _requests(people, 200), clients=clients)
        plain = run_load(port, _requests(people, entries // 4), clients=clients)
        nothing = run_load(port, _requests(people, entries, "nothing"), clients=clients)
    with _served(settings, "api.main:create_app") as port:
        run_load(port, _requests(people, 500), clients=clients)
        ours = run_load(port, _requests(people, entries), clients=clients)
    _show(kind, ours, plain, nothing, floor)


def _show(kind: str, ours: Load, plain: Load, nothing: Load, floor: float) -> None:
    n = len(ours.milliseconds)
    show(f"entries, {kind}, to bare inserts", ours.per_second, "entries/s", floor=floor, n=n)
    show(f"entries, {kind}, to the plain handler", ours.per_second, "entries/s", floor=plain.per_second, n=n)
    show(f"entries, {kind}, to FastAPI alone", ours.per_second, "entries/s", floor=nothing.per_second, n=n)
    show(f"entries p99, {kind}, to the plain handler", ours.percentile(0.99), "ms", floor=plain.percentile(0.99), n=n)
    show(f"entries p50, {kind}, to the plain handler", ours.percentile(0.5), "ms", floor=plain.percentile(0.5), n=n)
    show(f"entries refused or failed, {kind}", ours.failed + plain.failed + nothing.failed, "answers", n=n)


def _people(settings: Settings, number: int) -> list[tuple[str, str]]:
    """So many participants, each with a device token and a dyad."""
    stores = Stores.of(settings)
    with transaction(stores.main) as session:
        study = publish(session, check_file(settings.studies_dir / "teacher-diary.yaml"), now=NOW)
        people = [_person(session, study) for _ in range(number)]
    stores.dispose()
    return people


def _person(session: Session, study: Study) -> tuple[str, str]:
    person = new_participant(session, study, zone="Europe/Amsterdam", language="nl", now=NOW)
    token = "dyt_" + secrets.token_urlsafe(32)
    session.add(Device(token_hash=hash_secret(token), participant_id=person.id, added_at=NOW))
    dyad = add_dyad(session, person, new_id(), started_on=NOW.date(), now=NOW)
    return token, dyad.id


def _requests(people: list[tuple[str, str]], number: int, noun: str = "entries") -> list[Request]:
    made = []
    for place in range(number):
        token, dyad = people[place % len(people)]
        entry = new_id()
        body = orjson.dumps(
            {
                "entry_id": entry,
                "dyad_id": dyad,
                "prompt_id": None,
                "study": "teacher-diary",
                "protocol_version": 1,
                "started_at": iso(NOW),
                "completed_at": iso(NOW + timedelta(seconds=61)),
                "zone": "Europe/Amsterdam",
                "language": "nl",
                "answers": ANSWERS,
                "not_asked": [],
                "timing": {name: 1000 * (order + 1) for order, name in enumerate(ANSWERS)},
            }
        )
        made.append(Request(f"/api/v1/{noun}/{entry}", body, token))
    return made


def _bare_inserts(kind: str, folder: Path, address: str, *, n: int) -> float:
    """Inserts per second of rows of the same size by the bare driver, one durable commit each."""
    body = orjson.dumps(ANSWERS).decode() * 3
    if kind == "sqlite":
        with closing(sqlite3.connect(folder / "floor.sqlite", isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("CREATE TABLE floor (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
            began = time.perf_counter()
            for _ in range(n):
                database.execute("INSERT INTO floor VALUES (?, ?)", (new_id(), body))
            return n / (time.perf_counter() - began)
    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("CREATE TABLE floor (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
        began = time.perf_counter()
        for _ in range(n):
            server.execute("INSERT INTO floor VALUES (%s, %s)", (new_id(), body))
        return n / (time.perf_counter() - began)


@contextmanager
def _served(settings: Settings, app: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    factory = ["--factory"] if app.endswith("create_app") else []
    command = [sys.executable, "-m", "uvicorn", app, *factory, "--port", str(port), "--log-level", "warning"]
    environment = {
        **os.environ,
        "DYADE_ENVIRONMENT": "test",
        "DYADE_DATA_DIR": str(settings.data_dir),
        "DYADE_DATABASE_URL": settings.database_url,
    }
    process = subprocess.Popen([*command, "--no-access-log"], cwd=ROOT, env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the service did not start")


def _databases() -> Iterator[tuple[str, str]]:
    yield "sqlite", ""
    from tests.support.postgres import NoPostgres, start_cluster

    try:
        cluster = start_cluster(durable=True)
    except NoPostgres as why:
        print(f"no PostgreSQL here, so its figures are left out: {why}", file=sys.stderr)
        return
    try:
        yield "postgresql", cluster.create("bench")
    finally:
        cluster.stop()


if __name__ == "__main__":
    sys.exit(main())
