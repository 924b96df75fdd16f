"""Joining: agreed to the current text, once per invitation, under a pseudonym, on one phone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel, select

from api.audit import AuditRecord
from api.clock import SetClock
from api.db import Stores, transaction
from api.participants.models import Consent, Device, Invitation, Participant
from api.protocols.check import CheckedProtocol
from api.studies.models import Study
from tests.conftest import MONDAY_MORNING
from tests.support.bodies import new_token, sha256
from tests.support.cast import consent_of, enrolment, make_code
from tests.support.together import at_once

ENROL = "/api/v1/enrolments"


@pytest.fixture
def code(stores: Stores, study: Study, clock: SetClock) -> str:
    return make_code(stores, study, clock)


def rows(stores: Stores, table: type[SQLModel]) -> list[Any]:
    with transaction(stores.main) as session:
        return list(session.exec(select(table)))


def nobody_joined(stores: Stores) -> bool:
    unused = all(row.used_at is None for row in rows(stores, Invitation))
    return unused and not any(rows(stores, table) for table in (Participant, Device, Consent))


NOT_AGREED: list[tuple[dict[str, Any], str]] = [
    ({"agreed": False}, "consent_mismatch"),
    ({"version": 2}, "consent_mismatch"),
    ({"version": 0}, "consent_mismatch"),
    ({"text_sha256": "0" * 64}, "consent_mismatch"),
    ({"text_sha256": "short"}, "malformed"),
    ({"language": "en"}, "consent_mismatch"),
    ({"language": "de"}, "consent_mismatch"),
    ({"agreed": None}, "malformed"),
]


def test_without_agreement_to_the_current_text_nobody_joins(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str
) -> None:
    for parts, error in NOT_AGREED:
        answer = client.post(ENROL, json=enrolment(diary, code, consent=consent_of(diary) | parts))
        assert (answer.status_code, answer.json()["code"]) == (422, error), parts
    assert nobody_joined(stores)
    assert client.post(ENROL, json=enrolment(diary, code)).status_code == 201, "the invitation can still be used"


OUT_OF_FORM: list[dict[str, Any]] = [
    {"zone": "Europe/Atlantis"},
    {"zone": "../../etc/passwd"},
    {"zone": "/etc/localtime"},
    {"zone": ""},
    {"zone": None},
    {"zone": "Z" * 61},
    {"language": "de"},
    {"language": "nl-NL-x"},
    {"device_token": "dyt_short"},
    {"device_token": "xyz_" + "A" * 43},
    {"device_token": "dyt_" + "A" * 44},
    {"device_token": "dyt_" + "é" * 43},
    {"device_token": "dyt_" + "A" * 43 + "\n"},
    {"consent": None},
    {"consent": {}},
]


def test_what_is_out_of_form_is_refused(client: TestClient, stores: Stores, diary: CheckedProtocol, code: str) -> None:
    for parts in OUT_OF_FORM:
        answer = client.post(ENROL, json=enrolment(diary, code, **parts))
        assert answer.status_code == 422, parts
        assert answer.json()["sentence"], parts
    for wrong in ("", 5, None, "A" * 81, ["A"]):
        assert client.post(ENROL, json={**enrolment(diary, code), "code": wrong}).status_code == 422, wrong
    assert nobody_joined(stores)


def test_a_lone_surrogate_is_refused_and_not_an_error(client: TestClient, diary: CheckedProtocol, code: str) -> None:
    for name in ("code", "zone", "language", "device_token"):
        asked = enrolment(diary, code, language="en")
        changed = json.dumps(asked).replace(f'"{name}": "{asked[name]}"', rf'"{name}": "\ud800"').encode()
        assert rb"\ud800" in changed
        answer = client.post(ENROL, content=changed, headers={"content-type": "application/json"})
        assert answer.status_code in (404, 422), (name, answer.text)


def test_unusable_invitations_answer_alike_whatever_else_is_wrong(
    client: TestClient, stores: Stores, study: Study, diary: CheckedProtocol, clock: SetClock
) -> None:
    used = make_code(stores, study, clock)
    assert client.post(ENROL, json=enrolment(diary, used)).status_code == 201
    expired = make_code(stores, study, clock, valid_for=timedelta(minutes=1))
    clock.forward(timedelta(minutes=1))
    for parts in ({}, {"zone": "Europe/Atlantis"}, {"consent": consent_of(diary, version=9)}, {"language": "de"}):
        answers = [client.post(ENROL, json=enrolment(diary, code, **parts)) for code in ("0" * 26, used, expired)]
        assert {answer.status_code for answer in answers} == {404}, parts
        assert len({answer.content for answer in answers}) == 1


def test_fields_nobody_asked_for_have_no_effect(
    client: TestClient, stores: Stores, study: Study, diary: CheckedProtocol, code: str
) -> None:
    grabbed = {
        "simulated": True,
        "seed": 1,
        "study_id": "f" * 32,
        "id": "a" * 32,
        "pseudonym": "P-BOSS-0000",
        "protocol_version": 7,
        "enrolled_at": "1999-01-01T00:00:00Z",
        "role": "operator",
    }
    answer = client.post(ENROL, json=enrolment(diary, code, **grabbed))
    assert answer.status_code == 201
    person = rows(stores, Participant)[0]
    assert (person.simulated, person.study_id, person.protocol_version) == (False, study.id, 1)
    assert person.id != "a" * 32
    assert person.pseudonym != "P-BOSS-0000"
    assert person.enrolled_at == MONDAY_MORNING


def test_joining_gives_a_pseudonym_a_consent_row_and_one_phone(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str, clock: SetClock
) -> None:
    asked = enrolment(diary, code, consent=consent_of(diary, "en"), language="en", zone="Australia/Lord_Howe")
    answer = client.post(ENROL, json=asked)
    assert answer.status_code == 201
    me = answer.json()
    assert re.fullmatch(r"P-[0-9A-Z]{4}-[0-9A-Z]{4}", me["pseudonym"])
    assert (me["study"], me["language"], me["zone"]) == ("teacher-diary", "en", "Australia/Lord_Howe")
    assert (me["protocol_version"], me["simulated"], me["dyads"]) == (1, False, [])
    assert len(me["vapid_public_key"]) == 87
    person = rows(stores, Participant)[0]
    (consent,) = rows(stores, Consent)
    assert consent.model_dump() == {
        "participant_id": person.id,
        "version": 1,
        "language": "en",
        "text_sha256": sha256(diary.document["consent"]["text"]["en"]),
        "agreed_at": clock.now(),
    }
    (device,) = rows(stores, Device)
    assert device.token_hash == sha256(asked["device_token"])
    trail = [row for row in rows(stores, AuditRecord) if row.verb == "participant.enrol"]
    assert [(row.role, row.subject_id) for row in trail] == [("anyone", person.id)]
    assert asked["device_token"] not in str(rows(stores, AuditRecord)) + str(rows(stores, Device))


def test_a_lost_answer_may_be_asked_for_again(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str, clock: SetClock
) -> None:
    asked = enrolment(diary, code)
    first = client.post(ENROL, json=asked)
    clock.forward(timedelta(days=60))
    again = client.post(ENROL, json=asked)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(rows(stores, Participant)) == len(rows(stores, Device)) == len(rows(stores, Consent)) == 1
    other = client.post(ENROL, json={**asked, "device_token": new_token()})
    assert (other.status_code, other.json()["code"]) == (404, "invitation_unusable")


def test_a_revoked_phone_does_not_come_back_by_its_old_invitation(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str, clock: SetClock
) -> None:
    asked = enrolment(diary, code)
    assert client.post(ENROL, json=asked).status_code == 201
    with transaction(stores.main) as session:
        session.exec(select(Device)).one().revoked_at = clock.now()
    assert client.post(ENROL, json=asked).status_code == 404


def test_one_phone_cannot_join_twice(
    client: TestClient, stores: Stores, study: Study, diary: CheckedProtocol, code: str, clock: SetClock
) -> None:
    asked = enrolment(diary, code)
    assert client.post(ENROL, json=asked).status_code == 201
    second = make_code(stores, study, clock)
    assert client.post(ENROL, json={**asked, "code": second}).status_code == 404
    assert client.post(ENROL, json=enrolment(diary, second)).status_code == 201, "the second code is not used up"


def test_of_fifty_phones_at_once_one_gets_in(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str
) -> None:
    asked = [enrolment(diary, code) for _ in range(50)]
    answers = at_once([lambda a=a: client.post(ENROL, json=a) for a in asked])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [201] + [404] * 49
    assert len(rows(stores, Participant)) == len(rows(stores, Device)) == len(rows(stores, Consent)) == 1


def test_one_phone_that_asks_twenty_times_at_once_gets_one_answer(
    client: TestClient, stores: Stores, diary: CheckedProtocol, code: str
) -> None:
    asked = enrolment(diary, code)
    answers = at_once([lambda: client.post(ENROL, json=asked)] * 20)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(rows(stores, Participant)) == 1
