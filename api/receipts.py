"""Receipts: the server's word that what was sent is kept. What counts as the same, and what a receipt says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError

from api.errors import Malformed, Problem

# 128 random bits made on the phone.
RandomId = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
# Phones with a wrong clock are believed, and marked by the instant of receipt beside theirs; only dates that
# no calendar arithmetic survives are refused.
PhoneInstant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
Shape = TypeVar("Shape", bound=BaseModel)
MAX_DEPTH = 20
MAX_TEXT = 10_000


class Kept(StrEnum):
    STORED = "stored"
    CONFLICT = "conflict"  # kept beside an earlier one with the same id and other content
    QUARANTINED = "quarantined"  # kept apart, because it does not fit the study


class Receipt(BaseModel):
    """Names the id and the SHA-256 of the exact bytes received; sent only after the commit."""

    id: str
    content_sha256: str
    kept: Kept
    reason: str | None
    received_at: str


def content_sha256(body: bytes) -> str:
    """SHA-256 over the exact bytes of a request, as hexadecimal text."""
    return hashlib.sha256(body).hexdigest()


def parse_body(body: bytes, shape: type[Shape]) -> Shape:
    """The body as a named shape. Raises Malformed with what is wrong and where; never anything else."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The body is not JSON.") from None
    if not isinstance(parsed, dict):
        raise Malformed("The body is not a JSON object.")
    _check_measure(parsed, MAX_DEPTH)
    try:
        return shape.model_validate(parsed)
    except ValidationError as error:
        found = [Problem(path=".".join(map(str, e["loc"])), problem=e["msg"]) for e in error.errors()[:20]]
        raise Malformed(problems=found) from None


def _check_measure(value: Any, depth: int) -> None:
    if depth == 0:
        raise Malformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Malformed(f"A text in the body is longer than {MAX_TEXT} characters.")
    if isinstance(value, Mapping):
        for name, part in value.items():
            _check_measure(name, depth - 1)
            _check_measure(part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_measure(part, depth - 1)
