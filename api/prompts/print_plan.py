"""A plan as text: for preregistration, and for a researcher who wants to see what a person would get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session

from api.clock import iso
from api.errors import Malformed
from api.prompts.schedule import plan_slots
from api.protocols.published import get_protocol
from api.studies.models import Study


def plan_lines(session: Session, study: Study, *, seed: int, starts_at: str, zone: str, dyads: int) -> list[str]:
    """The plan, one tab-separated line a slot: the same arguments give the same lines, byte for byte.

    Raises Malformed for an instant or a zone that is none.
    """
    if zone not in available_timezones():
        raise Malformed(f"{zone!r} is not a time zone we know.")
    protocol = get_protocol(session, study.id, study.current_version)
    return list(_lines(protocol.document, _instant(starts_at), seed=seed, zone=zone, dyads=dyads))


def _instant(text: str) -> datetime:
    try:
        instant: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Malformed("Say when the diary starts, with its zone: --starts-at 2027-01-04T08:00:00Z")
    return instant


def _lines(document: dict[str, object], starts_at: datetime, *, seed: int, zone: str, dyads: int) -> Iterator[str]:
    yield f"# {document['study']} version {document['version']}, zone {zone}, seed {seed}, starts {iso(starts_at)}"
    yield "slot\tdyad\tdue_local\tdue_at\texpires_at"
    schedule = document["schedule"]
    assert isinstance(schedule, dict)
    names = [str(place + 1) for place in range(dyads)]
    for slot in plan_slots(schedule, starts_at=starts_at, zone=zone, seed=seed, dyad_ids=names):
        local = slot.due_at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="minutes")
        yield f"{slot.key}\t{slot.dyad_id}\t{local}\t{iso(slot.due_at)}\t{iso(slot.expires_at)}"
