"""Gather what a phone needs to know about its own person."""

from __future__ import annotations

from sqlmodel import Session, col, select

from api.assessments.keep import kept_baselines
from api.dyads.models import Dyad
from api.me.models import DyadOfMine, Me
from api.participants.models import Participant
from api.studies.models import Study


def describe_me(session: Session, person: Participant, *, vapid_public_key: str | None) -> Me:
    study = session.exec(select(Study).where(Study.id == person.study_id)).one()
    done = kept_baselines(session, person)
    dyads = session.exec(select(Dyad).where(Dyad.participant_id == person.id).order_by(col(Dyad.place)))
    return Me(
        pseudonym=person.pseudonym,
        study=study.slug,
        title=study.title,
        language=person.language,
        zone=person.zone,
        protocol_version=person.protocol_version,
        simulated=person.simulated,
        vapid_public_key=vapid_public_key,
        dyads=[
            DyadOfMine(dyad_id=dyad.id, started_on=dyad.started_on, baseline=sorted(done.get(dyad.id, [])))
            for dyad in dyads
        ],
    )
