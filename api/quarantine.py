"""What does not fit is kept apart and visible, never refused: the person has done their part."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Text
from sqlmodel import Field

from api.clock import iso
from api.db import Instant, MainTable
from api.receipts import Kept, Receipt


class Why(StrEnum):
    CONFLICT = "same_id_other_content"
    STUDY_UNKNOWN = "study_unknown"
    VERSION_UNKNOWN = "protocol_version_unknown"
    DYAD_UNKNOWN = "dyad_unknown"
    PROMPT_UNKNOWN = "prompt_unknown"
    PROMPT_OF_ANOTHER_DYAD = "prompt_of_another_dyad"
    PROMPT_ANSWERED_BEFORE = "prompt_answered_before"
    INSTRUMENT_UNKNOWN = "instrument_unknown"
    ZONE_UNKNOWN = "zone_unknown"
    DOES_NOT_FIT = "answers_do_not_fit_the_protocol"


class Quarantined(MainTable, table=True):
    __tablename__ = "quarantined"

    participant_id: str = Field(primary_key=True, foreign_key="participant.id", max_length=32)
    id: str = Field(primary_key=True, max_length=32)
    content_sha256: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=20)
    reason: str = Field(max_length=60)
    body: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_type=Instant)


def receipt(id: str, content_sha256: str, received_at: datetime, reason: str | None = None) -> Receipt:
    """The receipt of a row that stands in the database: the same row gives the same receipt, always."""
    kept = Kept.STORED if reason is None else Kept.CONFLICT if reason == Why.CONFLICT else Kept.QUARANTINED
    return Receipt(id=id, content_sha256=content_sha256, kept=kept, reason=reason, received_at=iso(received_at))
