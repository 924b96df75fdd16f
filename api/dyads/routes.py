"""PUT a dyad: the phone may repeat it as often as it likes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath

from api.db import Db
from api.dyads.add import add_dyad
from api.dyads.models import DyadGiven, DyadShape
from api.participants.access import MyselfToChange
from api.web import NOT_SIGNED_IN, Now, refusals

router = APIRouter(prefix="/api/v1/dyads", tags=["dyads"])
DyadId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$")]


@router.put("/{dyad_id}", responses={**NOT_SIGNED_IN, **refusals(404, 409, 422)})
def put_dyad(dyad_id: DyadId, given: DyadGiven, me: MyselfToChange, db: Db, now: Now) -> DyadShape:
    """Add a dyad under the id the phone made."""
    dyad = add_dyad(db, me, dyad_id, started_on=given.started_on, now=now)
    return DyadShape(dyad_id=dyad.id, started_on=dyad.started_on)
