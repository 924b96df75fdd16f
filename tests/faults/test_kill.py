"""Kill the service without warning, again and again: what has a receipt is there, and is there once."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from api.clock import SetClock, SystemClock
from api.db import STORES, Stores, transaction
from api.entries.models import Entry
from api.main import create_app
from api.migrate import migrate
from api.prompts.models import Prompt
from api.protocols.check import CheckedProtocol
from api.settings import Settings
from tests.support.bodies import as_bytes, sha256
from tests.support.cast import Phone, join, publish_study
from tests.support.postgres import Cluster
from tests.support.push_sink import PhoneKeys, PushSink

KILLS = 10
DYADE = Path(sys.executable).with_name("dyade")


@pytest.fixture(params=["sqlite", "postgresql"])
def installed(request: pytest.FixtureRequest, tmp_path: Path, vapid_key: Path) -> Iterator[Settings]:
    """The settings of a service of its own, with migrated stores that outlive its processes."""
    names: dict[str, str] = {}
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        names = {store: f"faults_{store}_{secrets.token_hex(4)}" for store in STORES}
        urls = {f"{'database' if store == 'main' else store}_url": cluster.create(names[store]) for store in STORES}
    else:
        urls = {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Settings(environment="test", data_dir=tmp_path, port=port, vapid_key_file=vapid_key, **urls)
    migrate(made)
    yield made
    for name in names.values():
        request.getfixturevalue("cluster").drop(name)


@pytest.fixture
def stores(installed: Settings) -> Iterator[Stores]:
    opened = Stores.of(installed)
    yield opened
    opened.dispose()


@pytest.fixture
def phone(installed: Settings, stores: Stores, diary: CheckedProtocol) -> Phone:
    clock = SetClock(SystemClock().now())
    study = publish_study(stores, diary, clock)
    with TestClient(create_app(installed, stores=stores, clock=clock)) as client:
        return join(client, stores, clock, study=study, checked=diary, dyads=1)


def start(settings: Settings, command: str, **more: str) -> subprocess.Popen[bytes]:
    given = {name.upper(): value for name, value in settings.model_dump().items() if value not in (None, "")}
    environment = {f"DYADE_{name}": str(value) for name, value in {**given, **more}.items()}
    return subprocess.Popen(
        [DYADE, command], env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)


class Sender(threading.Thread):
    """A phone with much to say: it sends each entry until it has a receipt, whatever happens on the other side."""

    def __init__(self, phone: Phone, address: str) -> None:
        super().__init__(daemon=True)
        self.enough = threading.Event()
        self.receipts: dict[str, str] = {}
        self.wrong: list[str] = []
        self._phone = phone
        self._address = address

    def run(self) -> None:
        with httpx.Client(base_url=self._address, headers=self._phone.headers, timeout=5, trust_env=False) as client:
            while not self.enough.is_set():
                self._send(client, self._phone.entry())

    def _send(self, client: httpx.Client, body: dict[str, Any]) -> None:
        content = as_bytes(body)
        while not self.enough.is_set():
            try:
                answer = client.put(f"/api/v1/entries/{body['entry_id']}", content=content)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if answer.status_code != 200:
                self.wrong.append(answer.text)
                continue
            receipt = json.loads(answer.content)
            if (receipt["id"], receipt["content_sha256"], receipt["kept"]) != (
                body["entry_id"],
                sha256(content),
                "stored",
            ):
                self.wrong.append(answer.text)
            self.receipts[body["entry_id"]] = sha256(content)
            return


def test_what_has_a_receipt_survives_every_kill_of_the_service(
    installed: Settings, stores: Stores, phone: Phone
) -> None:
    chance = random.Random(20270104)
    senders = [Sender(phone, f"http://127.0.0.1:{installed.port}") for _ in range(3)]
    for sender in senders:
        sender.start()
    for _ in range(KILLS):
        before = sum(len(sender.receipts) for sender in senders)
        service = start(installed, "serve")
        until = time.monotonic() + 30
        while sum(len(sender.receipts) for sender in senders) == before and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.3))
        kill(service)
    for sender in senders:
        sender.enough.set()
        sender.join(timeout=10)
    assert [sender.wrong for sender in senders] == [[], [], []]
    receipts = {id: digest for sender in senders for id, digest in sender.receipts.items()}
    assert len(receipts) >= KILLS
    with transaction(stores.main) as session:
        rows = list(session.exec(select(Entry)))
    kept = {row.id: row.content_sha256 for row in rows}
    assert len(kept) == len(rows)
    assert {id: kept.get(id) for id in receipts} == receipts
    assert all(sha256(row.body) == row.content_sha256 for row in rows)
    # At most what each sender had under way when the last kill came is there without a receipt.
    assert len(kept) - len(receipts) <= len(senders)
    if stores.main.dialect.name == "sqlite":
        with stores.main.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_worker_killed_while_it_sends_loses_no_prompt(installed: Settings, stores: Stores, phone: Phone) -> None:
    with PushSink() as sink:
        keys = PhoneKeys()
        exempt = installed.model_copy(update={"push_test_origin": sink.origin})
        with TestClient(create_app(exempt, stores=stores, clock=phone.clock)) as client:
            phone.client = client
            assert phone.put("/push-subscription", keys.subscription(f"{sink.origin}/push")).status_code == 204
        _make_due(stores)
        answer, asked = sink.answer, threading.Event()

        def hold(request: Any) -> None:
            asked.set()
            time.sleep(20)
            answer(request)

        sink.answer = hold
        killed = start(exempt, "worker")
        assert asked.wait(timeout=30)
        kill(killed)
        row = _welcome(stores)
        assert (row.state, row.delivery, row.attempts) == ("open", "waiting", 1)
        sink.answer = answer
        _let_the_lease_run_out(stores)
        second = start(exempt, "worker", TICK_SECONDS="0.2")
        until = time.monotonic() + 30
        while _welcome(stores).delivery != "accepted" and time.monotonic() < until:
            time.sleep(0.1)
        kill(second)
        row = _welcome(stores)
        assert (row.state, row.delivery, row.attempts) == ("open", "accepted", 2)
        tags = [keys.open(received.body)["notification"]["tag"] for received in sink.received]
        assert tags == [row.id, row.id], "sent twice under one tag, so shown once"


def _welcome(stores: Stores) -> Prompt:
    with transaction(stores.main) as session:
        return session.exec(select(Prompt).where(Prompt.slot == "welcome")).one()


def _make_due(stores: Stores) -> None:
    with transaction(stores.main) as session:
        row = session.exec(select(Prompt).where(Prompt.slot == "welcome")).one()
        row.due_at = SystemClock().now()
        session.add(row)


def _let_the_lease_run_out(stores: Stores) -> None:
    with transaction(stores.main) as session:
        row = session.exec(select(Prompt).where(Prompt.slot == "welcome")).one()
        assert row.lease_until is not None
        row.lease_until = SystemClock().now()
        session.add(row)
