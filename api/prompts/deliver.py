"""Deliver what is due: lease, send, done. Any number of workers; a crash at any point repeats, never loses.

A lease is a conditional UPDATE. A worker that dies leaves a lease that runs out, and another worker sends
again; the phone replaces a notification that carries the same tag, so nobody is asked twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, or_, update
from sqlmodel import Session, col, select

from api.auth.secrets import new_id
from api.clock import Clock, SetClock, iso
from api.db import transaction
from api.participants.models import Participant
from api.prompts.models import Delivery, Prompt, PushSubscription, State
from api.prompts.push import Outcome, PushSender, Target
from api.protocols.published import document

LEASED_FOR = timedelta(seconds=60)
TO_SETTLE = timedelta(seconds=20)  # one send at its longest, and some
THREADS = 16
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(minutes=15)
AT_ONCE = 48
log = structlog.get_logger()
STILL_TO_SEND = (Delivery.WAITING.value, Delivery.RETRY.value)


@dataclass(frozen=True)
class Leased:
    """A due prompt in this worker's hands, with all that its message needs."""

    id: str
    lease_key: str
    participant_id: str
    attempts: int
    expires_at: datetime
    payload: dict[str, Any]
    target: Target | None


def deliver_due(
    engine: Engine,
    sender: PushSender | None,
    *,
    public_url: str,
    now: datetime,
    clock: Clock | None = None,
) -> int:
    """Handle one handful of due prompts. Returns how many, so that the caller knows whether to go on.

    `clock` tells the instant of each sending and settling; without one, all of them are `now`.
    """
    clock = clock or SetClock(now)
    with transaction(engine) as session:
        leased = lease_due(session, public_url=public_url, now=now)
    reachable = [prompt for prompt in leased if sender is not None and prompt.target is not None]
    with transaction(engine) as session:
        for prompt in leased:
            if prompt not in reachable:
                settle(session, prompt, Outcome(Delivery.NO_SUBSCRIPTION, "no live subscription"), now=now)
    if sender is not None and reachable:
        _send(engine, sender, reachable, clock, until=now + LEASED_FOR - TO_SETTLE)
    return len(leased)


def _send(engine: Engine, sender: PushSender, prompts: list[Leased], clock: Clock, *, until: datetime) -> None:
    """Send to all, several at a time, and settle each as soon as its push service has answered: a lease that
    ran out before it was settled would make another worker send again."""
    with ThreadPoolExecutor(max_workers=min(THREADS, len(prompts))) as threads:
        sending = {threads.submit(_attempt, prompt, sender, clock, until): prompt for prompt in prompts}
        for done in as_completed(sending):
            outcome = done.result()
            if outcome is not None:
                with transaction(engine) as session:
                    settle(session, sending[done], outcome, now=clock.now())


def _attempt(prompt: Leased, sender: PushSender, clock: Clock, until: datetime) -> Outcome | None:
    """One attempt, or None when the lease is too far gone to begin: then the next round takes the prompt."""
    now = clock.now()
    if now >= until or prompt.target is None:
        return None
    try:
        return sender.send(
            prompt.target, prompt.payload, topic=prompt.id, ttl=int((prompt.expires_at - now).total_seconds())
        )
    except Exception as error:
        # One message that cannot be made must not take the others of its handful down.
        log.error("push failed", error=type(error).__name__)
        return Outcome(Delivery.RETRY, type(error).__name__)


def lease_due(session: Session, *, public_url: str, now: datetime, limit: int = AT_ONCE) -> list[Leased]:
    """Take due prompts that nobody holds. No two workers get the same row."""
    key = new_id()
    due = (
        select(col(Prompt.id))
        .where(
            col(Prompt.state).in_((State.PLANNED.value, State.OPEN.value)),
            col(Prompt.delivery).in_(STILL_TO_SEND),
            col(Prompt.due_at) <= now,
            col(Prompt.expires_at) > now,
            or_(col(Prompt.lease_until).is_(None), col(Prompt.lease_until) <= now),
            or_(col(Prompt.next_attempt_at).is_(None), col(Prompt.next_attempt_at) <= now),
        )
        .order_by(col(Prompt.due_at), col(Prompt.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session.connection().execute(
        update(Prompt)
        .where(col(Prompt.id).in_(due.scalar_subquery()))
        .values(lease_key=key, lease_until=now + LEASED_FOR, attempts=col(Prompt.attempts) + 1, state=State.OPEN.value)
        .execution_options(synchronize_session=False)
    )
    return _with_messages(session, key, public_url) if taken.rowcount else []


def _with_messages(session: Session, key: str, public_url: str) -> list[Leased]:
    rows = session.exec(
        select(Prompt, Participant, PushSubscription)
        .join(Participant, col(Participant.id) == col(Prompt.participant_id))
        .outerjoin(
            PushSubscription,
            (col(PushSubscription.participant_id) == col(Prompt.participant_id))
            & col(PushSubscription.ended_at).is_(None),
        )
        .where(col(Prompt.lease_key) == key)
        .order_by(col(Prompt.due_at), col(Prompt.id))
        # The UPDATE went past the session, so rows it holds already must be read again.
        .execution_options(populate_existing=True)
    )
    return [
        Leased(
            id=prompt.id,
            lease_key=key,
            attempts=prompt.attempts,
            expires_at=prompt.expires_at,
            payload=message(session, prompt, person, public_url),
            target=Target(to.endpoint, to.p256dh, to.auth) if to else None,
            participant_id=person.id,
        )
        for prompt, person, to in rows
    ]


def message(session: Session, prompt: Prompt, person: Participant, public_url: str) -> dict[str, Any]:
    """The push message: neutral words and ids. The phone puts the nickname in; the server has none."""
    protocol = document(session.connection(), person.study_id, prompt.protocol_version)
    assert protocol is not None, "a prompt names a published version"
    words = protocol["notifications"]["diary"]
    return {
        "web_push": 8030,
        "notification": {
            "title": words["neutral_title"][person.language],
            "body": words["body"][person.language],
            "navigate": f"{public_url.rstrip('/')}/app/diary/{prompt.id}",
            "tag": prompt.id,
            "lang": person.language,
        },
        "template": "diary",
        "prompt": {
            "id": prompt.id,
            "dyad_id": prompt.dyad_id,
            "due_at": iso(prompt.due_at),
            "expires_at": iso(prompt.expires_at),
        },
    }


def settle(session: Session, prompt: Leased, outcome: Outcome, *, now: datetime) -> None:
    """Write down what came of the attempt, unless the lease ran out and another worker has the row."""
    values: dict[str, Any] = {"delivery": outcome.delivery.value, "lease_key": None, "lease_until": None}
    if outcome.delivery is Delivery.ACCEPTED:
        values["sent_at"] = now
    if outcome.delivery is Delivery.RETRY:
        values["next_attempt_at"] = now + retry_after(prompt.attempts, outcome)
    session.connection().execute(
        update(Prompt).where(col(Prompt.id) == prompt.id, col(Prompt.lease_key) == prompt.lease_key).values(**values)
    )
    if outcome.delivery is Delivery.GONE and prompt.target is not None:
        _end_subscription(session, prompt, now)


def retry_after(attempts: int, outcome: Outcome) -> timedelta:
    """Twice as long each time, at most a quarter of an hour, and never sooner than the service asked."""
    wait: timedelta = min(FIRST_RETRY * 2 ** max(0, attempts - 1), LONGEST_RETRY)
    return max(wait, timedelta(seconds=min(outcome.retry_after or 0.0, 86_400.0)))


def _end_subscription(session: Session, prompt: Leased, now: datetime) -> None:
    # Only the address that was tried: the phone may have reported a new one in the meantime.
    assert prompt.target is not None
    session.connection().execute(
        update(PushSubscription)
        .where(
            col(PushSubscription.participant_id) == prompt.participant_id,
            col(PushSubscription.endpoint) == prompt.target.endpoint,
            col(PushSubscription.ended_at).is_(None),
        )
        .values(ended_at=now)
    )
