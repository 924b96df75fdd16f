"""Keep entries: insert or compare, many in one transaction.

Same id and same bytes: the same receipt. Same id and other bytes: kept beside the first and flagged. What
does not fit the protocol goes to quarantine. Only a token that is none, or a body that is no entry, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import Connection, insert

from api.entries.desk import Desk, Person, Sent, read_desk
from api.entries.models import Entry, EntryGiven
from api.errors import NotSignedIn
from api.prompts.answer import Answer, answer_prompts
from api.prompts.models import State
from api.protocols.engine import problems
from api.protocols.published import document
from api.quarantine import Quarantined, Why, receipt
from api.receipts import Receipt

ANSWERED_ALL_THE_SAME = (Why.VERSION_UNKNOWN, Why.DOES_NOT_FIT, Why.ZONE_UNKNOWN)


def keep_entries(connection: Connection, batch: Sequence[Sent], *, now: datetime) -> list[Receipt | NotSignedIn]:
    """Keep a batch within the caller's transaction; one receipt or refusal each, in order."""
    desk = read_desk(connection, batch)
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
        if prompt.entry_id is not None:
            return Why.PROMPT_ANSWERED_BEFORE
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
    _answer(desk, person, entry, entry.entry_id, "answered_late" if late else "answered")
    return receipt(entry.entry_id, sent.content_sha256, now)


def _answer(desk: Desk, person: Person, entry: EntryGiven, entry_id: str | None, reason: str) -> None:
    if entry.prompt_id is None:
        return
    prompt = desk.prompts[entry.prompt_id]
    replaced = prompt.state == State.SUPERSEDED.value
    desk.answers.append(Answer(entry.prompt_id, person.id, entry_id, reason, entry.opened_at, replaced=replaced))
    desk.prompts[entry.prompt_id] = replace(prompt, state=State.ANSWERED.value, entry_id=entry_id)


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
    if why in ANSWERED_ALL_THE_SAME and _own_prompt(desk, person, sent.entry):
        # The person did answer; that it could not be read is not their silence.
        _answer(desk, person, sent.entry, None, "answer_in_quarantine")
    return receipt(sent.entry.entry_id, sent.content_sha256, now, why.value)


def _own_prompt(desk: Desk, person: Person, entry: EntryGiven) -> bool:
    prompt = desk.prompts.get(entry.prompt_id or "")
    return prompt is not None and (prompt.participant_id, prompt.dyad_id) == (person.id, entry.dyad_id)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
