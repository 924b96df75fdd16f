"""Inviting: a code of its own for each, in the trail without the code."""

from __future__ import annotations

from sqlmodel import select

from api.audit import AuditRecord
from api.clock import SetClock
from api.db import Stores, transaction
from api.participants.invite import invitation_link
from api.studies.models import Study
from tests.support.cast import make_code


def test_each_code_is_another_and_each_is_in_the_trail(stores: Stores, study: Study, clock: SetClock) -> None:
    codes = {make_code(stores, study, clock) for _ in range(20)}
    assert len(codes) == 20
    assert all(len(code) == 26 for code in codes)
    with transaction(stores.main) as session:
        trail = list(session.exec(select(AuditRecord).where(AuditRecord.verb == "participant.invite")))
    assert len(trail) == 20
    assert {row.role for row in trail} == {"operator"}
    assert not any(code in str([row.model_dump() for row in trail]) for code in codes)


def test_the_code_stands_behind_the_hash_where_no_server_sees_it() -> None:
    assert invitation_link("https://diary.example.org/", "ABC") == "https://diary.example.org/app/join#ABC"
