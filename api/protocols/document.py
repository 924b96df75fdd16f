"""The shapes of a protocol document and of an instrument: what may be written where."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
# Small enough for every database, for JSON and for JavaScript.
Version = Annotated[int, Field(ge=1, le=1_000_000)]
Number = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Language = Literal["nl", "en"]
Localised = dict[Language, Text]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Pole = Literal["positive", "negative"]
ItemRole = Literal["event", "appraisal", "emotion", "strategy", "outcome", "relationship"]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Point(Shape):
    value: Number
    label: Localised


class Option(Shape):
    value: Name
    label: Localised


class Condition(Shape):
    """Exactly one of: item with is/above/below, all, any, not."""

    item: Name | None = None
    is_: bool | Number | str | None = Field(default=None, alias="is")
    above: Number | None = None
    below: Number | None = None
    all: list[Condition] | None = None
    any: list[Condition] | None = None
    not_: Condition | None = Field(default=None, alias="not")


class Item(Shape):
    id: Name
    card: Name
    kind: Literal["yes_no", "scale", "choice"]
    construct_: Name = Field(alias="construct")
    role: ItemRole
    pole: Pole | None = None
    text: Localised
    help: Localised | None = None
    points: Name | None = None
    options: Annotated[list[Option], Field(min_length=1)] | None = None
    required: bool = True
    show_if: Condition | None = None


class Score(Shape):
    items: Annotated[list[Name], Field(min_length=1)]
    method: Literal["mean"]
    at_least: Annotated[int, Field(ge=1)]


class Card(Shape):
    id: Name
    title: Localised
    intro: Localised | None = None


class Diary(Shape):
    cards: Annotated[list[Card], Field(min_length=1, max_length=20)]
    items: Annotated[list[Item], Field(min_length=1, max_length=200)]
    scores: dict[Name, Score] = {}


class Terms(Shape):
    client: Localised
    clients: Localised
    professional: Localised


class Consent(Shape):
    version: Version
    text: Localised


class DyadRule(Shape):
    at_most: Annotated[int, Field(ge=1, le=50)]


class Baseline(Shape):
    # The diary about a dyad starts when these are answered, so at least one.
    per_dyad: Annotated[list[Slug], Field(min_length=1)]


class Notification(Shape):
    title: Localised
    body: Localised
    neutral_title: Localised


class Window(Shape):
    id: Name
    from_: WallTime = Field(alias="from")
    to: WallTime
    closes: WallTime


class Welcome(Shape):
    after_seconds: Annotated[int, Field(ge=0, le=86_400)]
    open_for_hours: Annotated[int, Field(ge=1, le=72)]


class Schedule(Shape):
    days: Annotated[int, Field(ge=1, le=400)]
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    dyads: Literal["rotation"]
    windows: Annotated[list[Window], Field(min_length=1, max_length=12)]
    welcome: Welcome | None = None


class Protocol(Shape):
    dyade: Literal[1]
    study: Slug
    version: Version
    languages: Annotated[list[Language], Field(min_length=1, max_length=2)]
    title: Localised
    terms: Terms
    consent: Consent
    dyads: DyadRule
    instruments: list[Slug] = []
    baseline: Baseline
    notifications: dict[Literal["diary"], Notification]
    schedule: Schedule
    scales: dict[Name, Annotated[list[Point], Field(min_length=2, max_length=11)]] = {}
    diary: Diary


class Licence(Shape):
    text: Text
    owner: Text


class InstrumentItem(Shape):
    id: Name
    construct_: Name = Field(alias="construct")
    text: Localised
    reverse: Literal[False] = False


class Instrument(Shape):
    instrument: Slug
    version: Version
    title: Localised
    licence: Licence
    intro: Localised
    points: Annotated[list[Point], Field(min_length=2, max_length=11)]
    items: Annotated[list[InstrumentItem], Field(min_length=1, max_length=200)]
    scales: dict[Name, Score] = {}


def instrument_as_items(instrument: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """An instrument's items and points in the form the engine reads: every item a scale on `points`."""
    items = [{**item, "kind": "scale", "points": "points"} for item in instrument["items"]]
    return items, {"points": instrument["points"]}
