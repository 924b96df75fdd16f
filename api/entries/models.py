"""An entry: one completed diary form. The exact bytes the phone sent are what is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic import Field as Limit
from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from api.db import Instant, MainTable
from api.receipts import PhoneInstant, RandomId


class Entry(MainTable, table=True):
    __tablename__ = "entry"
    __table_args__ = (Index("ix_entry_study_id_received_at", "study_id", "received_at"),)

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    id: str = Field(primary_key=True, max_length=32)
    study_id: str = Field(foreign_key="study.id", max_length=32)
    dyad_id: str = Field(foreign_key="dyad.id", index=True, max_length=32)
    prompt_id: str | None = Field(default=None, foreign_key="prompt.id", index=True, max_length=32)
    protocol_version: int
    started_at: datetime = Field(sa_type=Instant)
    completed_at: datetime = Field(sa_type=Instant)
    zone: str = Field(max_length=60)
    late: bool
    content_sha256: str = Field(max_length=64)
    body: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_type=Instant)


class EntryGiven(BaseModel):
    """What the phone sends. Answers are judged by the protocol, not here."""

    entry_id: RandomId
    dyad_id: RandomId
    prompt_id: RandomId | None = None
    study: str = Limit(max_length=60)
    protocol_version: int = Limit(ge=1, le=1_000_000)
    started_at: PhoneInstant
    opened_at: PhoneInstant | None = None
    completed_at: PhoneInstant
    zone: str = Limit(max_length=60)
    language: str = Limit(max_length=5)
    answers: dict[str, Any] = Limit(max_length=500)
    not_asked: list[str] = Limit(default=[], max_length=500)
    timing: dict[str, float] = Limit(default={}, max_length=500)
