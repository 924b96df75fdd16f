"""Published versions of protocols. A row never changes once written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Text
from sqlmodel import Field

from api.db import Instant, MainTable


class PublishedProtocol(MainTable, table=True):
    __tablename__ = "published_protocol"

    study_id: str = Field(primary_key=True, foreign_key="study.id", max_length=32)
    version: int = Field(primary_key=True)
    sha256: str = Field(max_length=64)
    text: str = Field(sa_column=Column(Text, nullable=False))
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    published_at: datetime = Field(sa_type=Instant)
