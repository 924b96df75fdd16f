"""The rows of each table of a bundle, read from the study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Select, func, select
from sqlmodel import col

from api.assessments.models import Assessment
from api.dyads.models import Dyad
from api.entries.models import Entry
from api.exports.ids import BundleIds
from api.participants.models import Consent, Participant
from api.prompts.models import Prompt
from api.quarantine import Quarantined

Row = dict[str, Any]
AT_ONCE = 2000


@dataclass(frozen=True)
class Reading:
    """One export: the connection with its snapshot, the study, the bundle's ids, the instruments' versions."""

    connection: Connection
    study_id: str
    ids: BundleIds
    instrument_versions: dict[str, int]

    def rows(self, statement: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        streamed = self.connection.execution_options(yield_per=AT_ONCE).execute(statement)
        yield from streamed.mappings()


def professionals(reading: Reading) -> Iterator[Row]:
    latest = (
        select(col(Consent.participant_id), func.max(col(Consent.version)).label("version"))
        .group_by(col(Consent.participant_id))
        .subquery()
    )
    statement: Select[*tuple[Any, ...]] = (
        select(Participant.__table__, col(Consent.version).label("consent_version"), col(Consent.agreed_at))  # type: ignore[attr-defined]
        .outerjoin(latest, latest.c.participant_id == col(Participant.id))
        .outerjoin(
            Consent, (col(Consent.participant_id) == col(Participant.id)) & (col(Consent.version) == latest.c.version)
        )
        .where(col(Participant.study_id) == reading.study_id)
    )
    for row in reading.rows(statement):
        yield {
            "professional": reading.ids.of("professional", row["id"]),
            "simulated": row["simulated"],
            "enrolled_on": row["enrolled_at"].astimezone(_zone(row["zone"])).date(),
            "zone": row["zone"],
            "language": row["language"],
            "consent_version": row["consent_version"],
            # The day only: to the millisecond it would name whoever was seen joining.
            "consented_on": row["agreed_at"].astimezone(_zone(row["zone"])).date() if row["agreed_at"] else None,
        }


def dyads(reading: Reading) -> Iterator[Row]:
    statement = (
        select(Dyad.__table__, col(Participant.simulated))  # type: ignore[attr-defined]
        .join(Participant, col(Participant.id) == col(Dyad.participant_id))
        .where(col(Participant.study_id) == reading.study_id)
    )
    for row in reading.rows(statement):
        yield {
            "dyad": reading.ids.of("dyad", row["id"]),
            "professional": reading.ids.of("professional", row["participant_id"]),
            "simulated": row["simulated"],
            "started_on": row["started_on"],
            "ended_on": row["ended_on"],
            "end_reason": row["end_reason"],
        }


def prompts(reading: Reading) -> Iterator[Row]:
    statement = (
        select(Prompt.__table__)  # type: ignore[attr-defined]
        .join(Participant, col(Participant.id) == col(Prompt.participant_id))
        .where(col(Participant.study_id) == reading.study_id)
    )
    same = ("slot", "revision", "due_at", "zone", "expires_at", "sent_at", "delivery", "shown_at", "opened_at")
    for row in reading.rows(statement):
        entry = row["entry_id"]
        yield {
            "prompt": reading.ids.of("prompt", row["id"]),
            **_whose(reading, row),
            **{name: row[name] for name in same},
            **_on_the_wall("due_local", row["due_at"], row["zone"]),
            "state": row["state"],
            "reason": row["reason"],
            "ended_at": row["ended_at"],
            "entry": reading.ids.of("entry", row["participant_id"], entry) if entry else None,
            "protocol_version": row["protocol_version"],
        }


def entries(reading: Reading) -> Iterator[Row]:
    statement = select(Entry.__table__).where(col(Entry.study_id) == reading.study_id)  # type: ignore[attr-defined]
    for row in reading.rows(statement):
        sent = orjson.loads(row["body"])
        yield {
            **sent["answers"],
            "entry": reading.ids.of("entry", row["participant_id"], row["id"]),
            **_whose(reading, row),
            "prompt": reading.ids.of("prompt", row["prompt_id"]) if row["prompt_id"] else None,
            **_when(row, sent),
            **_on_the_wall("completed_local", row["completed_at"], row["zone"]),
            "zone": row["zone"],
            "late": row["late"],
            "not_asked": ";".join(sent.get("not_asked", [])) or None,
        }


def assessments(reading: Reading) -> Iterator[Row]:
    statement = select(Assessment.__table__).where(col(Assessment.study_id) == reading.study_id)  # type: ignore[attr-defined]
    for row in reading.rows(statement):
        sent = orjson.loads(row["body"])
        yield {
            **sent["answers"],
            "assessment": reading.ids.of("assessment", row["participant_id"], row["id"]),
            **_whose(reading, row),
            "instrument": row["instrument"],
            "instrument_version": reading.instrument_versions.get(row["instrument"]),
            "wave": row["wave"],
            **_when(row, sent),
        }


def quarantine(reading: Reading) -> Iterator[Row]:
    statement = (
        select(Quarantined.__table__)  # type: ignore[attr-defined]
        .join(Participant, col(Participant.id) == col(Quarantined.participant_id))
        .where(col(Participant.study_id) == reading.study_id)
    )
    for row in reading.rows(statement):
        yield {
            "id": reading.ids.of(row["kind"], row["participant_id"], row["id"]),
            "kind": row["kind"],
            "reason": row["reason"],
            "received_at": row["received_at"],
            "body": _without_study_ids(reading, row["participant_id"], row["body"]),
        }


READERS: dict[str, Callable[[Reading], Iterator[Row]]] = {
    "professionals": professionals,
    "dyads": dyads,
    "prompts": prompts,
    "entries": entries,
    "assessments": assessments,
    "quarantine": quarantine,
}


ID_PARTS = {"entry_id": "entry", "assessment_id": "assessment", "dyad_id": "dyad", "prompt_id": "prompt"}


def _without_study_ids(reading: Reading, participant_id: str, body: str) -> str:
    """What was sent, with this bundle's ids for the study's own: those would join one bundle with another."""
    sent = orjson.loads(body)
    for name, kind in ID_PARTS.items():
        if isinstance(sent.get(name), str):
            owner = (participant_id,) if kind in ("entry", "assessment") else ()
            sent[name] = reading.ids.of(kind, *owner, sent[name])
    return orjson.dumps(sent).decode()


def _whose(reading: Reading, row: Any) -> Row:
    return {
        "professional": reading.ids.of("professional", row["participant_id"]),
        "dyad": reading.ids.of("dyad", row["dyad_id"]),
    }


def _when(row: Any, sent: Row) -> Row:
    return {
        "protocol_version": row["protocol_version"],
        "started_at": row["started_at"],
        "completed_at": row["completed_at"],
        "received_at": row["received_at"],
        "seconds": round((row["completed_at"] - row["started_at"]).total_seconds(), 3),
        "language": sent["language"],
    }


def _on_the_wall(name: str, instant: datetime, zone: str) -> Row:
    local = instant.astimezone(_zone(zone))
    offset = local.utcoffset()
    assert offset is not None
    return {
        name: local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"),
        "utc_offset_minutes": int(offset.total_seconds() // 60),
    }


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
