"""PUT an assessment: answered with a receipt, after the commit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath

from api.assessments.keep import keep_assessment
from api.assessments.models import AssessmentGiven
from api.db import Db
from api.errors import Malformed
from api.participants.access import MyselfToChange
from api.receipts import Receipt, content_sha256, parse_body
from api.web import NOT_SIGNED_IN, Now, body_of, refusals

router = APIRouter(prefix="/api/v1/assessments", tags=["assessments"])
AssessmentId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$")]


async def exact_bytes(request: Request) -> bytes:
    return await request.body()


@router.put(
    "/{assessment_id}",
    responses={**NOT_SIGNED_IN, **refusals(413, 422)},
    openapi_extra=body_of(AssessmentGiven),
)
def put_assessment(
    assessment_id: AssessmentId,
    body: Annotated[bytes, Depends(exact_bytes)],
    me: MyselfToChange,
    db: Db,
    now: Now,
) -> Receipt:
    """Keep one assessment. The exact bytes of the body are what the receipt names."""
    given = parse_body(body, AssessmentGiven)
    if given.assessment_id != assessment_id:
        raise Malformed("The assessment's id is not the one in the address.")
    return keep_assessment(db, me, given, body=body.decode("utf-8"), content_sha256=content_sha256(body), now=now)
