"""Joining, and what the phone reads when it starts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.db import Db, DbForReading
from api.me.describe import describe_me
from api.me.models import Me, ProtocolShape
from api.participants.access import MyselfToRead
from api.participants.enrol import enrol
from api.participants.models import EnrolmentAsked
from api.protocols.published import get_protocol
from api.web import NOT_SIGNED_IN, Now, refusals

router = APIRouter(prefix="/api/v1", tags=["me"])


@router.post("/enrolments", status_code=201, responses=refusals(404, 422))
def enrol_participant(asked: EnrolmentAsked, request: Request, db: Db, now: Now) -> Me:
    """Join with an invitation. A phone that lost the answer asks again with the same code and token."""
    return describe_me(db, enrol(db, asked, now=now), vapid_public_key=request.app.state.vapid_public_key)


@router.get("/me", responses=NOT_SIGNED_IN)
def read_me(request: Request, me: MyselfToRead, db: DbForReading) -> Me:
    """The person, their study and their dyads."""
    return describe_me(db, me, vapid_public_key=request.app.state.vapid_public_key)


@router.get("/protocol", responses={**NOT_SIGNED_IN, **refusals(404)})
def read_my_protocol(
    me: MyselfToRead, db: DbForReading, version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
) -> ProtocolShape:
    """The person's protocol, or another published version of their study."""
    found = get_protocol(db, me.study_id, version or me.protocol_version)
    return ProtocolShape(
        study=found.document["study"], version=found.version, sha256=found.sha256, protocol=found.document
    )
