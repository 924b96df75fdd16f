"""Is the service well? One answer for people and for container engines."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import func
from sqlmodel import col, select

from api.clock import iso
from api.db import DbForReading
from api.web import Now
from api.worker_state import Heartbeat

router = APIRouter(prefix="/api/v1/health", tags=["health"])
SILENT_AFTER = timedelta(minutes=5)


class Health(BaseModel):
    """`well` when the database answers and a worker was seen in the last five minutes."""

    status: str
    database: str
    worker_seen_at: str | None


@router.get("")
def read_health(db: DbForReading, now: Now) -> Health:
    """Whether the database answers, and when a worker last gave a sign of life."""
    seen = db.exec(select(func.max(col(Heartbeat.seen_at)))).one()
    well = seen is not None and now - seen <= SILENT_AFTER
    return Health(
        status="well" if well else "no worker running",
        database=db.get_bind().dialect.name,
        worker_seen_at=iso(seen) if seen else None,
    )
