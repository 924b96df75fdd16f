"""Settings: read once, from files where told, and refused when they do not fit together."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, read_settings

PRODUCTION = {"environment": "production", "public_url": "https://diary.example.org", "contact": "mailto:a@example.org"}


def test_a_file_may_hold_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text("postgresql://dyade:word@db/dyade\n")
    monkeypatch.setenv("DYADE_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("DYADE_PORT", "8123")
    found = read_settings()
    assert found.store_url("main") == "postgresql://dyade:word@db/dyade"
    assert found.port == 8123


def test_a_file_that_is_not_there_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYADE_DATABASE_URL_FILE", "/nowhere/at/all")
    with pytest.raises(OSError, match="/nowhere/at/all"):
        read_settings()


@pytest.mark.parametrize(
    "parts",
    [
        {"push_test_origin": "http://127.0.0.1:9"},
        {"public_url": "http://diary.example.org"},
        {"contact": "mailto:study@example.org"},
        {"contact": "https://university.example/diary"},
        {"contact": "team@university.example"},
        {"contact": "mailto:team@localhost"},
    ],
    ids=str,
)
def test_production_refuses_what_is_for_tests(parts: dict[str, str]) -> None:
    assert Settings(**PRODUCTION).environment == "production"
    with pytest.raises(ValidationError):
        Settings(**{**PRODUCTION, **parts})


@pytest.mark.parametrize(
    "origin", ["", "127.0.0.1:9", "http://127.0.0.1", "http://127.0.0.1:9/path", "http://127.0.0.1:x", "//h:1"]
)
def test_the_exempt_origin_is_a_scheme_a_host_and_a_port(origin: str) -> None:
    assert Settings(push_test_origin="http://127.0.0.1:9").push_test_origin
    with pytest.raises(ValidationError):
        Settings(push_test_origin=origin)


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1


OUT_OF_RANGE = [{"port": 0}, {"port": 65_536}, {"tick_seconds": 0}, {"environment": "staging"}]


@pytest.mark.parametrize("parts", OUT_OF_RANGE, ids=str)
def test_values_out_of_range_are_refused(parts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**parts)
