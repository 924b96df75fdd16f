"""Invite someone: a code that works once, until it expires. Only its hash is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from api.audit import record
from api.auth.secrets import hash_secret, new_code, new_id
from api.participants.models import Invitation
from api.studies.models import Study
from api.verbs import Role

VALID_FOR = timedelta(days=31)


def invite(session: Session, study: Study, *, now: datetime, valid_for: timedelta = VALID_FOR) -> str:
    """Make an invitation and return its code, which is nowhere else to be had."""
    code = new_code()
    invitation = Invitation(
        id=new_id(), study_id=study.id, code_hash=hash_secret(code), made_at=now, expires_at=now + valid_for
    )
    session.add(invitation)
    record(session, at=now, role=Role.OPERATOR, verb="participant.invite", study_id=study.id, subject_id=invitation.id)
    session.flush()
    return code


def invitation_link(public_url: str, code: str) -> str:
    """The link of an invitation. The code stands behind the #, which browsers never send to a server."""
    return f"{public_url.rstrip('/')}/app/join#{code}"
