"""Codes and tokens: made from the system's randomness, kept only as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets

from fastapi import Request

from api.errors import NotSignedIn

# Crockford's alphabet: no I, L, O, U, so a code read aloud or typed from paper survives.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 26
TOKEN_FORM = re.compile(r"^dyt_[A-Za-z0-9_-]{43}$")
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def new_id() -> str:
    """128 random bits as 32 hexadecimal characters."""
    return secrets.token_hex(16)


def new_code() -> str:
    """An invitation code of 130 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def new_pseudonym() -> str:
    """A short number a person can quote to the study team without saying who they are."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"P-{letters[:4]}-{letters[4:]}"


def grouped(code: str) -> str:
    """The code as people read it: groups of five, dashes between."""
    return "-".join(code[start : start + 5] for start in range(0, len(code), 5))


def tidy_code(typed: str) -> str:
    """What was typed, brought back to the alphabet: case, dashes, spaces and look-alikes do not matter."""
    return re.sub(r"[\s-]", "", typed).upper().translate(_LOOKALIKES)


def hash_secret(secret: str) -> str:
    """SHA-256 is enough here: the secrets are random and long, so there is nothing to guess faster."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def bearer_token(request: Request) -> str:
    """The device token of the request. Raises NotSignedIn when it is missing or not of the right form."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not TOKEN_FORM.match(token.strip()):
        raise NotSignedIn()
    return token.strip()
