"""PUT an entry: answered with a receipt, after the commit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Path as InPath

from api.auth.secrets import bearer_token, hash_secret
from api.entries.desk import Sent
from api.entries.group_commit import EntryWriter
from api.entries.models import EntryGiven
from api.errors import Malformed
from api.receipts import Receipt, content_sha256, parse_body
from api.web import NOT_SIGNED_IN, body_of, refusals

router = APIRouter(prefix="/api/v1/entries", tags=["entries"])
EntryId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$")]
DeviceToken = Annotated[str, Depends(bearer_token)]


@router.put(
    "/{entry_id}",
    response_model=Receipt,
    responses={**NOT_SIGNED_IN, **refusals(413, 422)},
    openapi_extra=body_of(EntryGiven),
)
async def put_entry(entry_id: EntryId, request: Request, token: DeviceToken) -> Response:
    """Keep one entry. The exact bytes of the body are what the receipt names."""
    body = await request.body()
    entry = parse_body(body, EntryGiven)
    if entry.entry_id != entry_id:
        raise Malformed("The entry's id is not the one in the address.")
    # The token is looked up with the whole group of waiting entries, in entries/keep.py.
    writer: EntryWriter = request.app.state.entry_writer
    receipt = await writer.keep(Sent(hash_secret(token), entry, body.decode("utf-8"), content_sha256(body)))
    return Response(receipt.model_dump_json(), media_type="application/json")
