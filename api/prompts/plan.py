"""Turn a person's plan into rows, and change what lies ahead when their situation changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from api.auth.secrets import new_id
from api.participants.models import Participant
from api.prompts.models import Plan, Prompt, State
from api.prompts.schedule import Slot, plan_slots
from api.protocols.published import get_protocol


def plan_prompts(
    session: Session, participant: Participant, *, dyad_ids: Sequence[str], reason: str, now: datetime
) -> int:
    """Write the rows of the person's plan that are not there yet, and return how many were written.

    A row whose slot now belongs to another dyad is superseded, with the reason, and a new row stands beside
    it; a row that is due, handled or ended is never touched. Slots that were due before now are left alone.
    """
    before = session.exec(
        select(Plan).where(Plan.participant_id == participant.id).order_by(col(Plan.revision).desc()).limit(1)
    ).one_or_none()
    plan = Plan(
        participant_id=participant.id,
        revision=before.revision + 1 if before else 1,
        reason=reason,
        starts_at=before.starts_at if before else now,
        made_at=now,
        zone=participant.zone,
        seed=participant.seed,
        protocol_version=participant.protocol_version,
        dyad_ids=list(dyad_ids),
    )
    session.add(plan)
    session.flush()
    slots = _slots(session, participant, plan)
    standing = _standing(session, participant)
    kept = _supersede(session, standing, slots, reason=reason, now=now)
    ahead = [slot for slot in slots if slot.key not in kept and slot.due_at >= now]
    if ahead:
        session.connection().execute(insert(Prompt), [_row(plan, slot) for slot in ahead])
    return len(ahead)


def _slots(session: Session, participant: Participant, plan: Plan) -> list[Slot]:
    protocol = get_protocol(session, participant.study_id, plan.protocol_version)
    return plan_slots(
        protocol.document["schedule"],
        starts_at=plan.starts_at,
        zone=plan.zone,
        seed=plan.seed,
        dyad_ids=plan.dyad_ids,
    )


def _standing(session: Session, participant: Participant) -> list[Prompt]:
    return list(
        session.exec(
            select(Prompt).where(Prompt.participant_id == participant.id, Prompt.state != State.SUPERSEDED.value)
        )
    )


def _supersede(session: Session, standing: list[Prompt], slots: list[Slot], *, reason: str, now: datetime) -> set[str]:
    """Supersede what changed, and return the slots whose rows stay."""
    wanted = {slot.key: slot.dyad_id for slot in slots}
    kept: set[str] = set()
    for prompt in standing:
        ahead = prompt.state == State.PLANNED.value and prompt.due_at > now
        if not ahead or wanted.get(prompt.slot) == prompt.dyad_id:
            kept.add(prompt.slot)
            continue
        # Conditional, because a worker may have taken the row since it was read.
        changed = session.connection().execute(
            update(Prompt)
            .where(
                col(Prompt.id) == prompt.id, col(Prompt.state) == State.PLANNED.value, col(Prompt.lease_key).is_(None)
            )
            .values(state=State.SUPERSEDED.value, reason=reason, ended_at=now)
        )
        if changed.rowcount != 1:
            kept.add(prompt.slot)
    return kept


def _row(plan: Plan, slot: Slot) -> dict[str, object]:
    return {
        "id": new_id(),
        "participant_id": plan.participant_id,
        "dyad_id": slot.dyad_id,
        "slot": slot.key,
        "revision": plan.revision,
        "protocol_version": plan.protocol_version,
        "due_at": slot.due_at,
        "expires_at": slot.expires_at,
        "zone": plan.zone,
        "state": State.PLANNED.value,
        "delivery": "waiting",
        "attempts": 0,
    }
