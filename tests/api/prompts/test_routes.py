"""The phone's own list of prompts, and what it says it has seen."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from api.clock import SetClock, iso
from api.db import Stores, transaction
from api.prompts.expire import expire_overdue
from api.prompts.models import Prompt
from tests.support.bodies import new_id, new_token
from tests.support.cast import Phone


def test_nobody_sees_a_list_and_each_only_their_own(anna: Phone, bram: Phone, carla: Phone) -> None:
    assert anna.client.get("/api/v1/prompts").status_code == 401
    stranger = anna.client.get("/api/v1/prompts", headers={"authorization": f"Bearer {new_token()}"})
    assert stranger.status_code == 401
    lists = [{prompt["id"] for prompt in phone.prompts()} for phone in (anna, bram, carla)]
    assert all(lists)
    assert not lists[0] & lists[1] and not lists[0] & lists[2] and not lists[1] & lists[2]
    assert {prompt["dyad_id"] for prompt in anna.prompts()} == set(anna.dyads)


def test_the_list_is_in_order_and_leaves_out_what_is_replaced_or_long_ended(
    anna: Phone, clock: SetClock, stores: Stores
) -> None:
    listed = anna.prompts()
    assert set(listed[0]) == {"id", "dyad_id", "slot", "due_at", "expires_at", "state"}
    assert [prompt["due_at"] for prompt in listed] == sorted(prompt["due_at"] for prompt in listed)
    assert len({prompt["slot"] for prompt in listed}) == len(listed) == 61
    clock.forward(timedelta(days=5))
    with transaction(stores.main) as session:
        expire_overdue(session, now=clock.now())
    left = anna.prompts()
    assert min(prompt["expires_at"] for prompt in left) > iso(clock.now() - timedelta(days=2))
    assert {prompt["state"] for prompt in left} == {"missed", "planned"}


def test_the_first_sighting_counts(anna: Phone, stores: Stores, clock: SetClock) -> None:
    id = anna.prompts()[0]["id"]
    first, later = iso(clock.now()), iso(clock.now() + timedelta(minutes=5))
    for body in ({"shown_at": first}, {"shown_at": later, "opened_at": later}, {"opened_at": first}, {}):
        assert anna.put(f"/prompts/{id}/sighting", body).status_code == 204
    with transaction(stores.main) as session:
        row = session.exec(select(Prompt).where(Prompt.id == id)).one()
    assert (iso(row.shown_at), iso(row.opened_at)) == (first, later)  # type: ignore[arg-type]


def test_sightings_of_others_and_of_nothing_are_refused(anna: Phone, bram: Phone, clock: SetClock) -> None:
    now = {"shown_at": iso(clock.now())}
    for id in (bram.prompts()[0]["id"], new_id()):
        answer = anna.put(f"/prompts/{id}/sighting", now)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    id = anna.prompts()[0]["id"]
    for wrong in ("yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2027-01-04T08:00:00", [], 1e300):
        assert anna.put(f"/prompts/{id}/sighting", {"shown_at": wrong}).status_code == 422, wrong
    assert anna.client.put(f"/api/v1/prompts/{id}/sighting", json=now).status_code == 401
