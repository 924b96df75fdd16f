"""A dyad: one professional with one client. The server knows a random number, never a name."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel
from sqlmodel import Field

from api.db import Instant, MainTable


class Dyad(MainTable, table=True):
    __tablename__ = "dyad"

    id: str = Field(primary_key=True, max_length=32)
    participant_id: str = Field(foreign_key="participant.id", index=True, max_length=32)
    # The person's own order, from 1: rotation follows it.
    place: int
    started_on: date
    ended_on: date | None = None
    end_reason: str | None = Field(default=None, max_length=40)
    added_at: datetime = Field(sa_type=Instant)


class DyadGiven(BaseModel):
    started_on: date


class DyadShape(BaseModel):
    dyad_id: str
    started_on: date
