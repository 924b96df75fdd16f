"""Ids made afresh for each bundle: without the bundle's seed they lead nowhere, with it they lead back."""

from __future__ import annotations

import base64
import hashlib
import hmac

LETTERS = {"professional": "P", "dyad": "D", "prompt": "Q", "entry": "E", "assessment": "A"}


class BundleIds:
    """One bundle's ids: the same seed and the same thing give the same id."""

    def __init__(self, seed: str) -> None:
        self._seed = bytes.fromhex(seed)

    def of(self, kind: str, *parts: str) -> str:
        """80 bits of a keyed hash: long enough that two of a billion do not meet, short enough to read."""
        digest = hmac.new(self._seed, "|".join((kind, *parts)).encode(), hashlib.sha256).digest()
        return LETTERS[kind] + base64.b32encode(digest[:10]).decode()
