"""A questionnaire is kept like an entry; a dyad's first complete baseline brings the dyad into the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlmodel import col, select

from api.assessments.models import Assessment
from api.clock import SetClock
from api.db import Stores, transaction
from api.prompts.expire import expire_overdue
from api.prompts.models import Plan, Prompt
from api.quarantine import Quarantined
from tests.support.bodies import RELATIONSHIP, as_bytes, assessment_body, new_id, sha256
from tests.support.cast import Phone
from tests.support.together import at_once


def prompts(stores: Stores, phone: Phone) -> list[Prompt]:
    with transaction(stores.main) as session:
        of_mine = select(Prompt).where(Prompt.participant_id == phone.person.id)
        return list(session.exec(of_mine.order_by(col(Prompt.due_at), col(Prompt.revision))))


def plans(stores: Stores, phone: Phone) -> list[Plan]:
    with transaction(stores.main) as session:
        of_mine = select(Plan).where(Plan.participant_id == phone.person.id)
        return list(session.exec(of_mine.order_by(col(Plan.revision))))


def test_what_is_no_questionnaire_is_refused(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    dyad, id = phone.add_dyad(), new_id()
    good = assessment_body(dyad, phone.clock.now(), assessment_id=id)
    wrong: list[bytes] = [b"", b"{}", b"[]", b"\xff", as_bytes({**good, "assessment_id": new_id()})]
    wrong += [as_bytes({**good, "wave": wave}) for wave in ("follow-up", None, 1)]
    wrong += [as_bytes({**good, "started_at": at}) for at in ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "soon")]
    for body in wrong:
        answer = phone.put(f"/assessments/{id}", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed"), body
    nobody = phone.client.put(f"/api/v1/assessments/{id}", content=as_bytes(good))
    assert nobody.status_code == 401
    assert not plans(stores, phone)


def test_what_does_not_fit_is_quarantined_and_plans_nothing(
    newcomer: Callable[..., Phone], bram: Phone, stores: Stores
) -> None:
    phone = newcomer()
    dyad = phone.add_dyad()
    cases = [
        ({"dyad_id": bram.dyads[0]}, "dyad_unknown"),
        ({"dyad_id": new_id()}, "dyad_unknown"),
        ({"study": "other-diary"}, "study_unknown"),
        ({"protocol_version": 2}, "protocol_version_unknown"),
        ({"instrument": "strs"}, "instrument_unknown"),
        ({"instrument": "a\u0000b"}, "instrument_unknown"),
        ({"answers": {}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**RELATIONSHIP, "clo1": 6}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**RELATIONSHIP, "clo1": "3"}}, "answers_do_not_fit_the_protocol"),
        ({"answers": {**RELATIONSHIP, "clo9": 3}}, "answers_do_not_fit_the_protocol"),
    ]
    for parts, reason in cases:
        answer = phone.answer_baseline(**{"dyad_id": dyad, **parts})
        assert (answer.json()["kept"], answer.json()["reason"]) == ("quarantined", reason), parts
    with transaction(stores.main) as session:
        apart = list(session.exec(select(Quarantined)))
    assert Counter(row.reason for row in apart) == Counter(reason for _, reason in cases)
    assert not plans(stores, phone)
    assert phone.get("/me").json()["dyads"][0]["baseline"] == []


def test_the_receipts_are_those_of_entries(newcomer: Callable[..., Phone], stores: Stores, clock: SetClock) -> None:
    phone = newcomer()
    body = assessment_body(phone.add_dyad(), clock.now())
    path = f"/assessments/{body['assessment_id']}"
    first = phone.put(path, body)
    clock.forward(timedelta(hours=1))
    again, other = phone.put(path, body), phone.put(path, {**body, "answers": {**RELATIONSHIP, "clo1": 5}})
    assert first.content == again.content
    assert first.json()["content_sha256"] == sha256(as_bytes(body))
    assert (other.json()["kept"], other.json()["reason"]) == ("conflict", "same_id_other_content")
    with transaction(stores.main) as session:
        assert [row.body for row in session.exec(select(Assessment))] == [as_bytes(body).decode()]


def test_one_questionnaire_sent_ten_times_at_once_is_one(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    body = assessment_body(phone.add_dyad(), phone.clock.now())
    answers = at_once([lambda: phone.put(f"/assessments/{body['assessment_id']}", body)] * 10)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(plans(stores, phone)) == 1


def test_two_baselines_at_once_make_one_plan_for_both(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    dyads = [phone.add_dyad() for _ in range(2)]
    answers = at_once([lambda d=d: phone.answer_baseline(d) for d in dyads])  # type: ignore[misc]
    assert [answer.json()["kept"] for answer in answers] == ["stored"] * 2
    assert sorted(plans(stores, phone)[-1].dyad_ids) == sorted(dyads)
    _each_slot_stands_once(prompts(stores, phone))


def test_the_first_baseline_plans_the_whole_diary(newcomer: Callable[..., Phone], stores: Stores) -> None:
    phone = newcomer()
    first = phone.add_dyad()
    phone.add_dyad()
    assert phone.prompts() == []
    phone.answer_baseline(first)
    planned = prompts(stores, phone)
    assert len(planned) == 30 * 2 + 1
    assert {row.dyad_id for row in planned} == {first}, "a dyad without baseline is not asked about"
    assert [plan.reason for plan in plans(stores, phone)] == ["diary_starts"]
    assert planned[0].slot == "welcome"
    assert planned[0].due_at == phone.clock.now() + timedelta(seconds=30)


def test_the_second_baseline_plans_again_and_touches_nothing_that_is_due(
    newcomer: Callable[..., Phone], stores: Stores, clock: SetClock
) -> None:
    phone = newcomer()
    first, second = phone.add_dyad(), phone.add_dyad()
    phone.answer_baseline(first)
    # Three days in: some are answered, some expired, one is open.
    clock.forward(timedelta(days=3, hours=5))
    due = [row for row in prompts(stores, phone) if row.due_at <= clock.now()]
    phone.send(phone.entry(first, prompt_id=due[1].id))
    with transaction(stores.main) as session:
        expire_overdue(session, now=clock.now())
    before = {row.id: row.model_dump() for row in prompts(stores, phone)}
    phone.answer_baseline(second)
    after = {row.id: row.model_dump() for row in prompts(stores, phone)}

    assert [plan.reason for plan in plans(stores, phone)] == ["diary_starts", "dyad_added"]
    assert plans(stores, phone)[1].starts_at == plans(stores, phone)[0].starts_at
    changed = [after[id] for id in before if before[id] != after[id]]
    assert changed
    for row in changed:
        assert (row["state"], row["reason"], row["ended_at"]) == ("superseded", "dyad_added", clock.now())
        assert row["due_at"] > clock.now()
    untouched = [row for id, row in before.items() if row["due_at"] <= clock.now()]
    assert untouched
    assert all(after[row["id"]] == row for row in untouched)
    new = [row for id, row in after.items() if id not in before]
    assert {row["dyad_id"] for row in new} == {second}
    assert {row["revision"] for row in new} == {2}
    standing = prompts(stores, phone)
    _each_slot_stands_once(standing)
    ahead = Counter(row.dyad_id for row in standing if row.state == "planned" and row.due_at > clock.now())
    assert abs(ahead[first] - ahead[second]) <= 1


def test_a_baseline_answered_a_second_time_is_kept_and_plans_nothing(anna: Phone, stores: Stores) -> None:
    before = [row.model_dump() for row in prompts(stores, anna)]
    assert len(plans(stores, anna)) == 2
    assert anna.answer_baseline(anna.dyads[0]).json()["kept"] == "stored"
    assert len(plans(stores, anna)) == 2
    assert [row.model_dump() for row in prompts(stores, anna)] == before
    assert anna.get("/me").json()["dyads"][0]["baseline"] == ["relationship-short"]


def _each_slot_stands_once(rows: list[Prompt]) -> None:
    standing = Counter(row.slot for row in rows if row.state != "superseded")
    assert set(standing.values()) == {1}
    assert len(standing) == 61
