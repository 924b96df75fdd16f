"""Adding a dyad under the phone's own random id: as often as it likes, never someone else's, never too many."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import col, select

from api.db import Stores, transaction
from api.dyads.models import Dyad
from tests.support.bodies import new_id
from tests.support.cast import Phone
from tests.support.together import at_once

TODAY = {"started_on": "2027-01-04"}


def test_nobody_and_outsiders_are_refused(anna: Phone, bram: Phone, carla: Phone) -> None:
    stranger = anna.client.put(f"/api/v1/dyads/{new_id()}", json=TODAY)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_signed_in")
    for other in (bram, carla):
        answer = other.put(f"/dyads/{anna.dyads[0]}", TODAY)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_bad_ids_and_dates_are_refused(newcomer: Callable[..., Phone]) -> None:
    phone = newcomer()
    for wrong in ("x" * 32, "A" * 32, "0" * 31, "0" * 33, "0" * 31 + "g", "%00" * 8):
        assert phone.put(f"/dyads/{wrong}", TODAY).status_code in (404, 422), wrong
    for body in ({}, {"started_on": None}, {"started_on": "yesterday"}, {"started_on": 1e300}, [], {"started_on": []}):
        answer = phone.put(f"/dyads/{new_id()}", body)
        assert answer.status_code == 422, body
        assert answer.json()["sentence"]
    for day in ("0001-01-01", "9999-12-31"):
        assert phone.put(f"/dyads/{new_id()}", {"started_on": day}).status_code in (200, 422)


def test_the_same_dyad_twice_is_one(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    dyad = phone.add_dyad()
    again = phone.put(f"/dyads/{dyad}", {"started_on": "2020-02-02"})
    assert again.json() == {"dyad_id": dyad, "started_on": "2027-01-04"}, "the first word stands"
    assert _dyads(stores, phone) == [(dyad, 1)]


def test_over_the_protocols_number_it_is_full(anna: Phone, stores: Stores) -> None:
    answer = anna.put(f"/dyads/{new_id()}", TODAY)
    assert (answer.status_code, answer.json()["code"]) == (409, "dyads_full")
    assert anna.put(f"/dyads/{anna.dyads[1]}", TODAY).status_code == 200, "those that are there stay"
    assert _dyads(stores, anna) == [(anna.dyads[0], 1), (anna.dyads[1], 2)]


def test_ten_at_once_do_not_get_past_the_number(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    ids = [new_id() for _ in range(10)]
    answers = at_once([lambda i=i: phone.put(f"/dyads/{i}", TODAY) for i in ids])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [409] * 8
    assert [place for _, place in _dyads(stores, phone)] == [1, 2]


def test_one_dyad_sent_ten_times_at_once_is_one(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone, dyad = newcomer(), new_id()
    answers = at_once([lambda: phone.put(f"/dyads/{dyad}", TODAY)] * 10)
    assert {answer.status_code for answer in answers} == {200}
    assert _dyads(stores, phone) == [(dyad, 1)]


def _dyads(stores: Stores, phone: Phone) -> list[tuple[str, int]]:
    with transaction(stores.main) as session:
        found = session.exec(select(Dyad).where(Dyad.participant_id == phone.person.id).order_by(col(Dyad.place)))
        return [(row.id, row.place) for row in found]
