"""People in a study, under a pseudonym; how they came in, what they agreed to, and the phone they use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic import Field as Limit
from sqlmodel import Field

from api.db import Instant, MainTable


class Invitation(MainTable, table=True):
    __tablename__ = "invitation"

    id: str = Field(primary_key=True, max_length=32)
    study_id: str = Field(foreign_key="study.id", index=True, max_length=32)
    code_hash: str = Field(unique=True, max_length=64)
    made_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Participant(MainTable, table=True):
    __tablename__ = "participant"

    id: str = Field(primary_key=True, max_length=32)
    study_id: str = Field(foreign_key="study.id", index=True, max_length=32)
    # None for the simulated: they came by no invitation.
    invitation_id: str | None = Field(default=None, foreign_key="invitation.id", unique=True, max_length=32)
    pseudonym: str = Field(unique=True, max_length=20)
    simulated: bool = False
    protocol_version: int
    zone: str = Field(max_length=60)
    language: str = Field(max_length=5)
    # From this number the person's plan is drawn; with it the plan can be made again and compared.
    seed: int
    enrolled_at: datetime = Field(sa_type=Instant)


class Consent(MainTable, table=True):
    __tablename__ = "consent"

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    version: int = Field(primary_key=True)
    language: str = Field(max_length=5)
    text_sha256: str = Field(max_length=64)
    agreed_at: datetime = Field(sa_type=Instant)


class Device(MainTable, table=True):
    __tablename__ = "device"

    token_hash: str = Field(primary_key=True, max_length=64)
    participant_id: str = Field(foreign_key="participant.id", index=True, max_length=32)
    added_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class CodeGiven(BaseModel):
    code: str = Limit(min_length=1, max_length=80)


class ConsentText(BaseModel):
    version: int
    text: dict[str, str]
    text_sha256: dict[str, str]


class InvitationShape(BaseModel):
    """What a person sees before deciding: the study and the text to agree to."""

    study: str
    title: dict[str, str]
    languages: list[str]
    terms: dict[str, Any]
    consent: ConsentText


class ConsentGiven(BaseModel):
    version: int
    language: str = Limit(max_length=5)
    text_sha256: str = Limit(min_length=64, max_length=64)
    agreed: bool


class EnrolmentAsked(BaseModel):
    code: str = Limit(min_length=1, max_length=80)
    device_token: str = Limit(pattern=r"^dyt_[A-Za-z0-9_-]{43}$")
    consent: ConsentGiven
    zone: str = Limit(max_length=60)
    language: str = Limit(max_length=5)
