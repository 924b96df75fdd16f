"""Publish a protocol: the study is made or moves to the new version; nothing published ever changes."""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson
from sqlmodel import Session, select

from api.audit import record
from api.auth.secrets import new_id
from api.errors import Refused
from api.protocols.check import CheckedProtocol
from api.protocols.models import PublishedProtocol
from api.studies.models import Study
from api.verbs import Role


def publish(session: Session, checked: CheckedProtocol, *, now: datetime) -> Study:
    """Store a checked protocol as the study's current version. The same text twice is one publication.

    Raises Refused when the version is there with another text, or is not newer than the current one.
    """
    study = session.exec(select(Study).where(Study.slug == checked.study)).one_or_none()
    digest = content_digest(checked)
    if study is not None:
        there = session.get(PublishedProtocol, (study.id, checked.version))
        if there is not None and there.sha256 == digest:
            return study
        if there is not None or checked.version <= study.current_version:
            raise Refused(
                f"Version {checked.version} of {checked.study} is already published with another text. "
                f"Give the document a version above {study.current_version}."
            )
        study.current_version = checked.version
        study.title = dict(checked.document["title"])
    else:
        study = Study(
            id=new_id(),
            slug=checked.study,
            title=dict(checked.document["title"]),
            current_version=checked.version,
            created_at=now,
        )
    session.add(study)
    session.flush()
    session.add(
        PublishedProtocol(
            study_id=study.id,
            version=checked.version,
            sha256=digest,
            text=checked.text,
            document=checked.document,
            published_at=now,
        )
    )
    record(
        session,
        at=now,
        role=Role.OPERATOR,
        verb="study.publish",
        study_id=study.id,
        details={"version": checked.version},
    )
    session.flush()
    return study


def content_digest(checked: CheckedProtocol) -> str:
    """SHA-256 over the document and its instruments, so that a change in either is a change."""
    return hashlib.sha256(orjson.dumps(checked.document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def consent_sha256(text: str) -> str:
    """The hash by which a consent record names the text that was read."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
