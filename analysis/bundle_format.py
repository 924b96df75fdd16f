"""The bundle's tables and columns, as data: the one list that writers and readers of bundles are held to.

A column's kind says how its text in the CSV is read: id, text, flag (true/false), integer, number, instant
(ISO 8601 UTC with Z), date (YYYY-MM-DD), json. `entries` and `assessments` carry further columns, one per
questionnaire item, described in the codebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FORMAT = "dyade-bundle"
FORMAT_VERSION = 1

Kind = Literal["id", "text", "flag", "integer", "number", "instant", "date", "json"]


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, how its text is read, and what it says."""

    name: str
    kind: Kind
    meaning: str


def _columns(*rows: tuple[str, Kind, str]) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


TABLES: dict[str, tuple[Column, ...]] = {
    "professionals": _columns(
        ("professional", "id", "who; made afresh for each bundle"),
        ("simulated", "flag", "true: made by the simulator, not a person"),
        ("enrolled_on", "date", "local date of enrolment"),
        ("zone", "text", "time zone name"),
        ("language", "text", "language of the screens"),
        ("consent_version", "integer", "version of the consent text agreed to"),
        ("consented_on", "date", "local date of agreeing to it"),
    ),
    "dyads": _columns(
        ("dyad", "id", "one professional with one client"),
        ("professional", "id", "the professional of the dyad"),
        ("simulated", "flag", "true: made by the simulator"),
        ("started_on", "date", "first local date of the dyad in the study"),
        ("ended_on", "date", "last local date; empty while it lasts"),
        ("end_reason", "text", "why it ended"),
    ),
    "prompts": _columns(
        ("prompt", "id", "one slot decided for one professional"),
        ("professional", "id", "to whom"),
        ("dyad", "id", "about which dyad"),
        ("slot", "text", "place in the plan"),
        ("revision", "integer", "counts re-planning of the same slot"),
        ("due_at", "instant", "when it was due"),
        ("due_local", "text", "the same on the professional's clock"),
        ("zone", "text", "time zone name"),
        ("utc_offset_minutes", "integer", "local minus UTC at that moment"),
        ("expires_at", "instant", "after this it could not be answered"),
        ("sent_at", "instant", "when the push message left"),
        ("delivery", "text", "how the delivery ended"),
        ("shown_at", "instant", "when the phone showed it, where known"),
        ("opened_at", "instant", "when the form was opened, where known"),
        ("state", "text", "planned, open, answered, expired, missed or superseded"),
        ("reason", "text", "why it ended so"),
        ("ended_at", "instant", "when it ended"),
        ("entry", "id", "the entry that answered it"),
        ("protocol_version", "integer", "version in force"),
    ),
    "entries": _columns(
        ("entry", "id", "one completed diary form"),
        ("professional", "id", "by whom"),
        ("dyad", "id", "about which dyad"),
        ("prompt", "id", "the prompt it answers; empty when unasked"),
        ("protocol_version", "integer", "version in force"),
        ("started_at", "instant", "first screen"),
        ("completed_at", "instant", "last screen"),
        ("completed_local", "text", "the same on the professional's clock"),
        ("zone", "text", "time zone name"),
        ("utc_offset_minutes", "integer", "local minus UTC at that moment"),
        ("received_at", "instant", "when the server kept it"),
        ("seconds", "number", "from first to last screen"),
        ("language", "text", "language of the form"),
        ("late", "flag", "completed after the prompt had expired"),
        ("not_asked", "text", "items whose condition was false, joined by ;"),
    ),
    "assessments": _columns(
        ("assessment", "id", "one completed questionnaire outside the diary"),
        ("professional", "id", "by whom"),
        ("dyad", "id", "about which dyad"),
        ("instrument", "text", "which questionnaire"),
        ("instrument_version", "integer", "its version"),
        ("wave", "text", "baseline, or a later wave"),
        ("protocol_version", "integer", "version in force"),
        ("started_at", "instant", "first screen"),
        ("completed_at", "instant", "last screen"),
        ("received_at", "instant", "when the server kept it"),
        ("seconds", "number", "from first to last screen"),
        ("language", "text", "language of the form"),
    ),
    "quarantine": _columns(
        ("id", "id", "an entry or assessment that did not fit its protocol version"),
        ("kind", "text", "entry or assessment"),
        ("reason", "text", "why it was set apart"),
        ("received_at", "instant", "when it came in"),
        ("body", "text", "what was received, with this bundle's ids"),
    ),
    "codebook": _columns(
        ("table", "text", "entries or assessments"),
        ("variable", "text", "column name"),
        ("type", "text", "yes_no, scale or choice"),
        ("label_en", "text", "question in English"),
        ("label_nl", "text", "question in Dutch"),
        ("values", "json", "list of {value, label_en, label_nl}"),
        ("construct", "text", "what it measures"),
        ("role", "text", "event, appraisal, emotion, strategy, outcome or relationship"),
        ("pole", "text", "positive or negative, for emotions"),
        ("instrument", "text", "questionnaire it belongs to"),
        ("scale", "text", "scale it counts towards"),
        ("show_if", "json", "condition under which it is asked; empty = always"),
        ("unit", "text", "unit, where it has one"),
    ),
}

WITH_ITEMS = ("entries", "assessments")
"""Tables that carry one more column per questionnaire item."""

CODEBOOK_KINDS: dict[str, Kind] = {
    "yes_no": "flag", "scale": "integer", "choice": "text",
}  # fmt: skip
"""How the values of a codebook variable of this type are read; anything else is text."""

OTHER_FILES = ("bundle.json", "codebook.json", "README.txt", "checksums.txt")
COUNTED_STATES = ("answered", "expired")
"""States in the denominator of compliance = answered / (answered + expired)."""
