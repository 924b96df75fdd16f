"""The yardstick: the same checks in the way one would first write them, a session and a commit per request.

Run with `uvicorn bench.plain_handler:app`; `/api/v1/nothing/...` is the same without a database.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from sqlmodel import Session, select

from api import tables  # noqa: F401  (foreign keys need every table known)
from api.auth.secrets import bearer_token, hash_secret
from api.clock import SystemClock
from api.db import Stores, transaction
from api.dyads.models import Dyad
from api.entries.models import Entry, EntryGiven
from api.errors import NotSignedIn
from api.participants.models import Device, Participant
from api.prompts.models import Prompt, State
from api.protocols.engine import problems
from api.protocols.published import get_protocol
from api.quarantine import receipt
from api.receipts import Receipt, content_sha256, parse_body
from api.settings import get_settings

app = FastAPI()
app.state.stores = Stores.of(get_settings())
clock = SystemClock()


async def exact_bytes(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(exact_bytes)]
Token = Annotated[str, Depends(bearer_token)]


@app.put("/api/v1/entries/{entry_id}")
def put_entry(entry_id: str, body: Body, token: Token) -> Receipt:
    given = parse_body(body, EntryGiven)
    assert given.entry_id == entry_id
    with transaction(app.state.stores.main) as db:
        return keep(db, given, body, token)


def keep(db: Session, given: EntryGiven, body: bytes, token: str) -> Receipt:
    entry_id, sha256, now = given.entry_id, content_sha256(body), clock.now()
    device = db.get(Device, hash_secret(token))
    if device is None:
        raise NotSignedIn()
    person = db.get_one(Participant, device.participant_id)
    before = db.get(Entry, (person.id, entry_id))
    if before is not None:
        return receipt(entry_id, before.content_sha256, before.received_at)
    protocol = get_protocol(db, person.study_id, given.protocol_version).document
    dyad = db.exec(select(Dyad).where(Dyad.id == given.dyad_id, Dyad.participant_id == person.id)).one()
    assert not problems(protocol["diary"]["items"], protocol["scales"], given.answers)
    prompt = db.get(Prompt, given.prompt_id) if given.prompt_id else None
    db.add(
        Entry(
            participant_id=person.id,
            id=entry_id,
            study_id=person.study_id,
            dyad_id=dyad.id,
            prompt_id=given.prompt_id,
            protocol_version=given.protocol_version,
            started_at=given.started_at,
            completed_at=given.completed_at,
            zone=given.zone,
            late=prompt is not None and given.completed_at > prompt.expires_at,
            content_sha256=sha256,
            body=body.decode(),
            received_at=now,
        )
    )
    if prompt is not None:
        prompt.state, prompt.entry_id, prompt.ended_at = State.ANSWERED.value, entry_id, now
    return receipt(entry_id, sha256, now)


@app.put("/api/v1/nothing/{entry_id}")
async def put_nothing(entry_id: str, request: Request, token: Token) -> Receipt:
    body = await request.body()
    parse_body(body, EntryGiven)
    hash_secret(token)
    return receipt(entry_id, content_sha256(body), clock.now())
