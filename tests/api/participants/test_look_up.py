"""Looking an invitation up: it says what the study is, changes nothing, and tells a guesser nothing."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlmodel import select

from api.auth.secrets import grouped, hash_secret, tidy_code
from api.clock import SetClock
from api.db import Stores, transaction
from api.participants.models import Invitation
from api.protocols.check import CheckedProtocol
from api.studies.models import Study
from tests.support.bodies import sha256
from tests.support.cast import enrolment, make_code

LOOKUP = "/api/v1/invitations/lookup"
CHANGING = ("date",)


def test_unknown_used_and_expired_get_the_very_same_answer(
    client: TestClient, stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    used = make_code(stores, study, clock)
    assert client.post("/api/v1/enrolments", json=enrolment(diary, used)).status_code == 201
    expired = make_code(stores, study, clock, valid_for=timedelta(minutes=5))
    clock.forward(timedelta(minutes=5))
    answers = [client.post(LOOKUP, json={"code": code}) for code in ("0" * 26, used, expired, "not a code at all!")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str([h for h in answer.headers.raw if h[0].decode() not in CHANGING]) for answer in answers}) == 1
    assert answers[0].json()["code"] == "invitation_unusable"


def test_no_code_is_refused_with_a_sentence(client: TestClient) -> None:
    for body in ({}, {"code": ""}, {"code": "A" * 81}, {"code": 7}, {"code": None}, [], "code", {"code": ["A"]}):
        answer = client.post(LOOKUP, json=body)
        assert answer.status_code == 422, body
        assert answer.json()["sentence"]


def test_strange_letters_never_break_it(client: TestClient) -> None:
    strange = (r"\ud800", r"\u0000", "\u0130\u0131", "ß" * 40, "ﷺ" * 80, "-" * 80, "%00", "'; drop")
    for code in strange:
        content = f'{{"code": "{code}"}}'.encode()
        answer = client.post(LOOKUP, content=content, headers={"content-type": "application/json"})
        assert answer.status_code in (404, 422), code
        assert answer.json()["sentence"]


def test_it_says_what_the_study_is_and_changes_nothing(
    client: TestClient, stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    code = make_code(stores, study, clock)
    before = _invitations(stores)
    answers = [client.post(LOOKUP, json={"code": code}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    shown = answers[0].json()
    text = diary.document["consent"]["text"]
    assert shown == {
        "study": "teacher-diary",
        "title": diary.document["title"],
        "languages": ["nl", "en"],
        "terms": diary.document["terms"],
        "consent": {
            "version": 1,
            "text": text,
            "text_sha256": {language: sha256(words) for language, words in text.items()},
        },
    }
    assert _invitations(stores) == before


def test_a_code_may_be_typed_as_people_type(client: TestClient, stores: Stores, study: Study, clock: SetClock) -> None:
    code = make_code(stores, study, clock)
    swapped = code.replace("1", "l").replace("0", "o").replace("V", "u")
    for typed in (code.lower(), grouped(code), f" {grouped(code)} ", " ".join(code), swapped, f"{code}\n"):
        assert client.post(LOOKUP, json={"code": typed}).status_code == 200, typed


def test_look_alikes_are_read_as_the_letter_meant() -> None:
    assert tidy_code("il-Lo O\tu") == "11100V"
    assert tidy_code(grouped("0123456789ABCDEFGHJKMNPQRS")) == "0123456789ABCDEFGHJKMNPQRS"


def test_only_the_hash_of_a_code_is_kept(stores: Stores, study: Study, clock: SetClock) -> None:
    code = make_code(stores, study, clock)
    kept = _invitations(stores)
    assert [row["code_hash"] for row in kept] == [hash_secret(code)]
    assert code not in str(kept)


def test_the_last_moment_still_counts_and_the_next_does_not(
    client: TestClient, stores: Stores, study: Study, clock: SetClock
) -> None:
    code = make_code(stores, study, clock, valid_for=timedelta(days=1))
    clock.forward(timedelta(days=1) - timedelta(microseconds=1))
    assert client.post(LOOKUP, json={"code": code}).status_code == 200
    clock.forward(timedelta(microseconds=1))
    assert client.post(LOOKUP, json={"code": code}).status_code == 404


def _invitations(stores: Stores) -> list[dict[str, object]]:
    with transaction(stores.main) as session:
        return [row.model_dump() for row in session.exec(select(Invitation))]
