"""Publishing: once, whole, for ever; a mistake leaves the database as it was."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import SQLModel, select

from api.audit import AuditRecord
from api.clock import SetClock
from api.db import Stores, transaction
from api.errors import ProtocolWrong, Refused
from api.protocols.check import CheckedProtocol, check_text
from api.protocols.models import PublishedProtocol
from api.studies.models import Study
from tests.conftest import ROOT
from tests.support.cast import publish_study


def version(diary: CheckedProtocol, number: int, old: str = "", new: str = "") -> CheckedProtocol:
    text = (
        diary.text.replace("\nversion: 1\n", f"\nversion: {number}\n", 1).replace(old, new)
        if old
        else (diary.text.replace("\nversion: 1\n", f"\nversion: {number}\n", 1))
    )
    return check_text(text, file="p.yaml", instruments_dir=ROOT / "studies" / "instruments")


def everything(stores: Stores) -> list[Any]:
    tables: tuple[type[SQLModel], ...] = (Study, PublishedProtocol, AuditRecord)
    with transaction(stores.main) as session:
        return [row.model_dump() for table in tables for row in session.exec(select(table))]


def test_the_same_version_with_another_text_is_refused(
    stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    before = everything(stores)
    changed = version(diary, 1, "Boosheid", "Woede")
    with pytest.raises(Refused, match="above 1"):
        publish_study(stores, changed, clock)
    assert everything(stores) == before


def test_an_older_version_is_refused(stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock) -> None:
    publish_study(stores, version(diary, 5), clock)
    before = everything(stores)
    with pytest.raises(Refused, match="above 5"):
        publish_study(stores, version(diary, 4), clock)
    assert everything(stores) == before


def test_a_document_with_mistakes_changes_nothing(
    stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    before = everything(stores)
    with pytest.raises(ProtocolWrong):
        publish_study(stores, version(diary, 2, "points: valence", "points: valance"), clock)
    assert everything(stores) == before


def test_the_same_text_twice_is_one_publication(
    stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    before = everything(stores)
    assert publish_study(stores, diary, clock).id == study.id
    assert everything(stores) == before


def test_a_publication_is_in_the_trail(stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock) -> None:
    publish_study(stores, version(diary, 2), clock)
    with transaction(stores.main) as session:
        trail = list(session.exec(select(AuditRecord).where(AuditRecord.verb == "study.publish")))
        versions = {row.version: row.text for row in session.exec(select(PublishedProtocol))}
        assert session.exec(select(Study)).one().current_version == 2
    assert [(row.role, row.study_id, row.details) for row in trail] == [
        ("operator", study.id, {"version": number}) for number in (1, 2)
    ]
    assert versions[1] == diary.text, "what is published never changes"
