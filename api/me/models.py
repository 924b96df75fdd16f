"""The person as their own phone sees them."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel


class DyadOfMine(BaseModel):
    dyad_id: str
    started_on: date
    # Instruments of the baseline that are kept for this dyad.
    baseline: list[str]


class Me(BaseModel):
    pseudonym: str
    study: str
    title: dict[str, str]
    language: str
    zone: str
    protocol_version: int
    simulated: bool
    vapid_public_key: str | None
    dyads: list[DyadOfMine]


class ProtocolShape(BaseModel):
    """A published version: the document with its instruments put in."""

    study: str
    version: int
    sha256: str
    protocol: dict[str, Any]
