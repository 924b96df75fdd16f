"""Keep an assessment: insert or compare, with the same receipts as entries. A baseline starts the plan."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from api.assessments.models import Assessment, AssessmentGiven
from api.dyads.models import Dyad
from api.participants.models import Participant
from api.prompts.plan import plan_prompts
from api.protocols.document import instrument_as_items
from api.protocols.engine import problems
from api.protocols.published import document, get_protocol
from api.quarantine import Quarantined, Why, receipt
from api.receipts import Receipt
from api.studies.models import Study


def keep_assessment(
    session: Session, person: Participant, given: AssessmentGiven, *, body: str, content_sha256: str, now: datetime
) -> Receipt:
    """Keep it and return its receipt; the first baseline of a dyad brings the dyad into the person's plan."""
    apart = session.get(Quarantined, (person.id, given.assessment_id, content_sha256))
    if apart is not None:
        return receipt(apart.id, content_sha256, apart.received_at, apart.reason)
    before = session.get(Assessment, (person.id, given.assessment_id))
    if before is not None and before.content_sha256 == content_sha256:
        return receipt(before.id, content_sha256, before.received_at)
    why = Why.CONFLICT if before is not None else _misfit(session, person, given)
    if why is not None:
        session.add(
            Quarantined(
                participant_id=person.id,
                id=given.assessment_id,
                content_sha256=content_sha256,
                kind="assessment",
                reason=why.value,
                body=body,
                received_at=now,
            )
        )
        session.flush()
        return receipt(given.assessment_id, content_sha256, now, why.value)
    planned_already = given.dyad_id in ready_dyads(session, person)
    _store(session, person, given, body=body, content_sha256=content_sha256, now=now)
    if not planned_already:
        plan_when_ready(session, person, given.dyad_id, now=now)
    return receipt(given.assessment_id, content_sha256, now)


def _store(
    session: Session, person: Participant, given: AssessmentGiven, *, body: str, content_sha256: str, now: datetime
) -> None:
    session.add(
        Assessment(
            participant_id=person.id,
            id=given.assessment_id,
            study_id=person.study_id,
            dyad_id=given.dyad_id,
            instrument=given.instrument,
            wave=given.wave,
            protocol_version=given.protocol_version,
            started_at=given.started_at,
            completed_at=given.completed_at,
            content_sha256=content_sha256,
            body=body,
            received_at=now,
        )
    )
    session.flush()


def _misfit(session: Session, person: Participant, given: AssessmentGiven) -> Why | None:
    study = session.exec(select(Study.slug).where(Study.id == person.study_id)).one()
    dyad = session.get(Dyad, given.dyad_id)
    if given.study != study:
        return Why.STUDY_UNKNOWN
    if dyad is None or dyad.participant_id != person.id:
        return Why.DYAD_UNKNOWN
    protocol = document(session.connection(), person.study_id, given.protocol_version)
    if protocol is None:
        return Why.VERSION_UNKNOWN
    if given.instrument not in protocol["instruments"]:
        return Why.INSTRUMENT_UNKNOWN
    items, points = instrument_as_items(protocol["instruments"][given.instrument])
    return Why.DOES_NOT_FIT if problems(items, points, given.answers) else None


def plan_when_ready(session: Session, person: Participant, dyad_id: str, *, now: datetime) -> None:
    """Plan, or plan again, once the dyad has every questionnaire the protocol asks for before the diary."""
    ready = ready_dyads(session, person)
    if dyad_id in ready:
        reason = "diary_starts" if len(ready) == 1 else "dyad_added"
        plan_prompts(session, person, dyad_ids=ready, reason=reason, now=now)


def ready_dyads(session: Session, person: Participant) -> list[str]:
    """The person's dyads whose baseline is complete, in the person's own order."""
    needed = get_protocol(session, person.study_id, person.protocol_version).document.get("baseline", {})
    done = kept_baselines(session, person)
    dyads = session.exec(
        select(Dyad).where(Dyad.participant_id == person.id, col(Dyad.ended_on).is_(None)).order_by(col(Dyad.place))
    )
    return [dyad.id for dyad in dyads if set(needed.get("per_dyad", [])) <= set(done.get(dyad.id, []))]


def kept_baselines(session: Session, person: Participant) -> dict[str, list[str]]:
    """Per dyad, the instruments of the baseline that are kept."""
    rows = session.exec(
        select(Assessment.dyad_id, Assessment.instrument)
        .where(Assessment.participant_id == person.id, Assessment.wave == "baseline")
        .distinct()
    )
    kept: dict[str, list[str]] = {}
    for dyad_id, instrument in rows:
        kept.setdefault(dyad_id, []).append(instrument)
    return kept
