"""The writer: entries that wait together share a commit, and none of them pays for another's trouble."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json

import pytest
import structlog
from sqlmodel import select

from api.clock import SetClock
from api.db import Stores, transaction
from api.entries import group_commit
from api.entries.desk import Sent
from api.entries.group_commit import EntryWriter
from api.entries.models import Entry, EntryGiven
from api.errors import DyadeError, NotSignedIn
from api.logs import set_up_logs
from api.receipts import Receipt
from tests.support.bodies import new_token, sha256
from tests.support.cast import Phone


def sent(phone: Phone, token: str | None = None, **parts: object) -> Sent:
    body = json.dumps(phone.entry(**parts))
    given = EntryGiven.model_validate_json(body)
    return Sent(sha256(token or phone.token), given, body, sha256(body))


def stored(stores: Stores) -> set[str]:
    with transaction(stores.main) as session:
        return set(session.exec(select(Entry.id)))


async def _keep_all(writer: EntryWriter, batch: list[Sent]) -> list[Receipt | BaseException]:
    return list(await asyncio.gather(*(writer.keep(one) for one in batch), return_exceptions=True))


def test_one_poisoned_entry_does_not_hurt_the_others(
    anna: Phone, stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [sent(anna) for _ in range(20)]
    poisoned, unknown = batch[7], sent(anna, token=new_token())
    real = group_commit.keep_entries

    def keep_or_choke(connection: object, group: list[Sent], **more: object) -> object:
        if poisoned in group:
            raise RuntimeError("cannot swallow this")
        return real(connection, group, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(group_commit, "keep_entries", keep_or_choke)
    writer = EntryWriter(stores.main, clock)
    results = asyncio.run(_keep_all(writer, [*batch, unknown]))
    writer.stop()
    assert isinstance(results[7], RuntimeError)
    assert isinstance(results[-1], NotSignedIn)
    good = [result for place, result in enumerate(results[:-1]) if place != 7]
    assert all(isinstance(result, Receipt) and result.kept == "stored" for result in good)
    assert stored(stores) == {one.entry.entry_id for one in batch if one is not poisoned}


def test_a_log_that_cannot_be_written_does_not_end_the_writer(
    anna: Phone, stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def error(self, *_: object, **__: object) -> None:
            raise ValueError("I/O operation on closed file")

    def choke(*_: object, **__: object) -> object:
        raise RuntimeError("cannot swallow this")

    writer = EntryWriter(stores.main, clock)
    with monkeypatch.context() as broken:
        broken.setattr(group_commit, "log", Broken())
        broken.setattr(group_commit, "keep_entries", choke)
        (failed,) = asyncio.run(_keep_all(writer, [sent(anna)]))
        assert isinstance(failed, Exception)
    (kept,) = asyncio.run(_keep_all(writer, [sent(anna)]))
    writer.stop()
    assert isinstance(kept, Receipt)


def test_logs_go_to_standard_error_as_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    closed = io.StringIO()
    with contextlib.redirect_stderr(closed):
        set_up_logs("info")
        structlog.get_logger().info("first")
    closed.close()
    structlog.get_logger().info("second")
    assert '"second"' in capsys.readouterr().err


def test_waiting_entries_share_few_commits(
    anna: Phone, stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    real = group_commit.keep_entries

    def counted(connection: object, group: list[Sent], **more: object) -> object:
        groups.append(len(group))
        return real(connection, group, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(group_commit, "keep_entries", counted)
    writer = EntryWriter(stores.main, clock)
    asyncio.run(_keep_all(writer, [sent(anna) for _ in range(100)]))
    writer.stop()
    assert sum(groups) == 100
    assert len(groups) < 50


def test_stop_writes_what_waits_and_then_takes_no_more(anna: Phone, stores: Stores, clock: SetClock) -> None:
    batch = [sent(anna) for _ in range(300)]

    async def send_and_stop() -> list[Receipt | BaseException]:
        writer = EntryWriter(stores.main, clock)
        waiting = [asyncio.ensure_future(writer.keep(one)) for one in batch]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.stop)
        results = await asyncio.gather(*waiting)
        with pytest.raises(DyadeError, match="stays on your phone"):
            await writer.keep(sent(anna))
        return list(results)

    results = asyncio.run(send_and_stop())
    assert all(isinstance(result, Receipt) for result in results)
    assert stored(stores) == {one.entry.entry_id for one in batch}


def test_a_sender_that_hung_up_loses_nothing_and_stops_nothing(anna: Phone, stores: Stores, clock: SetClock) -> None:
    gone, there = sent(anna), sent(anna)
    writer = EntryWriter(stores.main, clock)

    async def hang_up() -> None:
        task = asyncio.ensure_future(writer.keep(gone))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(hang_up())
    assert asyncio.run(_keep_all(writer, [there]))[0].kept == "stored"  # type: ignore[union-attr]
    writer.stop()
    assert stored(stores) == {gone.entry.entry_id, there.entry.entry_id}


def test_two_writers_on_one_database_keep_an_entry_once(anna: Phone, stores: Stores, clock: SetClock) -> None:
    batch = [sent(anna) for _ in range(60)]
    writers = [EntryWriter(stores.main, clock) for _ in range(2)]

    async def race() -> list[list[Receipt | BaseException]]:
        return list(await asyncio.gather(*(_keep_all(writer, batch) for writer in writers)))

    left, right = asyncio.run(race())
    for writer in writers:
        writer.stop()
    assert left == right
    assert all(isinstance(result, Receipt) and result.kept == "stored" for result in left)
    assert stored(stores) == {one.entry.entry_id for one in batch}
