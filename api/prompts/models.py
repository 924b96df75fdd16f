"""Prompts: each a slot of the plan decided for one person, as a row that ends in exactly one state."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel
from pydantic import Field as Limit
from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from api.db import Instant, MainTable
from api.receipts import PhoneInstant


class State(StrEnum):
    PLANNED = "planned"  # not handled by a worker yet
    OPEN = "open"  # due, handled, waiting for an answer
    ANSWERED = "answered"
    EXPIRED = "expired"  # its time ran out without an answer
    MISSED = "missed"  # the system was not there to handle it in time
    SUPERSEDED = "superseded"  # replaced by a row of a later plan


ENDED = (State.ANSWERED, State.EXPIRED, State.MISSED, State.SUPERSEDED)


class Delivery(StrEnum):
    WAITING = "waiting"  # no attempt yet
    ACCEPTED = "accepted"  # the push service took the message
    RETRY = "retry"  # an attempt failed and another follows
    NO_SUBSCRIPTION = "no_subscription"  # the phone shows it itself when opened
    GONE = "gone"  # the push service says the subscription is dead
    REFUSED = "refused"  # the push service refused the message for good


class Plan(MainTable, table=True):
    __tablename__ = "plan"

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    revision: int = Field(primary_key=True)
    reason: str = Field(max_length=60)
    starts_at: datetime = Field(sa_type=Instant)
    made_at: datetime = Field(sa_type=Instant)
    zone: str = Field(max_length=60)
    seed: int
    protocol_version: int
    dyad_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))


class Prompt(MainTable, table=True):
    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("participant_id", "slot", "revision"),
        Index("ix_prompt_state_due_at", "state", "due_at"),
        Index("ix_prompt_state_expires_at", "state", "expires_at"),
        Index("ix_prompt_participant_id_due_at", "participant_id", "due_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    participant_id: str = Field(foreign_key="participant.id", max_length=32)
    dyad_id: str = Field(foreign_key="dyad.id", index=True, max_length=32)
    slot: str = Field(max_length=60)
    revision: int
    protocol_version: int
    due_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    zone: str = Field(max_length=60)
    state: str = Field(default=State.PLANNED.value, max_length=20)
    reason: str | None = Field(default=None, max_length=60)
    delivery: str = Field(default=Delivery.WAITING.value, max_length=20)
    attempts: int = 0
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    lease_key: str | None = Field(default=None, max_length=32)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    shown_at: datetime | None = Field(default=None, sa_type=Instant)
    opened_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    entry_id: str | None = Field(default=None, max_length=32)


class PushSubscription(MainTable, table=True):
    __tablename__ = "push_subscription"

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    endpoint: str = Field(max_length=1024)
    p256dh: str = Field(max_length=120)
    auth: str = Field(max_length=40)
    reported_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class PromptShape(BaseModel):
    id: str
    dyad_id: str
    slot: str
    due_at: str
    expires_at: str
    state: State


class PromptList(BaseModel):
    as_of: str
    prompts: list[PromptShape]


class Sighting(BaseModel):
    """When the phone showed the notification, and when the person opened the form."""

    shown_at: PhoneInstant | None = None
    opened_at: PhoneInstant | None = None


class PushKeys(BaseModel):
    p256dh: str = Limit(min_length=80, max_length=120, pattern="^[A-Za-z0-9_=-]+$")
    auth: str = Limit(min_length=16, max_length=40, pattern="^[A-Za-z0-9_=-]+$")


class SubscriptionGiven(BaseModel):
    endpoint: str = Limit(max_length=1024)
    keys: PushKeys
