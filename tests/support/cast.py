"""The people in the tests, and how they come in: Anna and Bram in one study, Carla in another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from api.clock import SetClock
from api.db import Stores, transaction
from api.participants.invite import invite
from api.participants.models import Device, Participant
from api.protocols.check import CheckedProtocol
from api.protocols.publish import consent_sha256, publish
from api.studies.models import Study
from tests.support.bodies import as_bytes, assessment_body, entry_body, new_id, new_token, sha256


def publish_study(stores: Stores, checked: CheckedProtocol, clock: SetClock) -> Study:
    with transaction(stores.main) as session:
        return publish(session, checked, now=clock.now())


def make_code(stores: Stores, study: Study, clock: SetClock, *, valid_for: timedelta = timedelta(days=31)) -> str:
    with transaction(stores.main) as session:
        return invite(session, study, now=clock.now(), valid_for=valid_for)


def consent_of(checked: CheckedProtocol, language: str = "nl", **parts: Any) -> dict[str, Any]:
    consent = checked.document["consent"]
    return {
        "version": consent["version"],
        "language": language,
        "text_sha256": consent_sha256(consent["text"][language]),
        "agreed": True,
        **parts,
    }


def enrolment(checked: CheckedProtocol, code: str, **parts: Any) -> dict[str, Any]:
    return {
        "code": code,
        "device_token": new_token(),
        "consent": consent_of(checked),
        "zone": "Europe/Amsterdam",
        "language": "nl",
        **parts,
    }


@dataclass
class Phone:
    """A person's phone: its token, its dyads, and the requests it makes."""

    client: TestClient
    stores: Stores
    clock: SetClock
    token: str
    pseudonym: str
    study: str = "teacher-diary"
    dyads: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def person(self) -> Participant:
        with transaction(self.stores.main) as session:
            return session.exec(
                select(Participant)
                .join(Device, Device.participant_id == Participant.id)  # type: ignore[arg-type]
                .where(Device.token_hash == sha256(self.token))
            ).one()

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(f"/api/v1{path}", headers=self.headers, **more)

    def put(self, path: str, body: Any = None) -> Response:
        """PUT a body: bytes go out as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else as_bytes(body)
        return self.client.put(
            f"/api/v1{path}", content=content, headers={**self.headers, "content-type": "application/json"}
        )

    def delete(self, path: str) -> Response:
        return self.client.delete(f"/api/v1{path}", headers=self.headers)

    def add_dyad(self, dyad_id: str | None = None, started_on: str = "2027-01-04") -> str:
        dyad_id = dyad_id or new_id()
        answer = self.put(f"/dyads/{dyad_id}", {"started_on": started_on})
        assert answer.status_code == 200, answer.text
        self.dyads.append(dyad_id)
        return dyad_id

    def answer_baseline(self, dyad_id: str, **parts: Any) -> Response:
        body = assessment_body(dyad_id, self.clock.now(), **{"study": self.study, **parts})
        return self.put(f"/assessments/{body['assessment_id']}", body)

    def entry(self, dyad_id: str | None = None, **parts: Any) -> dict[str, Any]:
        """The body of an entry about a dyad of this phone (the first unless named)."""
        return entry_body(dyad_id or self.dyads[0], self.clock.now(), **{"study": self.study, **parts})

    def send(self, body: dict[str, Any]) -> Response:
        return self.put(f"/entries/{body['entry_id']}", body)

    def prompts(self) -> list[dict[str, Any]]:
        answer = self.get("/prompts")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["prompts"])


def join(
    client: TestClient,
    stores: Stores,
    clock: SetClock,
    *,
    study: Study,
    checked: CheckedProtocol,
    dyads: int = 0,
    **parts: Any,
) -> Phone:
    """Enrol a person by a fresh invitation and give them this many dyads, each with its baseline."""
    asked = enrolment(checked, make_code(stores, study, clock), **parts)
    answer = client.post("/api/v1/enrolments", json=asked)
    assert answer.status_code == 201, answer.text
    phone = Phone(client, stores, clock, asked["device_token"], answer.json()["pseudonym"], study=study.slug)
    for _ in range(dyads):
        kept = phone.answer_baseline(phone.add_dyad())
        assert kept.json()["kept"] == "stored", kept.text
    return phone
