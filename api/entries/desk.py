"""What the database already holds about a batch of entries, read at once, and what the batch adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from api.dyads.models import Dyad
from api.entries.models import Entry, EntryGiven
from api.participants.models import Device, Participant
from api.prompts.answer import Answer
from api.prompts.models import Prompt
from api.quarantine import Quarantined
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
    state: str
    entry_id: str | None


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


def read_desk(connection: Connection, batch: Sequence[Sent]) -> Desk:
    """Five reads for the whole batch, however many entries it has."""
    people = _people(connection, {sent.token_hash for sent in batch})
    ids = {sent.entry.entry_id for sent in batch}
    owners = {person.id for person in people.values()}
    dyads = select(col(Dyad.id), col(Dyad.participant_id)).where(col(Dyad.id).in_({s.entry.dyad_id for s in batch}))
    prompts = select(
        col(Prompt.id),
        col(Prompt.participant_id),
        col(Prompt.dyad_id),
        col(Prompt.expires_at),
        col(Prompt.state),
        col(Prompt.entry_id),
    ).where(col(Prompt.id).in_({sent.entry.prompt_id for sent in batch if sent.entry.prompt_id}))
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
        prompts={row.id: KnownPrompt(*row[1:]) for row in connection.execute(prompts)},
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
