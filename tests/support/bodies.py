"""What a phone sends, as it is when everything is right. Each part can be replaced by name."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from api.clock import iso

INSTRUMENT = "relationship-short"
RELATIONSHIP = {f"{scale}{number}": 3 for number in (1, 2, 3, 4) for scale in ("clo", "con", "dep")}
NOTHING_HAPPENED: dict[str, Any] = {"happened": False, "stress": 2}
A_HARD_MOMENT: dict[str, Any] = {
    "happened": True,
    "event_kind": "hostility",
    "valence": 2,
    "joy": 1,
    "anger": 4,
    "helplessness": 2,
    "anxiety": 1,
    "hid": 3,
    "faked": 2,
    "showed": 2,
    "disruptive": 4,
    "stress": 3,
}


def new_id() -> str:
    return secrets.token_hex(16)


def new_token() -> str:
    return "dyt_" + secrets.token_urlsafe(32)


def sha256(body: bytes | str) -> str:
    return hashlib.sha256(body if isinstance(body, bytes) else body.encode()).hexdigest()


def as_bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def entry_body(dyad_id: str, at: datetime, **parts: Any) -> dict[str, Any]:
    """An entry completed at this instant, a minute after it was started."""
    return {
        "entry_id": new_id(),
        "dyad_id": dyad_id,
        "prompt_id": None,
        "study": "teacher-diary",
        "protocol_version": 1,
        "started_at": iso(at - timedelta(minutes=1)),
        "opened_at": None,
        "completed_at": iso(at),
        "zone": "Europe/Amsterdam",
        "language": "nl",
        "answers": dict(NOTHING_HAPPENED),
        "not_asked": [],
        "timing": {"happened": 900, "stress": 4000},
        **parts,
    }


def assessment_body(dyad_id: str, at: datetime, **parts: Any) -> dict[str, Any]:
    return {
        "assessment_id": new_id(),
        "dyad_id": dyad_id,
        "instrument": INSTRUMENT,
        "wave": "baseline",
        "study": "teacher-diary",
        "protocol_version": 1,
        "started_at": iso(at - timedelta(minutes=2)),
        "completed_at": iso(at),
        "zone": "Europe/Amsterdam",
        "language": "nl",
        "answers": dict(RELATIONSHIP),
        "timing": {"clo1": 1200},
        **parts,
    }
