"""A push service on this machine: it takes what the service sends and opens it with the phone's private key."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Arrived:
    """One message as it came over the wire."""

    path: str
    headers: Mapping[str, str]
    body: bytes


def unpad(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_message(body: bytes, *, jwk: Mapping[str, str], auth: str) -> dict[str, Any]:
    """Decrypt a message (RFC 8291) with the private key of the subscription."""
    number = int.from_bytes(unpad(jwk["d"]), "big")
    key = ec.derive_private_key(number, ec.SECP256R1())
    opened = http_ece.decrypt(body, private_key=key, auth_secret=unpad(auth), version="aes128gcm")
    message = json.loads(opened)
    assert isinstance(message, dict)
    return message


class PushService:
    """Listens on a free port until closed; `arrived` holds every message in order."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        arrived = self.arrived

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                arrived.append(Arrived(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(201)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
