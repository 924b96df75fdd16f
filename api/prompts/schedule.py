"""From a schedule, a start, a zone and a seed to instants. Pure: the same four give the same plan, always.

Rules are kept in local wall-clock time and turned into UTC once. A time in the hour that a switch to summer
time leaves out moves to the first minute that exists; a time in the doubled hour means its first passing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WELCOME = "welcome"
ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Slot:
    """A place in the plan: its name, its dyad's place in the rotation, and its two instants (UTC)."""

    key: str
    dyad_id: str
    due_at: datetime
    expires_at: datetime


def plan_slots(
    schedule: Mapping[str, Any], *, starts_at: datetime, zone: str, seed: int, dyad_ids: Sequence[str]
) -> list[Slot]:
    """All slots of a person's plan, in order of time. Empty when there is no dyad to ask about."""
    if not dyad_ids:
        return []
    there = ZoneInfo(zone)
    slots = list(_welcome(schedule, starts_at, dyad_ids[0]))
    turn = _draw(seed, "rotation", len(dyad_ids))
    for number, day in enumerate(_days(schedule, starts_at.astimezone(there).date())):
        for place, window in enumerate(schedule["windows"]):
            key = f"{day.isoformat()}/{window['id']}"
            opens = _wall(window["from"])
            spread = _minutes(_wall(window["to"])) - _minutes(opens)
            minute = _minutes(opens) + _draw(seed, key, spread + 1)
            slots.append(
                Slot(
                    key=key,
                    dyad_id=dyad_ids[(turn + number + place) % len(dyad_ids)],
                    due_at=instant(day, time(minute // 60, minute % 60), there),
                    expires_at=instant(day, _wall(window["closes"]), there),
                )
            )
    return slots


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall-clock time, also on days with a switch."""
    local = datetime.combine(day, wall)
    while True:
        utc = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == local:
            return utc
        local += ONE_MINUTE


def _welcome(schedule: Mapping[str, Any], starts_at: datetime, dyad_id: str) -> Iterator[Slot]:
    welcome = schedule.get("welcome")
    if welcome:
        due_at = starts_at + timedelta(seconds=welcome["after_seconds"])
        yield Slot(WELCOME, dyad_id, due_at, due_at + timedelta(hours=welcome["open_for_hours"]))


def _days(schedule: Mapping[str, Any], joined_on: date) -> Iterator[date]:
    day, found = joined_on, 0
    while found < schedule["days"]:
        day += timedelta(days=1)
        if WEEKDAYS[day.weekday()] in schedule["weekdays"]:
            found += 1
            yield day


def _draw(seed: int, key: str, choices: int) -> int:
    # A hash instead of a generator: each draw depends on its own name only, so adding a window moves no other,
    # and no library's idea of "random" can change a preregistered plan. 64 bits leave a bias below 1e-15.
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % choices


def _wall(text: str) -> time:
    return time.fromisoformat(text)


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute
