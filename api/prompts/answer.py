"""Mark prompts as answered. The first entry that reaches the server counts; an entry made in time but sent
late (no signal) still turns an expired prompt into an answered one, because the person did answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, update
from sqlmodel import col

from api.prompts.models import Prompt, State


@dataclass(frozen=True)
class Answer:
    prompt_id: str
    participant_id: str
    entry_id: str
    late: bool


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
        )
    )
    rows = [
        {
            "of_prompt": answer.prompt_id,
            "of_participant": answer.participant_id,
            "why": "answered_late" if answer.late else "answered",
            "by_entry": answer.entry_id,
        }
        for answer in answers
    ]
    connection.execute(statement, rows)
