"""Every answer, good or bad: a code and a sentence, the safety headers, and nothing of our insides."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.clock import SetClock
from api.db import Stores
from api.main import create_app
from api.settings import Settings
from tests.support.bodies import new_id
from tests.support.cast import Phone

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
REFUSED = [
    ("GET", "/nothing", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/me", 401),
    ("GET", "/api/v1/protocol?version=x", 401),
    ("DELETE", "/api/v1/me", 405),
    ("POST", "/api/v1/enrolments", 422),
    ("PUT", f"/api/v1/entries/{new_id()}", 401),
    ("PUT", "/api/v1/entries/not-an-id", 401),
    ("GET", "/app/assets/gone.js", 404),
    ("GET", "/app/%00", 404),
    ("GET", "/app/" + "x" * 3000, 404),
    ("GET", "/app/%2e%2e/%2e%2e/vapid.pem", 404),
]


def _break_the_database(app: FastAPI) -> None:
    app.state.stores = None


def test_every_refusal_has_a_code_a_sentence_and_the_headers(client: TestClient) -> None:
    for method, path, expected in REFUSED:
        answer = client.request(method, path)
        assert answer.status_code == expected, (path, answer.status_code)
        assert answer.json()["code"], path
        assert answer.json()["sentence"], path
        _has_headers(answer.headers, personal=path.startswith("/api/"))


def test_no_address_leads_out_of_the_apps_folder(client: TestClient) -> None:
    for path in ("..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "..%2fapp%2f..%2f..%2fmain", "%2fetc%2fpasswd"):
        answer = client.get(f"/app/{path}")
        assert answer.status_code == 404 or "<title>Dyade" in answer.text, path


def test_an_error_of_ours_says_so_and_nothing_more(app: FastAPI, client: TestClient, anna: Phone) -> None:
    _break_the_database(app)
    answer = anna.get("/me")
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert "NoneType" not in answer.text
    _has_headers(answer.headers, personal=True)


def test_good_answers_carry_the_headers_too(client: TestClient, anna: Phone) -> None:
    _has_headers(anna.get("/me").headers, personal=True)
    _has_headers(anna.send(anna.entry()).headers, personal=True)
    for path in ("/app/", "/app/join", "/app/diary/0123", "/app/sw.js", "/app/assets/main-1a2b3c.js", "/"):
        answer = client.get(path)
        assert answer.status_code in (200, 307), path
        _has_headers(answer.headers, personal=False)
    assert "immutable" in client.get("/app/assets/main-1a2b3c.js").headers["cache-control"]
    assert client.get("/app/sw.js").headers["cache-control"] == "no-cache"
    assert "<title>Dyade" in client.get("/app/pupils/new").text


def _has_headers(headers: object, *, personal: bool) -> None:
    assert headers["content-security-policy"] == POLICY  # type: ignore[index]
    assert headers["x-content-type-options"] == "nosniff"  # type: ignore[index]
    assert headers["referrer-policy"] == "no-referrer"  # type: ignore[index]
    if personal:
        assert headers["cache-control"] == "no-store"  # type: ignore[index]


@pytest.mark.parametrize("environment", ["test", "production"])
def test_production_keeps_its_description_to_itself(
    settings: Settings, stores: Stores, clock: SetClock, environment: str
) -> None:
    app = create_app(settings.model_copy(update={"environment": environment}), stores=stores, clock=clock)
    with TestClient(app) as client:
        expected = 200 if environment == "test" else 404
        assert client.get("/openapi.json").status_code == expected
        for path in ("/docs", "/redoc"):
            assert client.get(path).status_code == 404


def test_a_person_sees_themselves_and_their_protocol(anna: Phone, bram: Phone, carla: Phone) -> None:
    me = anna.get("/me").json()
    assert me["pseudonym"] == anna.pseudonym
    assert [dyad["dyad_id"] for dyad in me["dyads"]] == anna.dyads
    assert {tuple(dyad["baseline"]) for dyad in me["dyads"]} == {("relationship-short",)}
    assert set(anna.dyads).isdisjoint(str(bram.get("/me").json()) + str(carla.get("/me").json()))
    shown = anna.get("/protocol").json()
    assert (shown["study"], shown["version"]) == ("teacher-diary", 1)
    assert shown["protocol"]["instruments"]["relationship-short"]["items"]
    for wrong in ("0", "x", "1000001", "-1"):
        assert anna.get("/protocol", params={"version": wrong}).status_code == 422, wrong
