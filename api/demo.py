"""The demo: a study with a simulated cohort, marked as simulated in every row, made through the product's own ways.

The simulator decides what happened and what was answered; plans, deliveries, endings and receipts are made by
the same functions that serve real people, at instants of the past.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, col, select

from analysis.simulate import Cohort, simulate_cohort
from api.assessments.keep import keep_assessment
from api.assessments.models import AssessmentGiven
from api.audit import record
from api.auth.secrets import hash_secret, new_id
from api.clock import iso
from api.db import Stores, transaction
from api.dyads.add import add_dyad
from api.entries.desk import Sent
from api.entries.keep import keep_entries
from api.entries.models import EntryGiven
from api.errors import Refused
from api.migrate import migrate
from api.participants.enrol import new_participant
from api.participants.invite import invite
from api.participants.models import Device, Participant
from api.prompts.deliver import deliver_due
from api.prompts.expire import expire_overdue
from api.prompts.models import Prompt, State
from api.protocols.check import check_file
from api.protocols.publish import publish
from api.protocols.published import get_protocol
from api.receipts import Kept, Receipt, content_sha256, parse_body
from api.settings import Settings
from api.studies.models import Study
from api.verbs import Role

STUDY_FILE = "teacher-diary.yaml"
PROFESSIONALS = 37
SEED = 1
ZONE = "Europe/Amsterdam"
LANGUAGE = "nl"
LONGEST_STAY = timedelta(days=56)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Loaded:
    """What the demo holds: its study, a fresh invitation, and how many people are simulated and real."""

    study: str
    code: str
    simulated: int
    real: int


@dataclass(frozen=True)
class Actor:
    """A simulated professional: the participant row and the token of a phone that does not exist."""

    participant: Participant
    token_hash: str


def load_demo(settings: Settings, *, now: datetime) -> Loaded:
    """Migrate, publish the demo study, load its cohort once, and make a fresh invitation.

    Raises Refused when the database holds people of another study: the demo never mixes with real work.
    """
    migrate(settings)
    checked = check_file(settings.studies_dir / STUDY_FILE)
    stores = Stores.of(settings)
    try:
        with transaction(stores.main) as session:
            study = publish(session, checked, now=now)
            _refuse_beside_real_work(session, study)
            there = _count(session, study, simulated=True)
        if not there:
            _load_cohort(stores, study, now=now)
        with transaction(stores.main) as session:
            code = invite(session, study, now=now)
            return Loaded(
                study.slug, code, _count(session, study, simulated=True), _count(session, study, simulated=False)
            )
    finally:
        stores.dispose()


def _refuse_beside_real_work(session: Session, study: Study) -> None:
    others = select(func.count()).select_from(Participant).where(col(Participant.study_id) != study.id)
    unsimulated = _count(session, study, simulated=False) and not _count(session, study, simulated=True)
    if session.exec(others).one() or unsimulated:
        raise Refused("This database holds people of a real study. The demo needs a database of its own.")


def _count(session: Session, study: Study, *, simulated: bool) -> int:
    people = select(func.count()).select_from(Participant)
    return session.exec(people.where(Participant.study_id == study.id, Participant.simulated == simulated)).one()


def _load_cohort(stores: Stores, study: Study, *, now: datetime) -> None:
    with transaction(stores.main) as session:
        document = get_protocol(session, study.id, study.current_version).document
    # One day more than the plan has: the first dyad's extra one answers the welcome prompt.
    cohort = simulate_cohort(
        professionals=PROFESSIONALS,
        dyads_per_professional=document["dyads"]["at_most"],
        days=document["schedule"]["days"] + 1,
        seed=SEED,
    )
    with transaction(stores.main) as session:
        actors = [_enrol(session, study, document, cohort, number, now=now) for number in range(PROFESSIONALS)]
        occasions = dict(iter(cohort.occasions.groupby(["professional", "dyad"])))
        filled = dict(_filled_forms(session, actors, occasions, document))
    _live_through(stores, filled, until=now)
    with transaction(stores.main) as session:
        marked = session.get_one(Study, study.id)
        marked.simulation = cohort.simulation
        record(
            session,
            at=now,
            role=Role.OPERATOR,
            verb="demo.load",
            study_id=study.id,
            details={"professionals": PROFESSIONALS, "seed": SEED},
        )


def _enrol(
    session: Session, study: Study, document: dict[str, Any], cohort: Cohort, number: int, *, now: datetime
) -> Actor:
    joined_at = now - LONGEST_STAY + timedelta(days=number % 7, minutes=7 * number)
    person = new_participant(
        session, study, zone=ZONE, language=LANGUAGE, now=joined_at, simulated=True, seed=SEED * 1000 + number
    )
    token_hash = hash_secret(secrets.token_urlsafe(32))
    session.add(Device(token_hash=token_hash, participant_id=person.id, added_at=joined_at))
    mine = cohort.dyads[cohort.dyads["professional"] == number].sort_values("dyad")
    for place, row in enumerate(mine.to_dict("records")):
        at = joined_at + timedelta(minutes=2 + 3 * place)
        dyad = add_dyad(session, person, new_id(), started_on=joined_at.date(), now=at)
        for name in document["baseline"]["per_dyad"]:
            items = [item["id"] for item in document["instruments"][name]["items"]]
            answers = {item: int(row[item]) for item in items}
            _answer_baseline(session, person, dyad.id, name, answers, document, at=at + timedelta(minutes=2))
    return Actor(person, token_hash)


def _answer_baseline(
    session: Session,
    person: Participant,
    dyad_id: str,
    instrument: str,
    answers: dict[str, int],
    document: dict[str, Any],
    *,
    at: datetime,
) -> None:
    body = orjson.dumps(
        {
            "assessment_id": new_id(),
            "dyad_id": dyad_id,
            "instrument": instrument,
            "wave": "baseline",
            **_sent_from(document, started_at=at - timedelta(seconds=95), completed_at=at),
            "answers": answers,
            "timing": {},
        }
    )
    given = parse_body(body, AssessmentGiven)
    receipt = keep_assessment(session, person, given, body=body.decode(), content_sha256=content_sha256(body), now=at)
    _insist(receipt)


def _filled_forms(
    session: Session, actors: list[Actor], occasions: dict[Any, pd.DataFrame], document: dict[str, Any]
) -> Iterator[tuple[str, tuple[datetime, Sent]]]:
    """For each prompt that is answered, its id with the instant of answering and the form as a phone sends it."""
    for number, actor in enumerate(actors):
        dyads: dict[str, list[Prompt]] = {}
        rows = session.exec(
            select(Prompt)
            .where(Prompt.participant_id == actor.participant.id, Prompt.state != State.SUPERSEDED.value)
            .order_by(col(Prompt.due_at))
        )
        for prompt in rows:
            dyads.setdefault(prompt.dyad_id, []).append(prompt)
        # The first dyad is the one with the welcome prompt, which is the first of all.
        for place, prompts in enumerate(dyads.values()):
            for prompt, occasion in zip(prompts, occasions[number, place].to_dict("records"), strict=False):
                if not occasion["answered"]:
                    continue
                completed_at = prompt.due_at + timedelta(minutes=float(occasion["minutes_late"]))
                if completed_at < prompt.expires_at:
                    yield prompt.id, (completed_at, _form(actor, prompt, occasion, document, completed_at))


def _form(
    actor: Actor, prompt: Prompt, occasion: dict[Any, Any], document: dict[str, Any], completed_at: datetime
) -> Sent:
    items = document["diary"]["items"]
    answers = {item["id"]: _plain(occasion[item["id"]], item["kind"]) for item in items}
    started_at = completed_at - timedelta(seconds=float(occasion["seconds"]))
    body = orjson.dumps(
        {
            "entry_id": new_id(),
            "dyad_id": prompt.dyad_id,
            "prompt_id": prompt.id,
            **_sent_from(document, started_at=started_at, completed_at=completed_at),
            "opened_at": iso(started_at),
            "answers": {name: value for name, value in answers.items() if value is not None},
            "not_asked": [name for name, value in answers.items() if value is None],
            "timing": {},
        }
    )
    return Sent(actor.token_hash, parse_body(body, EntryGiven), body.decode(), content_sha256(body))


def _plain(value: Any, kind: str) -> bool | int | str | None:
    if pd.isna(value):
        return None
    return bool(value) if kind == "yes_no" else int(value) if kind == "scale" else str(value)


def _sent_from(document: dict[str, Any], *, started_at: datetime, completed_at: datetime) -> dict[str, Any]:
    return {
        "study": document["study"],
        "protocol_version": document["version"],
        "started_at": iso(started_at),
        "completed_at": iso(completed_at),
        "zone": ZONE,
        "language": LANGUAGE,
    }


def _live_through(stores: Stores, filled: dict[str, tuple[datetime, Sent]], *, until: datetime) -> None:
    """Let the past happen, day by day: deliver what was due, take the entries of the day, end what ran out."""
    waiting = sorted(filled.values(), key=lambda form: form[0])
    day = until - LONGEST_STAY
    while day < until:
        day = min(day + ONE_DAY, until)
        for at in (day - timedelta(hours=18), day - timedelta(hours=12), day - timedelta(hours=6), day):
            while deliver_due(stores.main, None, public_url="", now=at):
                pass
            with transaction(stores.main) as session:
                while waiting and waiting[0][0] < at:
                    received_at, sent = waiting.pop(0)
                    for result in keep_entries(session.connection(), [sent], now=received_at):
                        _insist(result)
                expire_overdue(session, now=at)


def _insist(result: Receipt | Exception) -> None:
    # The demo is made by the product's own ways; what they do not keep is a fault of one of the two.
    if not isinstance(result, Receipt) or result.kept is not Kept.STORED:
        raise AssertionError(f"the simulated cohort sent something the study does not keep: {result}")
