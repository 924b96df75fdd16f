"""Mark prompts as answered. The first entry that reaches the server counts; an entry made in time but sent
late (no signal) still turns an expired prompt into an answered one, because the person did answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from api.db import Instant
from api.prompts.models import Prompt, State


@dataclass(frozen=True)
class Answer:
    """An answer to a prompt. entry_id: None when the entry is in quarantine; replaced: the phone still had the
    prompt of an earlier plan."""

    prompt_id: str
    participant_id: str
    entry_id: str | None
    reason: str
    opened_at: datetime | None
    replaced: bool = False


def answer_prompts(connection: Connection, answers: Sequence[Answer], *, now: datetime) -> None:
    """End the prompts as answered, with the entry's id; a prompt whose entry stands already stays as it is."""
    if not answers:
        return
    statement = (
        update(Prompt)
        .where(
            col(Prompt.id) == bindparam("of_prompt"),
            col(Prompt.participant_id) == bindparam("of_participant"),
            col(Prompt.entry_id).is_(None),
        )
        .values(
            state=State.ANSWERED.value,
            reason=bindparam("why"),
            entry_id=bindparam("by_entry"),
            ended_at=now,
            # Without a network nobody said when the form was opened; the entry does.
            opened_at=func.coalesce(col(Prompt.opened_at), bindparam("opened", type_=Instant)),
        )
    )
    connection.execute(statement, [_row(answer) for answer in answers])
    replaced = [{"of_prompt": answer.prompt_id} for answer in answers if answer.replaced]
    if replaced:
        _end_replacements(connection, replaced, now=now)


def _row(answer: Answer) -> dict[str, object]:
    return {
        "of_prompt": answer.prompt_id,
        "of_participant": answer.participant_id,
        "why": answer.reason,
        "by_entry": answer.entry_id,
        "opened": answer.opened_at,
    }


def _end_replacements(connection: Connection, replaced: list[dict[str, str]], *, now: datetime) -> None:
    """One place in the plan is asked once: when its earlier prompt was answered, the one in its place ends."""
    answered = aliased(Prompt)
    same_place = select(col(answered.participant_id), col(answered.slot)).where(
        col(answered.id) == bindparam("of_prompt"),
        col(answered.participant_id) == col(Prompt.participant_id),
        col(answered.slot) == col(Prompt.slot),
    )
    statement = (
        update(Prompt)
        .where(
            same_place.correlate(Prompt).exists(),
            col(Prompt.id) != bindparam("of_prompt"),
            col(Prompt.state).in_((State.PLANNED.value, State.OPEN.value)),
        )
        .values(state=State.SUPERSEDED.value, reason="answered_under_the_earlier_plan", ended_at=now)
        .execution_options(synchronize_session=False)
    )
    connection.execute(statement, replaced)
