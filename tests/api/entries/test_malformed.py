"""What is no entry at all: refused with a sentence, never with an error of ours, and nothing is stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

from sqlmodel import select

from api.db import Stores, transaction
from api.entries.models import Entry
from api.quarantine import Quarantined
from tests.support.bodies import as_bytes, new_id
from tests.support.cast import Phone


def nothing_stored(stores: Stores) -> bool:
    with transaction(stores.main) as session:
        return not list(session.exec(select(Entry))) and not list(session.exec(select(Quarantined)))


def bodies(phone: Phone, entry_id: str) -> Iterator[tuple[str, bytes]]:
    good = phone.entry(entry_id=entry_id)
    text = json.dumps(good)

    def without(name: str) -> dict[str, Any]:
        return {key: value for key, value in good.items() if key != name}

    yield "nothing", b""
    yield "no JSON", b"entry_id=1&answers=2"
    yield "half of it", text[: len(text) // 2].encode()
    yield "two of it", (text + text).encode()
    yield "a list", b"[]"
    yield "a text", b'"entry"'
    yield "null", b"null"
    yield "not UTF-8", text.replace("nl", "n\udcff").encode("utf-8", "surrogateescape")
    yield "UTF-16", text.encode("utf-16")
    yield "a mark in front", b"\xef\xbb\xbf" + text.encode()
    yield "a raw NUL", text.replace("nl", "n\0l").encode()
    yield "a lone surrogate", text.replace('"nl"', r'"\ud800"').encode()
    yield "NaN", text.replace("900", "NaN").encode()
    yield "compressed", gzip.compress(text.encode())
    yield "very deep", b'{"a":' * 5000 + b"1" + b"}" * 5000
    yield "rather deep", as_bytes({**good, "answers": json.loads('{"a":' * 40 + "1" + "}" * 40)})
    yield "a long text", as_bytes({**good, "zone": "Z" * 11_000})
    yield "a long name", as_bytes({**good, "N" * 11_000: 1})
    for name in ("entry_id", "dyad_id", "study", "protocol_version", "started_at", "completed_at", "zone", "answers"):
        yield f"no {name}", as_bytes(without(name))
        for wrong in (None, [], {"a": 1}, 1e300, "", -1, True):
            if not (name in ("study", "zone") and wrong == "") and not (name == "answers" and wrong == {"a": 1}):
                # A small number is an instant in seconds, and true is 1: read as such, and then judged.
                if (name, wrong) in (("protocol_version", True), ("started_at", -1), ("completed_at", -1)):
                    continue
                yield f"{name}: {wrong!r}", as_bytes({**good, name: wrong})
    for instant in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2027-01-04T08:00:00"):
        yield f"at {instant}", as_bytes({**good, "completed_at": instant})
    yield "1e400", text.replace('"protocol_version": 1', '"protocol_version": 1e400').encode()
    yield "a huge number", text.replace('"protocol_version": 1', f'"protocol_version": {"9" * 5000}').encode()
    yield "another id than in the address", as_bytes({**good, "entry_id": new_id()})
    yield "too many answers", as_bytes({**good, "answers": {f"a{number}": 1 for number in range(501)}})


def test_each_of_a_hundred_wrong_bodies_gets_a_sentence(anna: Phone, stores: Stores) -> None:
    entry_id, tried = new_id(), 0
    for what, body in bodies(anna, entry_id):
        answer = anna.put(f"/entries/{entry_id}", body)
        assert answer.status_code == 422, (what, answer.status_code, answer.text[:200])
        assert answer.json()["sentence"].endswith("."), what
        assert answer.json()["code"] == "malformed", what
        tried += 1
    assert tried > 70
    assert nothing_stored(stores)


def test_no_wrong_body_is_echoed(anna: Phone) -> None:
    entry_id = new_id()
    answer = anna.put(f"/entries/{entry_id}", as_bytes({**anna.entry(entry_id=entry_id), "zone": {"my": "CANARY-7"}}))
    assert answer.status_code == 422
    assert "CANARY-7" not in answer.text


def test_numbers_past_all_measure_are_kept_and_judged_by_the_protocol(anna: Phone) -> None:
    for number in ("1e400", "9" * 400, "-1e-400", "0.30000000000000004"):
        body = anna.entry()
        text = json.dumps(body).replace('"stress": 2', f'"stress": {number}')
        answer = anna.put(f"/entries/{body['entry_id']}", text.encode())
        assert answer.status_code in (200, 422), number
        assert answer.status_code == 422 or answer.json()["kept"] == "quarantined"


def test_a_body_over_the_limit_is_413_announced_or_not(anna: Phone, stores: Stores) -> None:
    entry_id = new_id()
    big = as_bytes({**anna.entry(entry_id=entry_id), "padding": ["x" * 1000] * 300})
    assert len(big) > 300_000 - 10_000

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(big), 10_000):
            yield big[start : start + 10_000]

    for content in (big, in_pieces()):
        answer = anna.client.put(f"/api/v1/entries/{entry_id}", content=content, headers=anna.headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["cache-control"] == "no-store"
    for path in ("enrolments", "invitations/lookup"):
        assert anna.client.post(f"/api/v1/{path}", content=in_pieces()).status_code == 413
    assert anna.put(f"/assessments/{entry_id}", big).status_code == 413
    assert nothing_stored(stores)


def test_a_body_just_under_the_limit_is_taken(anna: Phone) -> None:
    body = anna.entry()
    body["padding"] = ["x" * 9_000] * 28
    assert 250_000 < len(as_bytes(body)) < 256 * 1024
    assert anna.send(body).json()["kept"] == "stored"
