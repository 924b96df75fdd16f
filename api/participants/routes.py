"""What anyone with an invitation may ask before joining."""

from __future__ import annotations

from fastapi import APIRouter

from api.db import DbForReading
from api.participants.enrol import look_up
from api.participants.models import CodeGiven, InvitationShape
from api.web import Now, refusals

router = APIRouter(prefix="/api/v1/invitations", tags=["participants"])


@router.post("/lookup", responses=refusals(404, 422))
def look_up_invitation(given: CodeGiven, db: DbForReading, now: Now) -> InvitationShape:
    """What the invitation is for. Asked with POST, so that the code stands in no address and no log."""
    return look_up(db, given.code, now=now)
