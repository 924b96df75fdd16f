"""The plan: the same four ingredients give the same instants, inside the windows, whatever the clocks do."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.prompts.schedule import WEEKDAYS, instant, plan_slots

SCHEDULE: dict[str, Any] = {
    "days": 30,
    "weekdays": ["mon", "tue", "wed", "thu", "fri"],
    "dyads": "rotation",
    "windows": [
        {"id": "midday", "from": "12:10", "to": "12:50", "closes": "21:00"},
        {"id": "afternoon", "from": "15:00", "to": "16:30", "closes": "21:00"},
    ],
    "welcome": {"after_seconds": 30, "open_for_hours": 12},
}
START = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)
AMSTERDAM = "Europe/Amsterdam"

# The first days of the plan of seed 1, written down once: a change here breaks every preregistered plan.
GOLDEN = [
    ("welcome", "a", "2027-01-04T08:00:30+00:00"),
    ("2027-01-05/midday", "a", "2027-01-05T11:25:00+00:00"),
    ("2027-01-05/afternoon", "b", "2027-01-05T14:14:00+00:00"),
    ("2027-01-06/midday", "b", "2027-01-06T11:29:00+00:00"),
]


def plan(seed: int = 1, dyads: str = "ab", zone: str = AMSTERDAM, start: datetime = START, **parts: Any) -> list[Any]:
    return plan_slots({**SCHEDULE, **parts}, starts_at=start, zone=zone, seed=seed, dyad_ids=list(dyads))


def test_the_plan_of_one_seed_is_written_in_stone() -> None:
    assert [(slot.key, slot.dyad_id, slot.due_at.isoformat()) for slot in plan()[:4]] == GOLDEN


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)
    assert plan(dyads="") == []


def test_a_further_window_moves_no_other() -> None:
    night = {"id": "evening", "from": "19:00", "to": "20:00", "closes": "22:00"}
    before = {slot.key: slot.due_at for slot in plan()}
    after = {slot.key: slot.due_at for slot in plan(windows=[*SCHEDULE["windows"], night])}
    assert all(after[key] == due for key, due in before.items())
    assert len(after) == len(before) + 30


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_each_dyad_gets_its_turn(number: int) -> None:
    for seed in range(20):
        asked = Counter(slot.dyad_id for slot in plan(seed, "abcde"[:number]) if slot.key != "welcome")
        assert set(asked) == set("abcde"[:number])
        assert max(asked.values()) - min(asked.values()) <= 2, "as even as 60 slots allow"


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    days=st.integers(1, 60),
    weekdays=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    zone=st.sampled_from([AMSTERDAM, "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
    start=st.integers(0, 2 * 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds - 31_000_000)),
    dyads=st.integers(1, 5),
)
def test_every_plan_keeps_to_its_rules(
    seed: int, days: int, weekdays: set[str], zone: str, start: datetime, dyads: int
) -> None:
    slots = plan(seed, "abcde"[:dyads], zone, start, days=days, weekdays=sorted(weekdays))
    there = ZoneInfo(zone)
    joined_on = start.astimezone(there).date()
    assert len(slots) == days * 2 + 1
    assert len({slot.key for slot in slots}) == len(slots)
    windows = {window["id"]: window for window in SCHEDULE["windows"]}
    seen: Counter[date] = Counter()
    for slot in slots[1:]:
        local = slot.due_at.astimezone(there)
        window = windows[slot.key.partition("/")[2]]
        assert window["from"] <= local.strftime("%H:%M") <= window["to"]
        assert slot.due_at < slot.expires_at == instant(local.date(), time.fromisoformat(window["closes"]), there)
        assert WEEKDAYS[local.weekday()] in weekdays
        assert local.date() > joined_on
        seen[local.date()] += 1
    assert len(seen) == days
    assert set(seen.values()) == {2}


SWITCHES = [
    (AMSTERDAM, date(2027, 3, 28)),
    (AMSTERDAM, date(2027, 10, 31)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
]


@pytest.mark.parametrize(("zone", "day"), SWITCHES, ids=str)
def test_every_minute_of_the_nights_with_a_switch(zone: str, day: date) -> None:
    """The oracle walks through UTC minute by minute and notes which wall clock each minute shows."""
    there = ZoneInfo(zone)
    first: dict[datetime, datetime] = {}
    utc = datetime.combine(day - timedelta(days=1), time(6), tzinfo=UTC)
    for _ in range(60 * 48):
        first.setdefault(utc.astimezone(there).replace(tzinfo=None), utc)
        utc += timedelta(minutes=1)
    skipped = 0
    for minute in range(24 * 60):
        wall = time(minute // 60, minute % 60)
        local = datetime.combine(day, wall)
        skipped += local not in first
        later = (local + timedelta(minutes=number) for number in range(121))
        expected = next(first[moment] for moment in later if moment in first)
        assert instant(day, wall, there) == expected, wall
    assert skipped in ((60,) if zone == AMSTERDAM and day.month == 3 else (30, 0))
