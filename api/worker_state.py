"""The worker's sign of life, so that a health page can say whether prompts are being handled."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, Session

from api.db import Instant, MainTable


class Heartbeat(MainTable, table=True):
    __tablename__ = "heartbeat"

    worker: str = Field(primary_key=True, max_length=60)
    seen_at: datetime = Field(sa_type=Instant)


def beat(session: Session, worker: str, *, now: datetime) -> None:
    session.merge(Heartbeat(worker=worker, seen_at=now))
