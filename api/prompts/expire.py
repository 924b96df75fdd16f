"""End the prompts whose time has run out, each with its reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, update
from sqlmodel import Session, col

from api.prompts.models import Delivery, Prompt, State

REASONS = {
    Delivery.NO_SUBSCRIPTION.value: "no_answer_and_no_notification",
    Delivery.RETRY.value: "no_answer_and_push_failed",
    Delivery.GONE.value: "no_answer_and_subscription_gone",
    Delivery.REFUSED.value: "no_answer_and_push_refused",
}


def expire_overdue(session: Session, *, now: datetime) -> int:
    """End every overdue prompt: missed where no worker ever handled it, expired otherwise. Returns how many."""
    connection = session.connection()
    missed = connection.execute(
        update(Prompt)
        .where(col(Prompt.state) == State.PLANNED.value, col(Prompt.expires_at) <= now)
        .values(state=State.MISSED.value, reason="worker_not_running", ended_at=now)
    )
    # Taken by a worker that never came back: the system's fault, not the person's silence.
    dropped = connection.execute(
        update(Prompt)
        .where(
            col(Prompt.state) == State.OPEN.value,
            col(Prompt.delivery) == Delivery.WAITING.value,
            col(Prompt.expires_at) <= now,
        )
        .values(state=State.MISSED.value, reason="worker_stopped_while_sending", ended_at=now)
    )
    expired = connection.execute(
        update(Prompt)
        .where(col(Prompt.state) == State.OPEN.value, col(Prompt.expires_at) <= now)
        .values(
            state=State.EXPIRED.value,
            reason=case(REASONS, value=col(Prompt.delivery), else_="no_answer"),
            ended_at=now,
        )
    )
    return int(missed.rowcount + dropped.rowcount + expired.rowcount)
