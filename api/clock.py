"""The only place that reads the clock. Everything else is told what time it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands still until it is moved: for tests and for the simulated cohort."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by


def seconds_running() -> float:
    """Seconds on a clock that only goes forward, for measuring how long something takes."""
    return time.monotonic()


def iso(instant: datetime) -> str:
    """An aware instant as UTC text with milliseconds, the one form used on the wire and in bundles."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
