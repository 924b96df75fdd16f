"""An entry is kept once, byte for byte, with a receipt after the commit; nothing sent is ever dropped."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from httpx import Response
from sqlalchemy import Engine, event
from sqlmodel import SQLModel, select

from api.auth.secrets import hash_secret
from api.clock import SetClock, iso
from api.db import Stores, transaction
from api.entries.desk import Sent
from api.entries.keep import keep_entries
from api.entries.models import Entry, EntryGiven
from api.participants.models import Device
from api.prompts.expire import expire_overdue
from api.prompts.models import Prompt
from api.protocols.check import CheckedProtocol, check_text
from api.quarantine import Quarantined
from api.receipts import content_sha256, parse_body
from tests.conftest import ROOT
from tests.support.bodies import A_HARD_MOMENT, NOTHING_HAPPENED, as_bytes, new_id, new_token, sha256
from tests.support.cast import Phone, publish_study
from tests.support.together import at_once


def rows(stores: Stores, table: type[SQLModel]) -> list[Any]:
    with transaction(stores.main) as session:
        return list(session.exec(select(table)))


def prompt_row(stores: Stores, prompt_id: str) -> Prompt:
    with transaction(stores.main) as session:
        return session.exec(select(Prompt).where(Prompt.id == prompt_id)).one()


def kept(answer: Response) -> tuple[str, str | None]:
    assert answer.status_code == 200, answer.text
    return answer.json()["kept"], answer.json()["reason"]


def test_without_a_token_nothing_is_kept(anna: Phone, stores: Stores, clock: SetClock) -> None:
    body = anna.entry()
    path = f"/api/v1/entries/{body['entry_id']}"
    for header in ("", "Bearer", "Bearer x", "Basic abc", f"Bearer {new_token()}", f"bearer {anna.token[:-1]}"):
        answer = anna.client.put(path, content=as_bytes(body), headers={"authorization": header})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), header
    with transaction(stores.main) as session:
        session.exec(select(Device).where(Device.token_hash == sha256(anna.token))).one().revoked_at = clock.now()
    assert anna.send(body).status_code == 401
    assert not rows(stores, Entry)
    assert not rows(stores, Quarantined)


def test_the_receipt_names_the_exact_bytes(anna: Phone, stores: Stores, clock: SetClock) -> None:
    body = anna.entry(answers=A_HARD_MOMENT, note_of_the_app="ünïcode ✓ é", version=[1, {"deep": None}])
    sent = json.dumps(body, indent=3, ensure_ascii=False).encode() + b" \n"
    answer = anna.put(f"/entries/{body['entry_id']}", sent)
    assert answer.json() == {
        "id": body["entry_id"],
        "content_sha256": sha256(sent),
        "kept": "stored",
        "reason": None,
        "received_at": iso(clock.now()),
    }
    (row,) = rows(stores, Entry)
    assert row.body.encode() == sent, "extra names and white space are kept too"
    assert (row.late, row.prompt_id, row.dyad_id) == (False, None, anna.dyads[0])


def test_the_same_bytes_again_get_the_same_receipt(anna: Phone, stores: Stores, clock: SetClock) -> None:
    good, misfit = anna.entry(), anna.entry(study="another")
    first = [anna.send(good), anna.send(misfit)]
    clock.forward(timedelta(days=3))
    again = [anna.send(good), anna.send(misfit)]
    assert [answer.content for answer in first] == [answer.content for answer in again]
    assert len(rows(stores, Entry)) == len(rows(stores, Quarantined)) == 1


def test_other_bytes_under_one_id_are_kept_beside_and_flagged(anna: Phone, stores: Stores) -> None:
    body = anna.entry()
    other = {**body, "answers": {"happened": False, "stress": 5}}
    assert kept(anna.send(body)) == ("stored", None)
    assert kept(anna.send(other)) == ("conflict", "same_id_other_content")
    spaced = anna.put(f"/entries/{body['entry_id']}", as_bytes(body) + b" ")
    assert kept(spaced) == ("conflict", "same_id_other_content")
    assert kept(anna.send(body)) == ("stored", None)
    assert [row.body for row in rows(stores, Entry)] == [as_bytes(body).decode()]
    assert len(rows(stores, Quarantined)) == 2


def test_one_id_on_two_phones_is_two_entries(anna: Phone, bram: Phone, stores: Stores) -> None:
    body = anna.entry()
    assert kept(anna.send(body)) == ("stored", None)
    assert kept(bram.send({**body, "dyad_id": bram.dyads[0]})) == ("stored", None)
    assert len(rows(stores, Entry)) == 2


def test_what_does_not_fit_is_quarantined_with_its_reason(
    anna: Phone, bram: Phone, carla: Phone, stores: Stores
) -> None:
    foreign_prompt = bram.prompts()[0]["id"]
    other_dyads = next(p for p in anna.prompts() if p["dyad_id"] == anna.dyads[1])["id"]
    cases = [
        ({"study": "other-diary"}, "study_unknown"),
        ({"protocol_version": 2}, "protocol_version_unknown"),
        ({"dyad_id": new_id()}, "dyad_unknown"),
        ({"dyad_id": bram.dyads[0]}, "dyad_unknown"),
        ({"dyad_id": carla.dyads[0]}, "dyad_unknown"),
        ({"prompt_id": new_id()}, "prompt_unknown"),
        ({"prompt_id": foreign_prompt}, "prompt_unknown"),
        ({"prompt_id": other_dyads}, "prompt_of_another_dyad"),
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"zone": "../../etc/passwd"}, "zone_unknown"),
        ({"zone": "x\u0000y"}, "zone_unknown"),
        ({"answers": {}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {"happened": 0, "stress": 2}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {"happened": False, "stress": 6}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {"happened": False, "stress": True}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {"happened": False, "stress": [2]}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {"happened": False, "stress": 10**40}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**A_HARD_MOMENT, "event_kind": {"a": 1}}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**NOTHING_HAPPENED, "hid": 3}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**NOTHING_HAPPENED, "shoe_size": 3}}, "answers_do_not_fit_the_protocol"),
    ]
    for parts, reason in cases:
        assert kept(anna.send(anna.entry(**parts))) == ("quarantined", reason), parts
    apart = rows(stores, Quarantined)
    assert Counter(row.reason for row in apart) == Counter(reason for _, reason in cases)
    assert {row.kind for row in apart} == {"entry"}
    assert not rows(stores, Entry)
    assert bram.prompts()[0]["state"] == "planned", "nobody else's prompt is touched"


def test_one_body_sent_as_entry_and_as_assessment_is_never_an_error(anna: Phone, stores: Stores) -> None:
    shared = new_id()
    body = anna.entry(entry_id=shared, assessment_id=shared, instrument="relationship-short", wave="baseline")
    body["study"] = "another"
    first, second = anna.put(f"/assessments/{shared}", body), anna.put(f"/entries/{shared}", body)
    assert kept(first) == kept(second) == ("quarantined", "study_unknown")
    assert len(rows(stores, Quarantined)) == 1


def test_a_prompt_becomes_answered_by_the_first_entry_only(anna: Phone, stores: Stores, clock: SetClock) -> None:
    prompt = anna.prompts()[0]
    first, second = (anna.entry(prompt["dyad_id"], prompt_id=prompt["id"]) for _ in range(2))
    assert kept(anna.send(first)) == ("stored", None)
    clock.forward(timedelta(minutes=5))
    assert kept(anna.send(second)) == ("quarantined", "prompt_answered_before"), "a second phone's is kept apart"
    assert kept(anna.send(second)) == ("quarantined", "prompt_answered_before")
    row = prompt_row(stores, prompt["id"])
    assert (row.state, row.reason, row.entry_id) == ("answered", "answered", first["entry_id"])
    assert row.ended_at == clock.now() - timedelta(minutes=5)
    assert len(rows(stores, Entry)) == 1
    assert [apart.id for apart in rows(stores, Quarantined)] == [second["entry_id"]]


def test_two_entries_for_one_prompt_that_wait_together_do_not_both_stand(
    anna: Phone, stores: Stores, clock: SetClock
) -> None:
    prompt = anna.prompts()[0]
    batch = []
    for _ in range(2):
        body = as_bytes(anna.entry(prompt["dyad_id"], prompt_id=prompt["id"]))
        batch.append(Sent(hash_secret(anna.token), parse_body(body, EntryGiven), body.decode(), content_sha256(body)))
    with stores.main.begin() as connection:
        first, second = keep_entries(connection, batch, now=clock.now())
    assert [getattr(receipt, "reason", "") for receipt in (first, second)] == [None, "prompt_answered_before"]


def test_an_answer_that_does_not_fit_is_no_silence(anna: Phone, stores: Stores, clock: SetClock) -> None:
    prompt = anna.prompts()[0]
    strange = anna.entry(prompt["dyad_id"], prompt_id=prompt["id"], answers={"of": "another form"})
    assert kept(anna.send(strange))[0] == "quarantined"
    clock.forward(timedelta(days=3))
    with transaction(stores.main) as session:
        expire_overdue(session, now=clock.now())
    row = prompt_row(stores, prompt["id"])
    assert (row.state, row.reason, row.entry_id) == ("answered", "answer_in_quarantine", None)
    good = anna.entry(prompt["dyad_id"], prompt_id=prompt["id"])
    assert kept(anna.send(good)) == ("stored", None), "the same answer in a form that fits takes its place"
    assert prompt_row(stores, prompt["id"]).entry_id == good["entry_id"]


def test_a_prompt_of_an_earlier_plan_that_is_answered_ends_the_one_in_its_place(anna: Phone, stores: Stores) -> None:
    with transaction(stores.main) as session:
        old = session.exec(select(Prompt).where(Prompt.state == "superseded")).first()
        assert old is not None
        same_place = select(Prompt).where(Prompt.slot == old.slot, Prompt.participant_id == old.participant_id)
        new = session.exec(same_place.where(Prompt.state == "planned")).one()
    assert kept(anna.send(anna.entry(old.dyad_id, prompt_id=old.id))) == ("stored", None)
    assert prompt_row(stores, old.id).state == "answered"
    ended = prompt_row(stores, new.id)
    assert (ended.state, ended.reason) == ("superseded", "answered_under_the_earlier_plan")


def test_an_entry_completed_after_the_time_is_marked_late(anna: Phone, stores: Stores, clock: SetClock) -> None:
    prompt = anna.prompts()[0]
    clock.forward(timedelta(days=2))
    body = anna.entry(prompt["dyad_id"], prompt_id=prompt["id"])
    assert kept(anna.send(body)) == ("stored", None)
    row = prompt_row(stores, prompt["id"])
    assert (row.state, row.reason) == ("answered", "answered_late")
    assert [entry.late for entry in rows(stores, Entry)] == [True]


def test_a_newer_version_leaves_people_on_theirs(
    anna: Phone, stores: Stores, clock: SetClock, diary: CheckedProtocol
) -> None:
    assert kept(anna.send(anna.entry(protocol_version=2)))[0] == "quarantined"
    _publish_version_2(stores, clock, diary)
    assert anna.get("/me").json()["protocol_version"] == 1
    assert anna.get("/protocol").json()["version"] == 1
    assert anna.get("/protocol", params={"version": 2}).json()["version"] == 2
    assert anna.get("/protocol", params={"version": 3}).status_code == 404
    assert kept(anna.send(anna.entry(protocol_version=1))) == ("stored", None)
    assert kept(anna.send(anna.entry(protocol_version=2))) == ("stored", None)
    assert kept(anna.send(anna.entry(protocol_version=3)))[1] == "protocol_version_unknown"


def _publish_version_2(stores: Stores, clock: SetClock, diary: CheckedProtocol) -> None:
    text = diary.text.replace("\nversion: 1\n", "\nversion: 2\n", 1)
    newer = check_text(text, file="v2.yaml", instruments_dir=ROOT / "studies" / "instruments")
    publish_study(stores, newer, clock)


def test_fifty_identical_posts_at_once_are_one_row(anna: Phone, stores: Stores) -> None:
    body = anna.entry(anna.prompts()[0]["dyad_id"], prompt_id=anna.prompts()[0]["id"])
    answers = at_once([lambda: anna.send(body)] * 50)
    assert {kept(answer) for answer in answers} == {("stored", None)}
    assert len({answer.content for answer in answers}) == 1
    assert len(rows(stores, Entry)) == 1
    assert not rows(stores, Quarantined)


def test_fifty_conflicting_posts_at_once_are_all_kept(anna: Phone, stores: Stores) -> None:
    base = anna.entry()
    bodies = [{**base, "timing": {"happened": number}} for number in range(50)]
    answers = at_once([lambda b=b: anna.send(b) for b in bodies])  # type: ignore[misc]
    assert Counter(kept(answer)[0] for answer in answers) == {"stored": 1, "conflict": 49}
    kept_bodies = [row.body for row in [*rows(stores, Entry), *rows(stores, Quarantined)]]
    assert sorted(kept_bodies) == sorted(as_bytes(body).decode() for body in bodies)


def test_the_receipt_comes_only_after_the_commit(anna: Phone, stores: Stores) -> None:
    body = anna.entry()
    with _commits_failing(stores.main):
        answer = anna.send(body)
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "disk" not in answer.text, "what went wrong inside is not the phone's business"
    assert not rows(stores, Entry)
    assert kept(anna.send(body)) == ("stored", None)
    assert len(rows(stores, Entry)) == 1


class _commits_failing:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _fail(self, _connection: object) -> None:
        raise OSError("the disk is full")

    def __enter__(self) -> None:
        event.listen(self._engine, "commit", self._fail)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "commit", self._fail)
