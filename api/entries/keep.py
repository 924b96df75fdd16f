"""Keep entries: insert or compare, many in one transaction.

Same id and same bytes: the same receipt. Same id and other bytes: kept beside the first and flagged. What
does not fit the protocol goes to quarantine. Only a token that is none, or a body that is no entry, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection, insert, select
from sqlmodel import col

from api.dyads.models import Dyad
from api.entries.models import Entry, EntryGiven
from api.errors import NotSignedIn
from api.participants.models import Device, Participant
from api.prompts.answer import Answer, answer_prompts
from api.prompts.models import Prompt
from api.protocols.engine import problems
from api.protocols.published import document
from api.quarantine import Quarantined, Why, receipt
from api.receipts import Receipt
from api.studies.models import Study


@dataclass(frozen=True)
class Sent:
    """One request: who sent it (hash of the device token), what it says, and its exact bytes with their hash."""

    token_hash: str
    entry: EntryGiven
    body: str
    content_sha256: str


@dataclass(frozen=True)
class Person:
    id: str
    study_id: str
    study: str


@dataclass(frozen=True)
class KnownPrompt:
    participant_id: str
    dyad_id: str
    expires_at: datetime


@dataclass
class Desk:
    """What the database already holds about a batch, and what the batch adds to it."""

    people: dict[str, Person]
    dyads: dict[str, str]
    prompts: dict[str, KnownPrompt]
    entries: dict[tuple[str, str], tuple[str, datetime]]
    apart: dict[tuple[str, str, str], tuple[str, datetime]]
    new_entries: list[dict[str, Any]] = field(default_factory=list)
    new_apart: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def keep_entries(connection: Connection, batch: Sequence[Sent], *, now: datetime) -> list[Receipt | NotSignedIn]:
    """Keep a batch within the caller's transaction; one receipt or refusal each, in order."""
    desk = _desk(connection, batch)
    results = [_keep(connection, desk, sent, now) for sent in batch]
    if desk.new_entries:
        connection.execute(insert(Entry), desk.new_entries)
    if desk.new_apart:
        connection.execute(insert(Quarantined), desk.new_apart)
    answer_prompts(connection, desk.answers, now=now)
    return results


def _keep(connection: Connection, desk: Desk, sent: Sent, now: datetime) -> Receipt | NotSignedIn:
    person = desk.people.get(sent.token_hash)
    if person is None:
        return NotSignedIn()
    key = (person.id, sent.entry.entry_id)
    apart = desk.apart.get((*key, sent.content_sha256))
    if apart is not None:
        return receipt(sent.entry.entry_id, sent.content_sha256, apart[1], apart[0])
    before = desk.entries.get(key)
    if before is not None and before[0] == sent.content_sha256:
        return receipt(sent.entry.entry_id, sent.content_sha256, before[1])
    why = Why.CONFLICT if before is not None else _misfit(connection, desk, person, sent.entry)
    if why is not None:
        return _set_apart(desk, person, sent, why, now)
    return _store(desk, person, sent, now)


def _misfit(connection: Connection, desk: Desk, person: Person, entry: EntryGiven) -> Why | None:
    """Why the entry cannot stand among the others, or None when it can."""
    if entry.study != person.study:
        return Why.STUDY_UNKNOWN
    if desk.dyads.get(entry.dyad_id) != person.id:
        return Why.DYAD_UNKNOWN
    if entry.prompt_id is not None:
        prompt = desk.prompts.get(entry.prompt_id)
        if prompt is None or prompt.participant_id != person.id:
            return Why.PROMPT_UNKNOWN
        if prompt.dyad_id != entry.dyad_id:
            return Why.PROMPT_OF_ANOTHER_DYAD
    if entry.zone not in _zones():
        return Why.ZONE_UNKNOWN
    protocol = document(connection, person.study_id, entry.protocol_version)
    if protocol is None:
        return Why.VERSION_UNKNOWN
    if problems(protocol["diary"]["items"], protocol.get("scales", {}), entry.answers):
        return Why.DOES_NOT_FIT
    return None


def _store(desk: Desk, person: Person, sent: Sent, now: datetime) -> Receipt:
    entry = sent.entry
    late = entry.prompt_id is not None and entry.completed_at > desk.prompts[entry.prompt_id].expires_at
    desk.new_entries.append(
        {
            "participant_id": person.id,
            "id": entry.entry_id,
            "study_id": person.study_id,
            "dyad_id": entry.dyad_id,
            "prompt_id": entry.prompt_id,
            "protocol_version": entry.protocol_version,
            "started_at": entry.started_at,
            "completed_at": entry.completed_at,
            "zone": entry.zone,
            "late": late,
            "content_sha256": sent.content_sha256,
            "body": sent.body,
            "received_at": now,
        }
    )
    desk.entries[(person.id, entry.entry_id)] = (sent.content_sha256, now)
    if entry.prompt_id is not None:
        desk.answers.append(Answer(entry.prompt_id, person.id, entry.entry_id, late, entry.opened_at))
    return receipt(entry.entry_id, sent.content_sha256, now)


def _set_apart(desk: Desk, person: Person, sent: Sent, why: Why, now: datetime) -> Receipt:
    desk.new_apart.append(
        {
            "participant_id": person.id,
            "id": sent.entry.entry_id,
            "content_sha256": sent.content_sha256,
            "kind": "entry",
            "reason": why.value,
            "body": sent.body,
            "received_at": now,
        }
    )
    desk.apart[(person.id, sent.entry.entry_id, sent.content_sha256)] = (why.value, now)
    return receipt(sent.entry.entry_id, sent.content_sha256, now, why.value)


def _desk(connection: Connection, batch: Sequence[Sent]) -> Desk:
    """Five reads for the whole batch, however many entries it has."""
    people = _people(connection, {sent.token_hash for sent in batch})
    ids = {sent.entry.entry_id for sent in batch}
    owners = {person.id for person in people.values()}
    dyads = select(col(Dyad.id), col(Dyad.participant_id)).where(col(Dyad.id).in_({s.entry.dyad_id for s in batch}))
    prompts = select(col(Prompt.id), col(Prompt.participant_id), col(Prompt.dyad_id), col(Prompt.expires_at)).where(
        col(Prompt.id).in_({sent.entry.prompt_id for sent in batch if sent.entry.prompt_id})
    )
    entries = select(col(Entry.participant_id), col(Entry.id), col(Entry.content_sha256), col(Entry.received_at)).where(
        col(Entry.id).in_(ids), col(Entry.participant_id).in_(owners)
    )
    apart = select(
        col(Quarantined.participant_id),
        col(Quarantined.id),
        col(Quarantined.content_sha256),
        col(Quarantined.reason),
        col(Quarantined.received_at),
    ).where(col(Quarantined.id).in_(ids), col(Quarantined.participant_id).in_(owners))
    return Desk(
        people=people,
        dyads={row.id: row.participant_id for row in connection.execute(dyads)},
        prompts={
            row.id: KnownPrompt(row.participant_id, row.dyad_id, row.expires_at) for row in connection.execute(prompts)
        },
        entries={(r.participant_id, r.id): (r.content_sha256, r.received_at) for r in connection.execute(entries)},
        apart={
            (r.participant_id, r.id, r.content_sha256): (r.reason, r.received_at) for r in connection.execute(apart)
        },
    )


def _people(connection: Connection, token_hashes: Iterable[str]) -> dict[str, Person]:
    rows = connection.execute(
        select(col(Device.token_hash), col(Participant.id), col(Participant.study_id), col(Study.slug))
        .join(Participant, col(Participant.id) == col(Device.participant_id))
        .join(Study, col(Study.id) == col(Participant.study_id))
        .where(col(Device.token_hash).in_(token_hashes), col(Device.revoked_at).is_(None))
    )
    return {row.token_hash: Person(row.id, row.study_id, row.slug) for row in rows}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
