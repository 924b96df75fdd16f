"""The trail of who did what: written in the same transaction as the thing it records. No personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session

from api.db import Instant, MainTable
from api.verbs import VERBS, Role


class AuditRecord(MainTable, table=True):
    __tablename__ = "audit_record"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant, index=True)
    role: str = Field(max_length=20)
    actor_id: str | None = Field(default=None, max_length=64)
    verb: str = Field(max_length=40)
    study_id: str | None = Field(default=None, max_length=32, index=True)
    subject_id: str | None = Field(default=None, max_length=64)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def record(
    session: Session,
    *,
    at: datetime,
    role: Role,
    verb: str,
    actor_id: str | None = None,
    study_id: str | None = None,
    subject_id: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one row to the trail. The verb must be in the role's row of `verbs.VERBS`."""
    if verb not in VERBS[role]:
        raise KeyError(f"{role} may not {verb}: the audit trail records only what the table allows")
    session.add(
        AuditRecord(
            at=at,
            role=role.value,
            actor_id=actor_id,
            verb=verb,
            study_id=study_id,
            subject_id=subject_id,
            details=details or {},
        )
    )
