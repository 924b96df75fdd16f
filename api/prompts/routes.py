"""What the phone asks about prompts: its list, what it has seen, and where to push."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from sqlalchemy import or_, update
from sqlmodel import col, select

from api.clock import iso
from api.db import Db, DbForReading
from api.errors import NotFound
from api.participants.access import MyselfToChange, MyselfToRead
from api.prompts.models import (
    ENDED,
    Prompt,
    PromptList,
    PromptShape,
    PushSubscription,
    Sighting,
    State,
    SubscriptionGiven,
)
from api.prompts.push_address import check_endpoint
from api.web import NOT_SIGNED_IN, Now, refusals

router = APIRouter(prefix="/api/v1", tags=["prompts"])
SHOWN_AFTER_END = timedelta(days=2)
PromptId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$")]


@router.get("/prompts", responses=NOT_SIGNED_IN)
def read_my_prompts(me: MyselfToRead, db: DbForReading, now: Now) -> PromptList:
    """All prompts that have not ended, and those that ended in the last two days."""
    rows = db.exec(
        select(Prompt)
        .where(
            Prompt.participant_id == me.id,
            Prompt.state != State.SUPERSEDED.value,
            or_(
                col(Prompt.state).not_in([state.value for state in ENDED]),
                col(Prompt.expires_at) > now - SHOWN_AFTER_END,
            ),
        )
        .order_by(col(Prompt.due_at))
    )
    shapes = [
        PromptShape(
            id=row.id,
            dyad_id=row.dyad_id,
            slot=row.slot,
            due_at=iso(row.due_at),
            expires_at=iso(row.expires_at),
            state=State(row.state),
        )
        for row in rows
    ]
    return PromptList(as_of=iso(now), prompts=shapes)


@router.put("/prompts/{prompt_id}/sighting", status_code=204, responses={**NOT_SIGNED_IN, **refusals(404, 422)})
def put_sighting(prompt_id: PromptId, seen: Sighting, me: MyselfToChange, db: Db) -> Response:
    """When the notification was shown and the form opened. The first word on each counts."""
    prompt = db.exec(select(Prompt).where(Prompt.id == prompt_id, Prompt.participant_id == me.id)).one_or_none()
    if prompt is None:
        raise NotFound()
    for name, instant in (("shown_at", seen.shown_at), ("opened_at", seen.opened_at)):
        if instant is not None:
            column = col(getattr(Prompt, name))
            db.connection().execute(
                update(Prompt).where(col(Prompt.id) == prompt_id, column.is_(None)).values({name: instant})
            )
    return Response(status_code=204)


@router.put("/push-subscription", status_code=204, responses={**NOT_SIGNED_IN, **refusals(422)})
def put_push_subscription(given: SubscriptionGiven, request: Request, me: MyselfToChange, db: Db, now: Now) -> Response:
    """Where this person's phone can be reached. A later report replaces an earlier one."""
    check_endpoint(given.endpoint, exempt_origin=request.app.state.settings.push_test_origin)
    db.merge(
        PushSubscription(
            participant_id=me.id,
            endpoint=given.endpoint,
            p256dh=given.keys.p256dh,
            auth=given.keys.auth,
            reported_at=now,
            ended_at=None,
        )
    )
    return Response(status_code=204)


@router.delete("/push-subscription", status_code=204, responses=NOT_SIGNED_IN)
def end_push_subscription(me: MyselfToChange, db: Db, now: Now) -> Response:
    """No more notifications to this person's phone."""
    db.connection().execute(
        update(PushSubscription)
        .where(col(PushSubscription.participant_id) == me.id, col(PushSubscription.ended_at).is_(None))
        .values(ended_at=now)
    )
    return Response(status_code=204)
