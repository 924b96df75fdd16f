"""Look up published versions. They never change, so each is read from the database once per process."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Pool, select
from sqlmodel import Session, col

from api.errors import NotFound
from api.protocols.models import PublishedProtocol

# By pool, because engines that differ only in their options share one.
_documents: dict[tuple[Pool, str, int], dict[str, Any]] = {}


def get_protocol(session: Session, study_id: str, version: int) -> PublishedProtocol:
    """The published version. Raises NotFound when there is none."""
    found = session.get(PublishedProtocol, (study_id, version))
    if found is None:
        raise NotFound()
    return found


def document(connection: Connection, study_id: str, version: int) -> dict[str, Any] | None:
    """The document of a published version, or None when the study never published it."""
    key = (connection.engine.pool, study_id, version)
    if key not in _documents:
        row = connection.execute(
            select(col(PublishedProtocol.document)).where(
                col(PublishedProtocol.study_id) == study_id, col(PublishedProtocol.version) == version
            )
        ).one_or_none()
        if row is None:
            return None
        _documents[key] = dict(row.document)
    return _documents[key]
