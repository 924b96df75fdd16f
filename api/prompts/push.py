"""Send one Web Push message: encrypted for the phone (RFC 8291), signed by the server (RFC 8292)."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import http_ece
import httpcore
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from api.errors import PushEndpointRefused
from api.prompts.models import Delivery
from api.prompts.push_address import check_endpoint, guarded_pool, within

TIMEOUT_SECONDS = 10.0
MOST_READ = 4096
MOST_PIECES = 4
SIGNED_FOR = timedelta(hours=12)


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt; `retry_after` in seconds where the service named it."""

    delivery: Delivery
    detail: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Target:
    """A subscription: where to send, and the phone's keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


def make_vapid_key(path: Path) -> None:
    """Write a new signing key, readable by its owner only. An existing key is left alone."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    vapid = Vapid02()
    vapid.generate_keys()
    descriptor, beside = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(descriptor, "wb") as file:
        file.write(vapid.private_pem())
    # Web and worker may start at once: a link is made whole or not at all, and the first one counts.
    with suppress(FileExistsError):
        os.link(beside, path)
    Path(beside).unlink()


def public_key(path: Path) -> str | None:
    """The public key as the browser wants it (base64url of the uncompressed point), or None without a key."""
    if not path.exists():
        return None
    point = Vapid02.from_file(str(path)).public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class PushSender:
    """Encrypts, signs and posts. One per worker; safe to use from several threads."""

    def __init__(self, *, key_path: Path, contact: str, now: Callable[[], datetime], exempt_origin: str | None) -> None:
        self._vapid = Vapid02.from_file(str(key_path))
        self._contact = contact
        self._now = now
        self._exempt = exempt_origin
        self._pool = guarded_pool(exempt_origin=exempt_origin)
        self._signed: dict[str, tuple[datetime, dict[bytes | str, bytes | str]]] = {}

    def send(self, target: Target, payload: dict[str, Any], *, topic: str, ttl: int) -> Outcome:
        """Send one message and say what came of it. Never raises for anything the other side does."""
        try:
            check_endpoint(target.endpoint, exempt_origin=self._exempt)
            body = encrypt(orjson.dumps(payload), target)
        except (PushEndpointRefused, ValueError, http_ece.ECEException) as error:
            return Outcome(Delivery.GONE, f"unusable subscription: {type(error).__name__}")
        headers: dict[bytes | str, bytes | str] = {
            **self._signature(target.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(body)),
            "TTL": str(max(0, ttl)),
            "Urgency": "high",
            "Topic": topic,
        }
        return self._post(target.endpoint, body, headers)

    def close(self) -> None:
        self._pool.close()

    def _post(self, endpoint: str, body: bytes, headers: dict[bytes | str, bytes | str]) -> Outcome:
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)}
        try:
            with (
                within(TIMEOUT_SECONDS),
                self._pool.stream("POST", endpoint, headers=headers, content=body, extensions=limits) as response,
            ):
                _read_a_little(response)
                return _outcome(response, self._now())
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return Outcome(Delivery.RETRY, f"no answer: {type(error).__name__}")

    def _signature(self, endpoint: str) -> dict[bytes | str, bytes | str]:
        # Signed once per push service and half lifetime: the signature does not depend on the message.
        parts, now = urlsplit(endpoint), self._now()
        origin = f"{parts.scheme}://{parts.netloc}"
        until, headers = self._signed.get(origin, (now, {}))
        if until - now < SIGNED_FOR / 2:
            until = now + SIGNED_FOR
            claims = {"aud": origin, "sub": self._contact, "exp": int(until.timestamp())}
            headers = dict(self._vapid.sign(claims))
            self._signed[origin] = (until, headers)
        return headers


def encrypt(message: bytes, target: Target) -> bytes:
    """The message as only the phone can read it. Raises ValueError for keys that are none."""
    return bytes(
        http_ece.encrypt(
            message,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_unpad(target.p256dh),
            auth_secret=_unpad(target.auth),
            version="aes128gcm",
        )
    )


def _unpad(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _read_a_little(response: httpcore.Response) -> None:
    # Enough to keep the connection reusable; a push service that talks without end, or drop by drop, is cut off.
    read = 0
    for pieces, chunk in enumerate(response.iter_stream(), start=1):
        read += len(chunk)
        if read > MOST_READ or pieces == MOST_PIECES:
            return


def _outcome(response: httpcore.Response, now: datetime) -> Outcome:
    status = response.status
    if 200 <= status < 300:
        return Outcome(Delivery.ACCEPTED, str(status))
    if status in (404, 410):
        return Outcome(Delivery.GONE, str(status))
    if status == 429 or status >= 500:
        return Outcome(Delivery.RETRY, str(status), _retry_after(response, now))
    return Outcome(Delivery.REFUSED, str(status))


def _retry_after(response: httpcore.Response, now: datetime) -> float | None:
    for name, value in response.headers:
        if name.lower() == b"retry-after":
            text = value.decode("latin-1").strip()
            try:
                return float(text) if text.isdigit() else (parsedate_to_datetime(text) - now).total_seconds()
            except (TypeError, ValueError):
                return None
    return None
