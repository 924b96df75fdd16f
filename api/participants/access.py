"""Who is asking: the guard returns the participant the device token belongs to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session, col, select

from api.auth.secrets import bearer_token, hash_secret
from api.db import Db, DbForReading
from api.errors import NotSignedIn
from api.participants.models import Device, Participant


def participant_of(session: Session, token: str) -> Participant:
    """The participant of a device token. Raises NotSignedIn for an unknown or revoked one."""
    found = session.exec(
        select(Participant)
        .join(Device, col(Device.participant_id) == col(Participant.id))
        .where(Device.token_hash == hash_secret(token), col(Device.revoked_at).is_(None))
    ).one_or_none()
    if found is None:
        raise NotSignedIn()
    return found


def me_for_writing(request: Request, db: Db) -> Participant:
    me = participant_of(db, bearer_token(request))
    # One person's changes queue up, so that "at most two" holds for requests that arrive together. SQLite has one
    # writer anyway; on PostgreSQL this lock lets entries, which only refer to the row, through.
    db.exec(select(Participant.id).where(Participant.id == me.id).with_for_update(key_share=True)).one()
    return me


def me_for_reading(request: Request, db: DbForReading) -> Participant:
    return participant_of(db, bearer_token(request))


MyselfToChange = Annotated[Participant, Depends(me_for_writing, scope="function")]
MyselfToRead = Annotated[Participant, Depends(me_for_reading, scope="function")]
