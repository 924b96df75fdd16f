"""A study: one piece of research, running on published versions of one protocol."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from api.db import Instant, MainTable


class Study(MainTable, table=True):
    __tablename__ = "study"

    id: str = Field(primary_key=True, max_length=32)
    slug: str = Field(unique=True, max_length=60)
    title: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    current_version: int
    # The simulator's parameters, where the study holds a simulated cohort; None otherwise.
    simulation: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    created_at: datetime = Field(sa_type=Instant)
