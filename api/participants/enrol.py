"""Enrol a person: look the invitation up, take their agreement, give them a pseudonym and know their phone."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import update
from sqlmodel import Session, col, select

from api.audit import record
from api.auth.secrets import hash_secret, new_id, new_pseudonym, tidy_code
from api.errors import ConsentMismatch, InvitationUnusable, Malformed
from api.participants.models import (
    Consent,
    ConsentText,
    Device,
    EnrolmentAsked,
    Invitation,
    InvitationShape,
    Participant,
)
from api.protocols.models import PublishedProtocol
from api.protocols.publish import consent_sha256
from api.protocols.published import get_protocol
from api.studies.models import Study
from api.verbs import Role


def look_up(session: Session, code: str, *, now: datetime) -> InvitationShape:
    """What the invitation is for. Raises InvitationUnusable, the same for unknown, used and expired ones."""
    invitation = _invitation(session, code)
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= now:
        raise InvitationUnusable()
    study, protocol = _study_and_protocol(session, invitation.study_id)
    document = protocol.document
    text = document["consent"]["text"]
    return InvitationShape(
        study=study.slug,
        title=document["title"],
        languages=document["languages"],
        terms=document["terms"],
        consent=ConsentText(
            version=document["consent"]["version"],
            text=text,
            text_sha256={language: consent_sha256(words) for language, words in text.items()},
        ),
    )


def enrol(session: Session, asked: EnrolmentAsked, *, now: datetime) -> Participant:
    """Enrol once. The same code with the same device token again returns the same participant, so a phone
    that lost the answer may ask again.

    Raises InvitationUnusable, ConsentMismatch, Malformed (zone).
    """
    invitation = _invitation(session, asked.code)
    if invitation is None:
        raise InvitationUnusable()
    if invitation.used_at is not None:
        return _enrolled_before(session, invitation, asked.device_token)
    # Before anything else is judged, so that no other mistake tells an expired code from an unknown one.
    if invitation.expires_at <= now:
        raise InvitationUnusable()
    study, protocol = _study_and_protocol(session, invitation.study_id)
    _check_consent(protocol, asked)
    if asked.zone not in available_timezones():
        raise Malformed(f"{asked.zone!r} is not a time zone we know.")
    if not _claim(session, invitation, now):
        # Someone was quicker: another phone, or this one asking twice at the same moment.
        return _enrolled_before(session, invitation, asked.device_token)
    if session.get(Device, hash_secret(asked.device_token)) is not None:
        raise InvitationUnusable()
    participant = new_participant(session, study, zone=asked.zone, language=asked.language, now=now)
    participant.invitation_id = invitation.id
    session.add(Device(token_hash=hash_secret(asked.device_token), participant_id=participant.id, added_at=now))
    session.add(
        Consent(
            participant_id=participant.id,
            version=asked.consent.version,
            language=asked.consent.language,
            text_sha256=asked.consent.text_sha256,
            agreed_at=now,
        )
    )
    record(session, at=now, role=Role.ANYONE, verb="participant.enrol", study_id=study.id, subject_id=participant.id)
    session.flush()
    return participant


def new_participant(
    session: Session,
    study: Study,
    *,
    zone: str,
    language: str,
    now: datetime,
    simulated: bool = False,
    seed: int | None = None,
) -> Participant:
    """Add a participant row with a fresh pseudonym; the seed of the plan is drawn unless given."""
    participant = Participant(
        id=new_id(),
        study_id=study.id,
        pseudonym=new_pseudonym(),
        simulated=simulated,
        protocol_version=study.current_version,
        zone=zone,
        language=language,
        seed=secrets.randbelow(2**31) if seed is None else seed,
        enrolled_at=now,
    )
    session.add(participant)
    session.flush()
    return participant


def _invitation(session: Session, code: str) -> Invitation | None:
    return session.exec(select(Invitation).where(Invitation.code_hash == hash_secret(tidy_code(code)))).one_or_none()


def _enrolled_before(session: Session, invitation: Invitation, device_token: str) -> Participant:
    found = session.exec(
        select(Participant)
        .join(Device, col(Device.participant_id) == col(Participant.id))
        .where(
            Participant.invitation_id == invitation.id,
            Device.token_hash == hash_secret(device_token),
            col(Device.revoked_at).is_(None),
        )
    ).one_or_none()
    if found is None:
        raise InvitationUnusable()
    return found


def _claim(session: Session, invitation: Invitation, now: datetime) -> bool:
    # One conditional UPDATE: of any number of phones that try at once, one sees a changed row.
    claimed = session.connection().execute(
        update(Invitation)
        .where(col(Invitation.id) == invitation.id, col(Invitation.used_at).is_(None), col(Invitation.expires_at) > now)
        .values(used_at=now)
    )
    return claimed.rowcount == 1


def _study_and_protocol(session: Session, study_id: str) -> tuple[Study, PublishedProtocol]:
    study = session.exec(select(Study).where(Study.id == study_id)).one()
    return study, get_protocol(session, study.id, study.current_version)


def _check_consent(protocol: PublishedProtocol, asked: EnrolmentAsked) -> None:
    consent, given = protocol.document["consent"], asked.consent
    text = consent["text"].get(given.language)
    if not given.agreed:
        raise ConsentMismatch("Without agreement there is no enrolment.")
    if given.version != consent["version"] or text is None or consent_sha256(text) != given.text_sha256:
        raise ConsentMismatch()
    if asked.language not in protocol.document["languages"]:
        raise Malformed(f"This study does not speak {asked.language!r}.")
