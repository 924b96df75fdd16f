"""Add a dyad under the random id the phone made for it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.dyads.models import Dyad
from api.errors import DyadsFull, NotFound
from api.participants.models import Participant
from api.protocols.published import get_protocol


def add_dyad(session: Session, owner: Participant, dyad_id: str, *, started_on: date, now: datetime) -> Dyad:
    """Add the dyad, or return it when it is there already.

    Raises NotFound when the id is someone else's, DyadsFull over the protocol's number.
    """
    there = session.get(Dyad, dyad_id)
    if there is not None:
        if there.participant_id != owner.id:
            raise NotFound()
        return there
    going = select(func.count()).select_from(Dyad).where(col(Dyad.participant_id) == owner.id)
    protocol = get_protocol(session, owner.study_id, owner.protocol_version)
    if session.exec(going.where(col(Dyad.ended_on).is_(None))).one() >= protocol.document["dyads"]["at_most"]:
        raise DyadsFull()
    dyad = Dyad(
        id=dyad_id,
        participant_id=owner.id,
        place=session.exec(going).one() + 1,
        started_on=started_on,
        added_at=now,
    )
    session.add(dyad)
    session.flush()
    return dyad
