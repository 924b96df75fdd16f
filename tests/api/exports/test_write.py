"""A bundle holds everything a study has, and nothing that leads back to it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from analysis.bundle import read_bundle
from api.clock import SetClock
from api.db import Stores, transaction
from api.dyads.models import Dyad
from api.entries.models import Entry
from api.errors import NotFound
from api.exports.models import BundleSeed
from api.exports.tables import table_files
from api.exports.write import write_bundle
from api.participants.models import Device, Invitation, Participant
from api.prompts.models import Prompt
from api.quarantine import Quarantined
from api.studies.models import Study
from tests.support.cast import Phone

TABLES: tuple[type[SQLModel], ...] = (Study, Participant, Invitation, Device, Dyad, Prompt, Entry, Quarantined)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bundles").mkdir()
    return tmp_path / "bundles"


def members(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def busy(anna: Phone) -> None:
    """An entry that stands, one sent again with other content, one that does not fit."""
    prompt = anna.prompts()[0]
    first = anna.entry(prompt["dyad_id"], prompt_id=prompt["id"])
    assert anna.send(first).json()["kept"] == "stored"
    assert anna.send({**first, "language": "en"}).json()["kept"] == "conflict"
    assert anna.send(anna.entry(protocol_version=9)).json()["kept"] == "quarantined"


def test_a_study_that_is_not_there_is_refused_and_leaves_no_file(
    anna: Phone, stores: Stores, clock: SetClock, folder: Path
) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        write_bundle(stores, "nowhere", folder / "b.zip", now=clock.now())
    assert list(folder.iterdir()) == []


def test_a_disk_that_fails_leaves_no_half_file(
    anna: Phone, stores: Stores, clock: SetClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_bundle(stores, anna.study, folder / "b.zip", now=clock.now())
    assert list(folder.iterdir()) == []


def test_no_id_code_token_or_pseudonym_of_the_study_is_in_it(
    anna: Phone, bram: Phone, stores: Stores, clock: SetClock, folder: Path
) -> None:
    busy(anna)
    bundle = folder / "b.zip"
    write_bundle(stores, anna.study, bundle, now=clock.now())
    secrets: set[str] = set()
    with transaction(stores.main) as session:
        for table in TABLES:
            for row in session.exec(select(table)):
                told = row.model_dump()
                secrets |= {str(told[name]) for name in told if name.endswith(("id", "hash", "sha256", "pseudonym"))}
    secrets -= {"None"}
    assert len(secrets) > 130
    for name, content in members(bundle).items():
        found = [secret for secret in secrets if secret.encode() in content]
        assert not found, f"{name} holds {found[:3]}"


def test_two_bundles_have_no_id_in_common_and_the_seeds_lie_in_their_own_store(
    anna: Phone, stores: Stores, clock: SetClock, folder: Path
) -> None:
    busy(anna)
    ids = []
    for name in ("a.zip", "b.zip"):
        write_bundle(stores, anna.study, folder / name, now=clock.now())
        read = read_bundle(folder / name)
        ids.append(
            {
                str(value)
                for table in ("professionals", "dyads", "prompts", "entries")
                for value in read[table].iloc[:, 0]
            }
        )
    assert not ids[0] & ids[1]
    with transaction(stores.keys) as session:
        assert len({row.seed for row in session.exec(select(BundleSeed))}) >= 2


def test_the_same_seed_gives_the_same_bytes(anna: Phone, stores: Stores, clock: SetClock, folder: Path) -> None:
    busy(anna)
    for name in ("a.zip", "b.zip"):
        write_bundle(stores, anna.study, folder / name, now=clock.now(), seed="ab" * 32)
    assert (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()


def test_every_prompt_is_in_it_with_its_state(anna: Phone, stores: Stores, clock: SetClock, folder: Path) -> None:
    busy(anna)
    counts = write_bundle(stores, anna.study, folder / "b.zip", now=clock.now())
    read = read_bundle(folder / "b.zip")
    with transaction(stores.main) as session:
        states = [row.state for row in session.exec(select(Prompt))]
    assert sorted(read["prompts"]["state"]) == sorted(states)
    assert counts["prompts"] == len(states) > 60
    assert {"answered", "planned", "superseded"} <= set(states)
    answered = read["prompts"][read["prompts"]["state"] == "answered"]
    assert list(answered["entry"]) == list(read["entries"]["entry"])


def test_quarantine_shows_what_came_and_why(anna: Phone, stores: Stores, clock: SetClock, folder: Path) -> None:
    busy(anna)
    write_bundle(stores, anna.study, folder / "b.zip", now=clock.now())
    apart = read_bundle(folder / "b.zip")["quarantine"]
    assert sorted(apart["reason"]) == ["protocol_version_unknown", "same_id_other_content"]
    bodies = [json.loads(body) for body in apart["body"]]
    assert {body["protocol_version"] for body in bodies} == {1, 9}
    assert all(body["entry_id"].startswith("E") and body["dyad_id"].startswith("D") for body in bodies)


def test_local_times_follow_the_zone(anna: Phone, stores: Stores, clock: SetClock, folder: Path) -> None:
    assert anna.send(anna.entry(zone="America/New_York")).json()["kept"] == "stored"
    write_bundle(stores, anna.study, folder / "b.zip", now=clock.now() + timedelta(days=1))
    (entry,) = read_bundle(folder / "b.zip")["entries"].to_dict("records")
    assert entry["utc_offset_minutes"] == -300
    local = entry["completed_at"] + timedelta(minutes=-300)
    assert entry["completed_local"] == local.strftime("%Y-%m-%d %H:%M:%S")


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain"]
    made = table_files((("id", "id"), ("text", "text")), [{"id": "a", "text": text} for text in texts])
    cells = [row["text"] for row in csv.DictReader(io.StringIO(made.csv.decode(), newline=""))]
    assert cells == [f"'{text}" for text in texts[:-1]] + ["plain"]
