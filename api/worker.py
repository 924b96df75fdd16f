"""The worker: ticks that look at the database and do what is due. It owns nothing and remembers nothing."""

from __future__ import annotations

import os
import signal
import socket
import threading
from datetime import datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from api import tables  # noqa: F401  (foreign keys need every table known)
from api.clock import Clock, SystemClock
from api.db import Stores, transaction
from api.prompts.deliver import deliver_due
from api.prompts.expire import expire_overdue
from api.prompts.push import PushSender, make_vapid_key
from api.settings import Settings
from api.worker_state import beat

MOST_ROUNDS = 50
log = structlog.get_logger()


class Worker:
    """One worker process. Any number may run; the database keeps them out of each other's way."""

    def __init__(self, settings: Settings, stores: Stores, clock: Clock) -> None:
        make_vapid_key(settings.vapid_path)
        self.name = f"{socket.gethostname()[:48]}-{os.getpid()}"
        self._settings = settings
        self._stores = stores
        self._clock = clock
        self._sender = PushSender(
            key_path=settings.vapid_path,
            contact=settings.contact,
            now=clock.now,
            exempt_origin=settings.push_test_origin,
        )

    def tick(self) -> int:
        """Do what is due now: end what is overdue, deliver what is due. Returns how many were delivered."""
        delivered = 0
        for _ in range(MOST_ROUNDS):
            # Each round anew: with a slow push service a round takes its time, and prompts go on ending meanwhile.
            with transaction(self._stores.main) as session:
                beat(session, self.name, now=self._clock.now())
                expire_overdue(session, now=self._clock.now())
            handled = deliver_due(
                self._stores.main,
                self._sender,
                public_url=self._settings.public_url,
                now=self._clock.now(),
                clock=self._clock,
            )
            delivered += handled
            if not handled:
                break
        return delivered

    def safe_tick(self) -> None:
        """A tick whose failure is logged and does not end the worker: the next tick looks again."""
        try:
            delivered = self.tick()
        except Exception as error:
            log.error("tick failed", error=type(error).__name__, reason=str(error)[:200])
            return
        if delivered:
            log.info("delivered", prompts=delivered)

    def close(self) -> None:
        self._sender.close()


def run_worker(settings: Settings, *, clock: Clock | None = None) -> None:
    """Tick until SIGTERM or SIGINT; a tick under way is finished first."""
    stores = Stores.of(settings)
    worker = Worker(settings, stores, clock or SystemClock())
    scheduler = BackgroundScheduler(timezone="UTC")
    # Late ticks are never dropped, and pile up into one: what is due is in the database, not in the timer.
    scheduler.add_job(
        worker.safe_tick,
        "interval",
        seconds=settings.tick_seconds,
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
        next_run_time=_at_once(),
    )
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    scheduler.start()
    log.info("worker started", worker=worker.name, tick_seconds=settings.tick_seconds)
    stop.wait()
    scheduler.shutdown(wait=True)
    worker.close()
    stores.dispose()


def _at_once() -> datetime:
    return SystemClock().now()
