"""An assessment: a questionnaire outside the diary, about one dyad."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from pydantic import Field as Limit
from sqlalchemy import Column, Text
from sqlmodel import Field

from api.db import Instant, MainTable
from api.receipts import PhoneInstant, RandomId


class Assessment(MainTable, table=True):
    __tablename__ = "assessment"

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    id: str = Field(primary_key=True, max_length=32)
    study_id: str = Field(foreign_key="study.id", index=True, max_length=32)
    dyad_id: str = Field(foreign_key="dyad.id", index=True, max_length=32)
    instrument: str = Field(max_length=60)
    wave: str = Field(max_length=40)
    protocol_version: int
    started_at: datetime = Field(sa_type=Instant)
    completed_at: datetime = Field(sa_type=Instant)
    content_sha256: str = Field(max_length=64)
    body: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_type=Instant)


class AssessmentGiven(BaseModel):
    assessment_id: RandomId
    dyad_id: RandomId
    instrument: str = Limit(max_length=60)
    wave: Literal["baseline"]
    study: str = Limit(max_length=60)
    protocol_version: int = Limit(ge=1, le=1_000_000)
    started_at: PhoneInstant
    completed_at: PhoneInstant
    zone: str = Limit(max_length=60)
    language: str = Limit(max_length=5)
    answers: dict[str, Any] = Limit(max_length=500)
    timing: dict[str, float] = Limit(default={}, max_length=500)
