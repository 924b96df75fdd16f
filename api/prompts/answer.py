"""Mark prompts as answered. The first entry that reaches the server counts; an entry made in time but sent
late (no signal) still turns an expired prompt into an answered one, because the person did answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, update
from sqlmodel import col

from api.db import Instant
from api.prompts.models import Prompt, State


@dataclass(frozen=True)
class Answer:
    prompt_id: str
    participant_id: str
    entry_id: str
    late: bool
    opened_at: datetime | None


def answer_prompts(connection: Connection, answers: Sequence[Answer], *, now: datetime) -> None:
    """End the prompts as answered, with the entry's id; a prompt that is answered already stays as it is."""
    if not answers:
        return
    statement = (
        update(Prompt)
        .where(
            col(Prompt.id) == bindparam("of_prompt"),
            col(Prompt.participant_id) == bindparam("of_participant"),
            col(Prompt.state) != State.ANSWERED.value,
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
    rows = [
        {
            "of_prompt": answer.prompt_id,
            "of_participant": answer.participant_id,
            "why": "answered_late" if answer.late else "answered",
            "by_entry": answer.entry_id,
            "opened": answer.opened_at,
        }
        for answer in answers
    ]
    connection.execute(statement, rows)
