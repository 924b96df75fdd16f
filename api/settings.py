"""Settings: read once from the environment, typed and frozen. Every name is described in docs/operate.md."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DYADE_"


class Settings(BaseSettings):
    """One attribute per setting; DYADE_<NAME> sets it, DYADE_<NAME>_FILE names a file that holds it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    environment: Literal["development", "test", "production"] = "development"
    data_dir: Path = Path("data")
    database_url: str = ""
    keys_url: str = ""
    releases_url: str = ""
    public_url: str = Field(default="http://localhost:8000")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    studies_dir: Path = Path("studies")
    app_dir: Path = Path("pwa/dist")
    migrations_dir: Path = Path(__file__).resolve().parent.parent
    contact: str = "mailto:study@example.org"
    vapid_key_file: Path | None = None
    tick_seconds: float = Field(default=5.0, gt=0, le=300)
    push_test_origin: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("contact")
    @classmethod
    def is_mail_address(cls, contact: str) -> str:
        """The push services' signature takes a mail address only; a wrong one would silence every prompt."""
        if not re.fullmatch(r"mailto:[^@\s<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", contact):
            raise ValueError("DYADE_CONTACT must be mailto: and an address, such as mailto:diary@university.example")
        return contact

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        if self.environment == "production":
            self._check_production()
        if self.push_test_origin is not None:
            parts = urlsplit(self.push_test_origin)
            if not parts.scheme or not parts.hostname or parts.port is None or parts.path not in ("", "/"):
                raise ValueError("DYADE_PUSH_TEST_ORIGIN must be scheme://host:port and nothing more")
        return self

    def _check_production(self) -> None:
        if self.push_test_origin is not None:
            raise ValueError("DYADE_PUSH_TEST_ORIGIN opens a door for tests and is refused in production")
        if urlsplit(self.public_url).scheme != "https":
            raise ValueError("DYADE_PUBLIC_URL must be an https address in production")
        if self.contact == "mailto:study@example.org":
            raise ValueError("DYADE_CONTACT must name someone the push services can write to")

    def store_url(self, store: str) -> str:
        """The database address of a store: as set, else an SQLite file in the data folder."""
        given = {"main": self.database_url, "keys": self.keys_url, "releases": self.releases_url}[store]
        return given or f"sqlite:///{(self.data_dir / f'{store}.sqlite').resolve()}"

    @property
    def vapid_path(self) -> Path:
        return self.vapid_key_file or self.data_dir / "vapid.pem"


def read_settings(**overrides: Any) -> Settings:
    """Read the environment, letting DYADE_X_FILE stand in for DYADE_X; a missing file fails loudly."""
    values: dict[str, Any] = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path is not None:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings(**{**values, **overrides})


@cache
def get_settings() -> Settings:
    return read_settings()
