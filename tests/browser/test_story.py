"""The whole story, from invitation to report, in one real browser with the real commands and processes.

Each step prints a line as it passes: `make story`.
"""

from __future__ import annotations

import hashlib
import json
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from analysis.bundle import read_bundle
from tests.browser.phone import ROOT, ServiceWorker, kill, phone, until
from tests.support.push_sink import PhoneKeys, PushSink
from tests.support.running import Installation

NICKNAMES = ("Zonnetje", "Wervelwind")
PICTURES = ROOT / "out" / "story"
ON_THE_EVENT = {"event_kind": "refusal", "valence": "-2", "joy": "1", "anger": "4", "helplessness": "3", "anxiety": "1"}


def passed(number: int, what: str) -> None:
    print(f"  step {number} passed: {what}", flush=True)


@pytest.fixture
def push_service() -> Iterator[PushSink]:
    with PushSink() as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, push_service: PushSink) -> Iterator[Installation]:
    installation = Installation(tmp_path, push_origin=push_service.origin)
    installation.take_studies(welcome_after_seconds=3)
    yield installation
    installation.stop_all()


@pytest.mark.timeout(420)
def test_the_story(installation: Installation, push_service: PushSink, tmp_path: Path) -> None:
    print(flush=True)
    PICTURES.mkdir(parents=True, exist_ok=True)
    link = a_fresh_machine_is_set_up(installation)
    with phone(tmp_path / "phone", push_service.origin) as context:
        page = context.pages[0]
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        a_teacher_joins(page, link)
        two_pupils_are_added(page)
        baselines_are_answered(page, installation)
        prompt = a_prompt_is_pushed(page, installation, push_service)
        the_diary_is_filled_in(page, prompt)
        the_entry_is_kept_once(page, installation, prompt)
        assert_nothing_left_the_origin(requests, installation)
    offline_entry_survives(installation, push_service, tmp_path)
    nothing_names_a_pupil(installation)
    bundle = the_bundle_is_written(installation)
    the_report_is_written(installation, bundle)


def a_fresh_machine_is_set_up(installation: Installation) -> str:
    printed = installation.dyade("demo")
    assert "37 simulated professionals, 0 real" in printed
    assert "phone can use neither localhost nor plain" in printed
    found = re.search(r"professional\s+(\S+)", printed)
    assert found is not None
    installation.start("serve")
    installation.start("worker")
    passed(1, "the demo is set up, migrated, filled with a cohort marked as simulated, and served")
    return found[1]


def a_teacher_joins(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_test_id("join-consent")).to_contain_text("Stoppen")
    page.get_by_test_id("language-en").first.click()
    expect(page.get_by_test_id("join-consent")).to_contain_text("Taking part is voluntary")
    page.get_by_test_id("language-nl").first.click()
    picture(page, "1-consent")
    page.get_by_test_id("join-agree").check()
    page.get_by_test_id("join-submit").click()
    expect(page).to_have_url(re.compile(r"/app/(pupils.*)?$"))
    passed(2, "a teacher read the consent in two languages, agreed, and is in under a pseudonym")


def two_pupils_are_added(page: Page) -> None:
    for nickname in NICKNAMES:
        page.goto(page.url.split("/app/")[0] + "/app/pupils/new")
        page.get_by_test_id("pupil-name").fill(nickname)
        page.get_by_test_id("pupil-add").click()
        expect(page).not_to_have_url(re.compile("/new$"))
    page.goto(page.url.split("/app/")[0] + "/app/pupils")
    for nickname in NICKNAMES:
        expect(page.get_by_text(nickname).first).to_be_visible()
    picture(page, "2-pupils")


def baselines_are_answered(page: Page, installation: Installation) -> None:
    for _ in NICKNAMES:
        page.goto(f"{installation.url}/app/pupils")
        page.locator("a[href$='/baseline']").first.click()
        form = page.get_by_test_id("baseline-form")
        expect(form).to_be_visible()
        page.get_by_test_id("save").click()
        expect(form).to_be_visible()  # nothing is saved with gaps
        for scale, value in (("clo", "4"), ("con", "2"), ("dep", "3")):
            for number in "1234":
                choose(page, f"{scale}{number}", value)
        picture(page, "3-baseline")
        page.get_by_test_id("save").click()
        expect(form).not_to_be_visible()
    until(lambda: count(installation, "SELECT count(*) FROM assessment WHERE wave = 'baseline'") == 74 + 2, page)
    passed(3, "two pupils stand on the phone under nicknames, with their baselines kept by the study")


def a_prompt_is_pushed(page: Page, installation: Installation, push_service: PushSink) -> str:
    page.context.grant_permissions(["notifications"], origin=installation.url)
    page.goto(f"{installation.url}/app/")
    page.get_by_test_id("notifications-with").click()
    until(lambda: count(installation, "SELECT count(*) FROM push_subscription"), page)
    worker = ServiceWorker(page, installation.url)
    until(lambda: push_service.received, page, seconds=30)
    keys = page.evaluate("self.__phone")
    message = PhoneKeys.of_browser(keys["jwk"], keys["auth"]).open(push_service.received[0].body)
    check_wire(push_service, message)
    worker.push(message)
    shown = until(worker.notifications, page)
    assert [note["title"] for note in shown] == [f"Hoe ging het met {NICKNAMES[0]}?"]
    prompt = str(message["prompt"]["id"])
    assert shown[0]["tag"] == prompt
    worker.push(message)
    page.wait_for_timeout(300)
    assert len(worker.notifications()) == 1, "the same prompt again replaces, never doubles"
    until(lambda: count(installation, "SELECT count(*) FROM prompt WHERE shown_at IS NOT NULL"), page)
    worker.tap(prompt)
    expect(page).to_have_url(re.compile(f"/app/diary/{prompt}$"))
    passed(4, "the prompt came by Web Push, was shown with the nickname, and a tap opened the form")
    return prompt


def check_wire(push_service: PushSink, message: dict[str, Any]) -> None:
    headers = push_service.received[0].headers
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert 0 < int(headers["ttl"]) <= 12 * 3600
    assert headers["topic"] == message["prompt"]["id"]
    assert not any(nickname in json.dumps(message) for nickname in NICKNAMES)


def the_diary_is_filled_in(page: Page, prompt: str) -> None:
    form = page.get_by_test_id("diary-form")
    expect(form).to_be_visible()
    assert page.locator("input[type=radio]:checked").count() == 0, "nothing is chosen beforehand"
    choose(page, "happened", "true")
    for item, value in ON_THE_EVENT.items():
        choose(page, item, value)
    for item in ("hid", "faked", "showed"):
        expect(page.get_by_test_id(f"item-{item}")).to_be_visible()
    choose(page, "anger", "1")
    choose(page, "helplessness", "1")
    expect(page.get_by_test_id("item-hid")).to_have_count(0)
    choose(page, "anger", "4")
    choose(page, "hid", "4")
    choose(page, "faked", "3")
    page.reload()
    expect(page.locator("input[name=hid][value='4']")).to_be_checked()  # the draft survived
    choose(page, "helplessness", "3")
    choose(page, "showed", "2")
    choose(page, "disruptive", "4")
    picture(page, "4-diary")
    page.locator("[data-testid=item-anger]").scroll_into_view_if_needed()
    picture(page, "4-diary-part", whole=False)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("item-stress")).to_be_visible()  # one answer is missing: back to it
    choose(page, "stress", "3")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("saved")).to_be_visible()
    picture(page, "5-saved", whole=False)
    passed(5, "the form followed the protocol: no preset, conditions, a draft that survives, gaps pointed out")


def the_entry_is_kept_once(page: Page, installation: Installation, prompt: str) -> None:
    entry = until(
        lambda: row(installation, "SELECT id, body, content_sha256 FROM entry WHERE prompt_id = ?", prompt), page
    )
    assert hashlib.sha256(entry[1].encode()).hexdigest() == entry[2]
    answers = json.loads(entry[1])["answers"]
    assert answers == {
        "happened": True,
        "event_kind": "refusal",
        **{name: int(value) for name, value in ON_THE_EVENT.items() if name != "event_kind"},
        **{"hid": 4, "faked": 3, "showed": 2, "disruptive": 4, "stress": 3},
    }
    again = page.evaluate(
        """async ([id, body]) => {
          const db = await new Promise((done, fail) => { const open = indexedDB.open('dyade');
            open.onsuccess = () => done(open.result); open.onerror = () => fail(open.error); });
          const token = await new Promise((done) => { const get = db.transaction('singles').objectStore('singles')
            .get('device'); get.onsuccess = () => done(get.result); });
          const found = JSON.stringify(token).match(/dyt_[A-Za-z0-9_-]{43}/)[0];
          const headers = { authorization: 'Bearer ' + found };
          const answer = await fetch('/api/v1/entries/' + id, { method: 'PUT', headers, body });
          return answer.json();
        }""",
        [entry[0], entry[1]],
    )
    assert (again["kept"], again["content_sha256"]) == ("stored", entry[2])
    assert count(installation, f"SELECT count(*) FROM entry WHERE id = '{entry[0]}'") == 1
    assert row(installation, "SELECT state, entry_id FROM prompt WHERE id = ?", prompt) == ("answered", entry[0])
    page.goto(f"{installation.url}/app/")
    expect(page.get_by_test_id("outbox-state")).to_have_attribute("data-unsent", "0")
    picture(page, "6-today")


def offline_entry_survives(installation: Installation, push_service: PushSink, tmp_path: Path) -> None:
    """Another prompt, no network: the entry waits on the phone through a reload and a killed browser."""
    second = make_another_prompt_due(installation)
    with phone(tmp_path / "phone", push_service.origin) as context:
        page = context.pages[0]
        page.goto(f"{installation.url}/app/")
        expect(page.locator(f"[data-prompt-id='{second}']")).to_be_visible()
        picture(page, "7-due", whole=False)
        installation.stop("serve", how=signal.SIGKILL)
        context.set_offline(True)
        page.reload()
        page.locator(f"[data-prompt-id='{second}']").click()
        choose(page, "happened", "false")
        choose(page, "stress", "2")
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("saved")).to_be_visible()
        kill(tmp_path / "phone")
    with phone(tmp_path / "phone", push_service.origin) as context:
        page = context.pages[0]
        context.set_offline(True)
        page.goto(f"{installation.url}/app/")
        expect(page.get_by_test_id("outbox-state")).to_have_attribute("data-unsent", "1")
        picture(page, "8-offline")
        installation.start("serve")
        context.set_offline(False)
        until(lambda: count(installation, f"SELECT count(*) FROM entry WHERE prompt_id = '{second}'") == 1, page)
        expect(page.get_by_test_id("outbox-state")).to_have_attribute("data-unsent", "0")
    passed(6, "an entry made offline survived a reload and a killed browser, and was kept exactly once")


def make_another_prompt_due(installation: Installation) -> str:
    """Move the next planned prompt of the real person to now: waiting for a school day is no test."""
    with closing(sqlite3.connect(installation.folder / "data" / "main.sqlite", timeout=20)) as database, database:
        prompt = database.execute(
            "SELECT prompt.id FROM prompt JOIN participant ON participant.id = participant_id"
            " WHERE NOT simulated AND state = 'planned' ORDER BY due_at LIMIT 1"
        ).fetchone()[0]
        database.execute("UPDATE prompt SET due_at = datetime('now', '-1 minute') || '.000000' WHERE id = ?", (prompt,))
    return str(prompt)


def nothing_names_a_pupil(installation: Installation) -> None:
    for file in sorted(installation.folder.rglob("*")):
        if file.is_file() and "phone" not in file.relative_to(installation.folder).parts:
            content = file.read_bytes()
            assert not any(nickname.encode() in content for nickname in NICKNAMES), f"a nickname stands in {file}"


def the_bundle_is_written(installation: Installation) -> Path:
    bundle = installation.folder / "bundle.zip"
    installation.dyade("export", "teacher-diary", "-o", str(bundle))
    read = read_bundle(bundle)
    assert read.about["simulated"] == "some"
    real = read["professionals"].loc[~read["professionals"]["simulated"], "professional"]
    assert len(real) == 1
    mine = read["entries"][read["entries"]["professional"].isin(real)]
    assert sorted(mine["happened"]) == [False, True]
    event = mine[mine["happened"]].iloc[0]
    assert (event["hid"], event["faked"], event["anger"], event["event_kind"]) == (4, 3, 4, "refusal")
    quiet = mine[~mine["happened"]].iloc[0]
    assert pd.isna(quiet["hid"])
    assert "hid" in str(quiet["not_asked"]).split(";")
    prompts = read["prompts"][read["prompts"]["professional"].isin(real)]
    assert len(prompts) >= 61
    assert set(prompts["state"]) <= {"planned", "open", "answered", "superseded", "expired"}
    assert (prompts["state"] == "answered").sum() == 2
    passed(7, "the bundle holds every prompt with its state, the entries, the baselines, the codebook")
    return bundle


def the_report_is_written(installation: Installation, bundle: Path) -> None:
    report = installation.folder / "report.html"
    installation.dyade("report", str(bundle), "-o", str(report), program="dyade-analysis")
    text = report.read_text("utf-8")
    assert "simulated" in text.lower()
    assert re.search(r"\b37\b", text)
    assert "http://" not in re.sub(r'xmlns[^"]*"[^"]*"|http://www\.w3\.org[^"]*', "", text)
    (PICTURES / "report.html").write_text(text, "utf-8")
    passed(8, "the report fits the three-level model and shows the true effects beside their intervals")


def assert_nothing_left_the_origin(requests: list[str], installation: Installation) -> None:
    elsewhere = [url for url in requests if not url.startswith((installation.url, "data:", "blob:"))]
    assert elsewhere == []


def choose(page: Page, item: str, value: str) -> None:
    page.locator(f"label:has(input[name={item}][value='{value}'])").click()
    expect(page.locator(f"input[name={item}][value='{value}']")).to_be_checked()


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=whole)


def count(installation: Installation, query: str) -> int:
    return int(row(installation, query)[0])


def row(installation: Installation, query: str, *values: str) -> Any:
    with closing(sqlite3.connect(installation.folder / "data" / "main.sqlite", timeout=20)) as database:
        return database.execute(query, values).fetchone()
