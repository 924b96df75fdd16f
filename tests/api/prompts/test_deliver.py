"""Delivering: at least once on the wire, each prompt in one state, whatever the push service does."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy import insert
from sqlmodel import col, func, select

from api.clock import SetClock, SystemClock, iso
from api.db import Stores, transaction
from api.prompts import deliver, push
from api.prompts.deliver import LEASED_FOR, deliver_due, lease_due
from api.prompts.expire import expire_overdue
from api.prompts.models import Prompt, PushSubscription
from api.prompts.push_address import guarded_pool
from api.settings import Settings
from api.worker import Worker
from tests.support.bodies import new_id
from tests.support.cast import Phone
from tests.support.push_sink import Answer, PhoneKeys, PushSink, status, unb64
from tests.support.together import at_once


@pytest.fixture
def sink() -> Iterator[PushSink]:
    with PushSink() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, sink: PushSink) -> Settings:
    return settings.model_copy(update={"push_test_origin": sink.origin})


@pytest.fixture
def worker(settings: Settings, stores: Stores, clock: SetClock) -> Iterator[Worker]:
    made = Worker(settings, stores, clock)
    yield made
    made.close()


@pytest.fixture
def keys() -> PhoneKeys:
    return PhoneKeys()


@pytest.fixture
def subscribed(bram: Phone, sink: PushSink, keys: PhoneKeys) -> Phone:
    """Bram, whose phone listens at the sink and whose welcome is about to be due."""
    assert bram.put("/push-subscription", keys.subscription(f"{sink.origin}/push/bram")).status_code == 204
    return bram


def welcome(stores: Stores, phone: Phone) -> Prompt:
    with transaction(stores.main) as session:
        mine = select(Prompt).where(Prompt.participant_id == phone.person.id, Prompt.slot == "welcome")
        return session.exec(mine).one()


def claims_of(authorization: str, public_key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a VAPID signature, which must be by this key."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert parts["k"].rstrip("=") == public_key
    head, body, signature = parts["t"].split(".")
    raw = unb64(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(public_key))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unb64(head)), json.loads(unb64(body))


def test_nothing_is_sent_before_it_is_due(subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock) -> None:
    clock.forward(timedelta(seconds=29))
    assert worker.tick() == 0
    assert sink.received == []


def test_the_message_is_for_this_phone_signed_and_without_a_name(
    subscribed: Phone, worker: Worker, sink: PushSink, keys: PhoneKeys, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(seconds=30))
    assert worker.tick() == 1
    (received,) = sink.received
    row = welcome(stores, subscribed)
    assert received.path == "/push/bram"
    assert received.headers["content-encoding"] == "aes128gcm"
    assert received.headers["ttl"] == str(12 * 3600)
    assert received.headers["topic"] == row.id
    assert received.headers["urgency"] in ("normal", "high")
    assert keys.open(received.body) == {
        "web_push": 8030,
        "notification": {
            "title": "Time for your diary",
            "body": "One minute for your diary.",
            "navigate": f"https://diary.example.org/app/diary/{row.id}",
            "tag": row.id,
            "lang": "en",
        },
        "template": "diary",
        "prompt": {
            "id": row.id,
            "dyad_id": subscribed.dyads[0],
            "due_at": iso(row.due_at),
            "expires_at": iso(row.expires_at),
        },
    }
    head, claims = claims_of(received.headers["authorization"], subscribed.get("/me").json()["vapid_public_key"])
    assert head["alg"] == "ES256"
    assert claims["aud"] == sink.origin
    assert claims["sub"] == "mailto:team@diary.example.org"
    assert 0 < claims["exp"] - clock.now().timestamp() <= 24 * 3600
    assert (row.state, row.delivery, row.sent_at, row.attempts) == ("open", "accepted", clock.now(), 1)
    assert worker.tick() == 0, "and once is enough"
    assert len(sink.received) == 1


def test_the_signature_is_renewed_before_it_runs_out(
    subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock
) -> None:
    key = subscribed.get("/me").json()["vapid_public_key"]
    for _ in range(10):
        clock.forward(timedelta(hours=7))
        worker.tick()
        if sink.received:
            _, claims = claims_of(sink.received[-1].headers["authorization"], key)
            assert claims["exp"] - clock.now().timestamp() <= 24 * 3600
    assert len(sink.received) >= 3


def _endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(201)
    request.send_header("Content-Length", str(10**9))
    request.end_headers()
    for _ in range(16_000):
        request.wfile.write(b"x" * 65_536)


def _dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(201)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.1)


def _silent(_request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def _hanging_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()


def _babbling(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"this is no HTTP at all\r\n\r\n")
    request.close_connection = True


IN_AN_HOUR = format_datetime(datetime(2027, 1, 4, 9, 0, 30, tzinfo=UTC), usegmt=True)
OUTCOMES: list[tuple[str, Answer, str, float | None]] = [
    ("201", status(201), "accepted", None),
    ("200", status(200), "accepted", None),
    ("404", status(404), "gone", None),
    ("410", status(410), "gone", None),
    ("413", status(413), "refused", None),
    ("400", status(400), "refused", None),
    ("403", status(403), "refused", None),
    ("429 in seconds", status(429, Retry_After="120"), "retry", 120),
    ("429 at a date", status(429, Retry_After=IN_AN_HOUR), "retry", 3600),
    ("429 at once", status(429, Retry_After="0"), "retry", 15),
    ("429 in the past", status(429, Retry_After="Mon, 04 Jan 1999 09:00:00 GMT"), "retry", 15),
    ("429 in a thousand years", status(429, Retry_After="9" * 400), "retry", 86_400),
    ("429 nonsense", status(429, Retry_After="soon, ²"), "retry", 15),
    ("429 no such date", status(429, Retry_After="Mon, 99 Foo 99999 99:99:99 +9999"), "retry", 15),
    ("500", status(500), "retry", 15),
    ("503", status(503, Retry_After="30"), "retry", 30),
    ("302 is not followed", status(302, Location="/elsewhere"), "refused", None),
    ("307 is not followed", status(307, Location="/elsewhere"), "refused", None),
    ("no answer", _silent, "retry", 15),
    ("hangs up", _hanging_up, "retry", 15),
    ("no HTTP", _babbling, "retry", 15),
    ("a gigabyte", _endless, "accepted", None),
    ("a body drop by drop", _dripping, "accepted", None),
]


def test_each_answer_of_a_push_service_leads_to_its_state(
    subscribed: Phone,
    worker: Worker,
    sink: PushSink,
    keys: PhoneKeys,
    clock: SetClock,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "TIMEOUT_SECONDS", 0.4)
    clock.forward(timedelta(seconds=30))
    for name, answer, delivery, wait in OUTCOMES:
        subscribed.put("/push-subscription", keys.subscription(f"{sink.origin}/push/bram"))
        _make_due_again(stores, subscribed)
        sink.answer, before = answer, len(sink.received)
        started = time.monotonic()
        assert worker.tick() == 1, name
        assert time.monotonic() - started < 2.5, name
        row = welcome(stores, subscribed)
        assert (row.state, row.delivery, row.lease_key) == ("open", delivery, None), name
        assert len(sink.received) == before + 1, name
        assert row.next_attempt_at == (clock.now() + timedelta(seconds=wait) if wait is not None else None), name
        assert _live(stores, subscribed) is (delivery != "gone"), name
    assert {received.path for received in sink.received} == {"/push/bram"}


def _make_due_again(stores: Stores, phone: Phone) -> None:
    with transaction(stores.main) as session:
        row = session.exec(select(Prompt).where(Prompt.id == welcome(stores, phone).id)).one()
        row.state, row.delivery, row.attempts = "planned", "waiting", 0
        row.next_attempt_at = row.sent_at = None
        session.add(row)


def _live(stores: Stores, phone: Phone) -> bool:
    with transaction(stores.main) as session:
        found = session.exec(select(PushSubscription).where(PushSubscription.participant_id == phone.person.id)).one()
    return found.ended_at is None


def test_a_failed_attempt_is_tried_again_later_and_later(
    subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock, stores: Stores
) -> None:
    sink.answer = status(503)
    clock.forward(timedelta(seconds=30))
    waits = []
    for _ in range(8):
        assert worker.tick() == 1
        next_at = welcome(stores, subscribed).next_attempt_at
        assert next_at is not None
        waits.append((next_at - clock.now()).total_seconds())
        clock.at = next_at - timedelta(seconds=1)
        assert worker.tick() == 0
        clock.at = next_at
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    sink.answer = status(201)
    assert worker.tick() == 1
    assert welcome(stores, subscribed).delivery == "accepted"


def test_unusable_keys_never_stop_the_worker(
    subscribed: Phone, worker: Worker, sink: PushSink, keys: PhoneKeys, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(seconds=30))
    good = keys.subscription(f"{sink.origin}/push/bram")
    for p256dh, auth in (("!" * 87, "A" * 22), ("é" * 87, "A" * 22), ("BA" * 44, "*" * 22), ("A\0" * 44, "A" * 22)):
        assert (
            subscribed.put("/push-subscription", {**good, "keys": {"p256dh": p256dh, "auth": auth}}).status_code == 422
        )
    for p256dh, auth in (("A" * 87, "A" * 22), ("BA" * 44, "A" * 22), ("B" + "_" * 86, "A" * 23)):
        body = {**good, "keys": {"p256dh": p256dh, "auth": auth}}
        assert subscribed.put("/push-subscription", body).status_code == 204
        _make_due_again(stores, subscribed)
        assert worker.tick() == 1
        assert welcome(stores, subscribed).delivery == "gone"
    assert sink.received == []


def test_a_message_that_cannot_be_made_takes_no_other_down(subscribed: Phone, stores: Stores, clock: SetClock) -> None:
    clock.forward(timedelta(seconds=30))

    class Broken:
        def send(self, *_: object, **__: object) -> push.Outcome:
            raise RuntimeError("no signature")

    assert deliver_due(stores.main, Broken(), public_url="https://x.example", now=clock.now()) == 1  # type: ignore[arg-type]
    row = welcome(stores, subscribed)
    assert (row.delivery, row.lease_key) == ("retry", None)
    assert row.next_attempt_at is not None


def test_with_a_slow_push_service_two_workers_send_each_prompt_once(
    subscribed: Phone, stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three rounds of sends take longer than the lease allows: what would not be settled in time is not begun."""
    monkeypatch.setattr(deliver, "LEASED_FOR", timedelta(seconds=2))
    monkeypatch.setattr(deliver, "TO_SETTLE", timedelta(seconds=1))
    clock.at = SystemClock().now()
    _plan_many(stores, subscribed, clock, 60)
    sent: Counter[str] = Counter()

    class Slow:
        def send(self, *_: object, topic: str, **__: object) -> push.Outcome:
            sent[topic] += 1
            time.sleep(0.6)
            return push.Outcome(push.Delivery.ACCEPTED, "201")

    def work() -> None:
        running = SystemClock()
        until = running.now() + timedelta(seconds=7)
        while running.now() < until and len(sent) < 60:
            deliver_due(stores.main, Slow(), public_url="https://x.example", now=running.now(), clock=running)  # type: ignore[arg-type]
            time.sleep(0.1)

    at_once([work, work])
    assert len(sent) >= 60
    assert set(sent.values()) == {1}


def test_a_service_that_drips_is_given_up(keys: PhoneKeys, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "TIMEOUT_SECONDS", 0.5)
    sender = push.PushSender(
        key_path=settings.vapid_path,
        contact="mailto:team@diary.example.org",
        now=lambda: datetime.now(UTC),
        exempt_origin=settings.push_test_origin,
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip, args=(server,), daemon=True).start()
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        sender._exempt, sender._pool = origin, guarded_pool(exempt_origin=origin)
        given = keys.subscription(f"{origin}/push/x")
        target = push.Target(given["endpoint"], given["keys"]["p256dh"], given["keys"]["auth"])
        began = time.monotonic()
        outcome = sender.send(target, {"a": 1}, topic="t", ttl=60)
    assert outcome.delivery is push.Delivery.RETRY
    assert time.monotonic() - began < 2.5, "half a second in all, not per read"


def _drip(server: socket.socket) -> None:
    connection, _ = server.accept()
    with contextlib.suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 201 Created\r\nX: ")
        for _ in range(30):
            time.sleep(0.2)
            connection.sendall(b"a")


def test_a_prompt_taken_by_a_worker_that_never_came_back_is_the_systems_fault(
    subscribed: Phone, stores: Stores, clock: SetClock
) -> None:
    clock.forward(timedelta(seconds=30))
    with transaction(stores.main) as session:
        assert len(lease_due(session, public_url="https://x.example", now=clock.now())) == 1
    clock.forward(timedelta(days=1))
    with transaction(stores.main) as session:
        expire_overdue(session, now=clock.now())
    row = welcome(stores, subscribed)
    assert (row.state, row.reason) == ("missed", "worker_stopped_while_sending")


def test_a_worker_that_dies_with_a_lease_repeats_and_never_loses(
    subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(seconds=30))
    with transaction(stores.main) as session:
        assert len(lease_due(session, public_url="https://x.example", now=clock.now())) == 1
    clock.forward(LEASED_FOR - timedelta(seconds=1))
    assert worker.tick() == 0, "the lease still holds"
    clock.forward(timedelta(seconds=1))
    assert worker.tick() == 1
    row = welcome(stores, subscribed)
    assert (row.delivery, row.attempts, len(sink.received)) == ("accepted", 2, 1)


def test_what_a_slow_worker_reports_too_late_is_not_written_over_the_other(
    subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(seconds=30))

    class Slow:
        def send(self, *_: object, **__: object) -> push.Outcome:
            clock.forward(LEASED_FOR + timedelta(seconds=1))
            worker.tick()
            return push.Outcome(push.Delivery.REFUSED, "413")

    assert deliver_due(stores.main, Slow(), public_url="https://x.example", now=clock.now()) == 1  # type: ignore[arg-type]
    assert welcome(stores, subscribed).delivery == "accepted"
    assert _live(stores, subscribed)


def test_two_workers_take_five_hundred_prompts_without_overlap(bram: Phone, stores: Stores, clock: SetClock) -> None:
    _plan_many(stores, bram, clock, 500)

    def take() -> list[str]:
        taken: list[str] = []
        while True:
            with transaction(stores.main) as session:
                leased = lease_due(session, public_url="https://x.example", now=clock.now(), limit=40)
            if not leased:
                return taken
            assert len(leased) <= 40
            taken += [prompt.id for prompt in leased]

    taken = at_once([take, take, take])
    everything = [id for part in taken for id in part]
    # A worker that sees only rows the others are locking stops early; what is left is leased by the next look.
    everything += take()
    assert len(everything) == len(set(everything)) == 500


def _plan_many(stores: Stores, phone: Phone, clock: SetClock, number: int) -> None:
    like = welcome(stores, phone).model_dump()
    due = {"due_at": clock.now(), "expires_at": clock.now() + timedelta(hours=1)}
    rows = [{**like, **due, "id": new_id(), "slot": f"many/{place}"} for place in range(number)]
    with transaction(stores.main) as session:
        session.connection().execute(insert(Prompt), rows)


def test_without_a_subscription_the_prompt_is_open_all_the_same(
    bram: Phone, worker: Worker, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(seconds=30))
    assert worker.tick() == 1
    row = welcome(stores, bram)
    assert (row.state, row.delivery) == ("open", "no_subscription")
    assert next(prompt for prompt in bram.prompts() if prompt["id"] == row.id)["state"] == "open"
    clock.forward(timedelta(hours=12))
    worker.tick()
    row = welcome(stores, bram)
    assert (row.state, row.reason) == ("expired", "no_answer_and_no_notification")


def test_what_no_worker_saw_is_missed_and_not_held_against_the_person(
    bram: Phone, worker: Worker, clock: SetClock, stores: Stores
) -> None:
    clock.forward(timedelta(hours=13))
    worker.tick()
    row = welcome(stores, bram)
    assert (row.state, row.reason, row.ended_at) == ("missed", "worker_not_running", clock.now())
    body = bram.entry(prompt_id=row.id, completed_at=iso(row.due_at), started_at=iso(row.due_at))
    assert bram.send(body).json()["kept"] == "stored"
    assert welcome(stores, bram).reason == "answered", "answered in time, sent when there was signal again"


def test_a_worker_on_a_machine_with_a_long_name_still_ticks(
    settings: Settings, stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "diary-worker-" + "x" * 50)
    worker = Worker(settings, stores, clock)
    assert worker.tick() == 0
    worker.close()


def test_after_two_weeks_every_prompt_is_in_exactly_one_state(
    anna: Phone, subscribed: Phone, worker: Worker, sink: PushSink, clock: SetClock, stores: Stores
) -> None:
    """A diary of two weeks in steps of three hours: some answers, a day of silence, a worker away for two days."""
    with transaction(stores.main) as session:
        planned = session.exec(select(func.count()).select_from(Prompt)).one()
    started = clock.now()
    for step in range(14 * 8):
        clock.forward(timedelta(hours=3))
        sink.answer = status(503) if 30 < step < 36 else status(201)
        if not 56 <= step < 72:
            worker.tick()
        if step % 3 == 0:
            for prompt in [prompt for prompt in anna.prompts() if prompt["state"] == "open"][:1]:
                assert anna.send(anna.entry(prompt["dyad_id"], prompt_id=prompt["id"])).json()["kept"] == "stored"
    with transaction(stores.main) as session:
        rows = list(session.exec(select(Prompt).order_by(col(Prompt.due_at))))
    assert len(rows) == planned
    states = Counter(row.state for row in rows)
    assert states.total() == planned
    assert set(states) == {"planned", "open", "answered", "expired", "missed", "superseded"} - (
        {"open"} - {row.state for row in rows}
    )
    for row in rows:
        over = row.expires_at <= clock.now()
        ended = row.state in ("answered", "expired", "missed", "superseded")
        assert ended is (row.ended_at is not None) is (row.reason is not None), row
        if over:
            assert ended, row
        if row.state == "planned":
            assert row.due_at > clock.now()
    assert clock.now() - started == timedelta(days=14)
    assert sink.received
