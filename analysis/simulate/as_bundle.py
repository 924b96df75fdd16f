"""A synthetic cohort as the tables of a bundle: prompts on a calendar of school days, entries,
questionnaires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import yaml

from analysis.bundle_write import write_bundle
from analysis.codebook import codebook_of
from analysis.simulate.cohort import Cohort
from analysis.simulate.relationship import ITEMS

FIRST_DAY = date(2026, 1, 12)
ZONE = "Europe/Amsterdam"
ANSWERS = ("happened", "event_kind", "valence", "joy", "anger", "helplessness", "anxiety", "hid", "faked", "showed",
           "disruptive", "stress")  # fmt: skip
STUDY = Path(__file__).parents[2] / "studies" / "teacher-diary.yaml"


def write_simulated_bundle(path: str | Path, cohort: Cohort, *, study: Path = STUDY) -> None:
    """Write a cohort as a bundle of the study. Everything, the instant of making too, follows from the
    cohort, so the same cohort gives the same bytes. Raises ValueError when the study file or an instrument
    cannot be found."""
    text, protocol, instruments = _protocol(study)
    codebook, scales = codebook_of(protocol, instruments)
    tables = {**_tables(cohort, protocol), "codebook": codebook}
    about = {
        "study": protocol["study"],
        "title": protocol["title"]["en"],
        "made_at": f"{_school_days(int(cohort.occasions['day'].max()) + 1)[-1]}T22:00:00.000Z",
        "simulated": "all",
        "dyade_version": _version(),
    }
    write_bundle(
        path,
        tables,
        about=about,
        scales=scales,
        protocols={protocol["version"]: text},
        simulation=cohort.simulation,
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dyade")
    except PackageNotFoundError:
        return "unknown"


def _protocol(study: Path) -> tuple[str, dict[str, Any], dict[str, dict[str, Any]]]:
    """The protocol's text with its instruments written in, its document, and the instruments."""
    try:
        text = study.read_text()
        protocol = yaml.safe_load(text)
        folder = study.parent / "instruments"
        texts = {name: (folder / f"{name}.yaml").read_text() for name in protocol["instruments"]}
    except OSError as error:
        raise ValueError(f"The study file {error.filename} cannot be read. Name another one with --study.") from None
    lines = []
    for line in text.splitlines():
        if line.startswith("instruments:"):
            line = "instruments:\n" + "\n".join(
                f"  {name}:\n" + "\n".join(f"    {row}".rstrip() for row in body.splitlines())
                for name, body in texts.items()
            )
        lines.append(line)
    return "\n".join(lines) + "\n", protocol, {name: yaml.safe_load(body) for name, body in texts.items()}


def _school_days(count: int) -> list[date]:
    days: list[date] = []
    day = FIRST_DAY
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def _ids(letter: str, numbers: Any) -> Any:
    return pd.Series(np.asarray(numbers)).map(lambda n: f"{letter}{n + 1:06d}").to_numpy()


def _tables(cohort: Cohort, protocol: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    per = int(cohort.dyads["dyad"].max()) + 1
    prompts = _prompts(cohort.occasions, per, int(protocol["version"]))
    return {
        "professionals": pd.DataFrame({
            "professional": _ids("P", cohort.professionals["professional"]), "simulated": True,
            "enrolled_on": FIRST_DAY.isoformat(), "zone": ZONE, "language": "nl",
            "consent_version": protocol["consent"]["version"], "consented_on": f"{FIRST_DAY}",
        }),
        "dyads": pd.DataFrame({
            "dyad": _ids("D", cohort.dyads["professional"] * per + cohort.dyads["dyad"]),
            "professional": _ids("P", cohort.dyads["professional"]), "simulated": True,
            "started_on": FIRST_DAY.isoformat(), "ended_on": None, "end_reason": None,
        }),
        "prompts": prompts,
        "entries": _entries(cohort.occasions, prompts, protocol),
        "assessments": _assessments(cohort.dyads, per, int(protocol["version"])),
    }  # fmt: skip


def _prompts(occasions: pd.DataFrame, per: int, version: int) -> pd.DataFrame:
    n = len(occasions)
    days = _school_days(int(occasions["day"].max()) + 1)
    order = (occasions["dyad"] + occasions["day"]) % 2
    # A fixed scatter of minutes inside each window; nothing in the answers depends on it.
    scatter = (occasions["professional"] * 17 + occasions["day"] * 29 + occasions["dyad"] * 7).to_numpy()
    minute = np.where(order == 0, 12 * 60 + 10 + scatter % 40, 15 * 60 + scatter % 90)
    local = pd.to_datetime(pd.Series([days[d] for d in occasions["day"]])) + pd.to_timedelta(minute, unit="min")
    due = local.dt.tz_localize(ZoneInfo(ZONE)).dt.tz_convert("UTC")
    offset = (local - due.dt.tz_localize(None)).dt.total_seconds() / 60
    closes = (local.dt.normalize() + pd.Timedelta(hours=21)).dt.tz_localize(ZoneInfo(ZONE)).dt.tz_convert("UTC")
    seen = occasions["answered"].to_numpy()
    done = due + pd.to_timedelta(occasions["minutes_late"].fillna(0), unit="min").dt.round("ms")
    return pd.DataFrame({
        "prompt": _ids("Q", range(n)),
        "professional": _ids("P", occasions["professional"]),
        "dyad": _ids("D", occasions["professional"] * per + occasions["dyad"]),
        "slot": np.where(order == 0, "midday", "afternoon"),
        "revision": 0,
        "due_at": due,
        "due_local": local.dt.strftime("%Y-%m-%dT%H:%M:%S"),
        "zone": ZONE,
        "utc_offset_minutes": offset.astype(int),
        "expires_at": closes,
        "sent_at": due,
        "delivery": "simulated",
        "shown_at": pd.NaT,
        "opened_at": pd.NaT,
        "state": np.where(seen, "answered", "expired"),
        "reason": None,
        "ended_at": done.where(seen, closes),
        "entry": pd.Series(_ids("E", range(n))).where(seen, None),
        "protocol_version": version,
    })  # fmt: skip


def _entries(occasions: pd.DataFrame, prompts: pd.DataFrame, protocol: Mapping[str, Any]) -> pd.DataFrame:
    seen = occasions["answered"].to_numpy()
    mine, told = prompts[seen].reset_index(drop=True), occasions[seen].reset_index(drop=True)
    done = mine["ended_at"]
    seconds = told["seconds"].round(1)
    asked = [item["id"] for item in protocol["diary"]["items"]]
    absent = told[asked].isna().to_numpy()
    local = (done + pd.to_timedelta(mine["utc_offset_minutes"], unit="min")).dt.strftime("%Y-%m-%dT%H:%M:%S")
    frame = mine[["entry", "professional", "dyad", "prompt", "protocol_version"]].copy()
    frame["started_at"] = done - pd.to_timedelta(seconds, unit="s")
    frame["completed_at"] = done
    frame["completed_local"] = local
    frame["zone"], frame["utc_offset_minutes"] = ZONE, mine["utc_offset_minutes"]
    frame["received_at"] = done + pd.Timedelta(seconds=2)
    frame["seconds"], frame["language"], frame["late"] = seconds, "nl", False
    frame["not_asked"] = [";".join(n for n, gone in zip(asked, row, strict=True) if gone) or None for row in absent]
    return pd.concat([frame, told[list(ANSWERS)]], axis=1)


def _assessments(dyads: pd.DataFrame, per: int, version: int) -> pd.DataFrame:
    number = dyads["professional"] * per + dyads["dyad"]
    started = pd.Timestamp(f"{FIRST_DAY}T06:40:00Z") + pd.to_timedelta(dyads["dyad"] * 120, unit="s")
    frame = pd.DataFrame({
        "assessment": _ids("A", number), "professional": _ids("P", dyads["professional"]), "dyad": _ids("D", number),
        "instrument": "relationship-short", "instrument_version": 1, "wave": "baseline", "protocol_version": version,
        "started_at": started, "completed_at": started + pd.Timedelta(seconds=90),
        "received_at": started + pd.Timedelta(seconds=92), "seconds": 90.0, "language": "nl",
    })  # fmt: skip
    return pd.concat([frame, dyads[list(ITEMS)].reset_index(drop=True)], axis=1)
