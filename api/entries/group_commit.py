"""Entries that wait together share one transaction, and each is answered after its commit.

One writer thread per process. While one commit reaches the disk, the next requests gather; so the disk's
pace sets the size of a group, and a full disk queue costs each request one wait, not one commit of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from api.clock import Clock
from api.entries.desk import Sent
from api.entries.keep import keep_entries
from api.errors import DyadeError
from api.receipts import Receipt

MOST_AT_ONCE = 256
log = structlog.get_logger()


@dataclass(frozen=True)
class Waiting:
    sent: Sent
    answer: asyncio.Future[Receipt]
    loop: asyncio.AbstractEventLoop


class EntryWriter:
    """Takes entries from any number of requests and writes them in groups."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._queue: deque[Waiting] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="entry-writer", daemon=True)
        self._thread.start()

    async def keep(self, sent: Sent) -> Receipt:
        """The receipt, once the commit is done. Raises NotSignedIn; any other error means nothing was kept."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(sent, loop.create_future(), loop)
        with self._wake:
            if self._stopping:
                raise DyadeError("The service is shutting down. Your entry stays on your phone and is sent again.")
            self._queue.append(waiting)
            self._wake.notify()
        return await waiting.answer

    def stop(self) -> None:
        """Write what is waiting, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._write(group)
            except Exception as error:
                # Whatever it is, the thread lives on: a writer that is gone would leave every phone waiting. Those
                # that were answered already stay so; the others send again, to the same receipt.
                for waiting in group:
                    _tell(waiting, error)

    def _next_group(self) -> list[Waiting]:
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), MOST_AT_ONCE))]

    def _write(self, group: list[Waiting]) -> None:
        try:
            results = self._commit(group)
        except Exception as error:
            if len(group) == 1 and not isinstance(error, IntegrityError):
                log.error("entry not kept", error=type(error).__name__)
                _tell(group[0], error)
                return
            # One bad entry, or a race with another process, must not take the others down: each alone.
            for waiting in group:
                self._write_alone(waiting)
            return
        for waiting, result in zip(group, results, strict=True):
            _tell(waiting, result)

    def _write_alone(self, waiting: Waiting) -> None:
        for attempt in (1, 2):
            try:
                _tell(waiting, self._commit([waiting])[0])
                return
            except IntegrityError as error:
                # The other process has committed by now, so the second look finds its row.
                if attempt == 2:
                    _tell(waiting, error)
            except Exception as error:
                log.error("entry not kept", error=type(error).__name__)
                _tell(waiting, error)
                return

    def _commit(self, group: list[Waiting]) -> list[Receipt | DyadeError]:
        with self._engine.begin() as connection:
            results = keep_entries(connection, [waiting.sent for waiting in group], now=self._clock.now())
        return list(results)


def _tell(waiting: Waiting, result: Receipt | BaseException) -> None:
    def settle() -> None:
        if waiting.answer.done():
            return
        if isinstance(result, BaseException):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)

    try:
        waiting.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop is gone: the phone gets no answer and sends again, to the same receipt.
        log.info("entry kept, its sender gone")
