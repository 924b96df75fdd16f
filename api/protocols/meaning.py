"""What a well-formed document must also mean: names that exist, languages that are complete, times in order."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from api.protocols.source import Mistake, Path, Source

LOCALISED = {"title", "text", "label", "intro", "help", "body", "neutral_title", "client", "clients", "professional"}
COMPARISONS = ("is", "above", "below")


def protocol_mistakes(source: Source, instruments: dict[str, Any]) -> list[Mistake]:
    """Every mistake of meaning in a protocol whose shape is right."""
    data = source.data
    return [
        *_language_mistakes(source, data["languages"]),
        *_repeats(source, ("diary", "items"), "id"),
        *_repeats(source, ("diary", "cards"), "id"),
        *_repeats(source, ("schedule", "windows"), "id"),
        *_item_mistakes(source),
        *_score_mistakes(source, ("diary", "scores"), data["diary"].get("scores", {}), data["diary"]["items"]),
        *_schedule_mistakes(source),
        *_baseline_mistakes(source, instruments),
    ]


def instrument_mistakes(found: Source, name: str, protocol: Source | None) -> list[Mistake]:
    """Every mistake of meaning in an instrument: its name, its languages, its scales."""
    data = found.data
    languages = protocol.data.get("languages") if protocol else None
    languages = languages if isinstance(languages, list) else []
    named = (
        []
        if data["instrument"] == name
        else [found.mistake(("instrument",), f"{data['instrument']!r} is not the name of its file.", name)]
    )
    return [
        *named,
        *_language_mistakes(found, [name for name in languages if isinstance(name, str)]),
        *_repeats(found, ("items",), "id"),
        *_point_mistakes(found, ("points",), data["points"]),
        *_score_mistakes(found, ("scales",), data.get("scales", {}), data["items"]),
    ]


def _language_mistakes(source: Source, languages: list[str]) -> Iterator[Mistake]:
    for path, texts in _localised(source.data, ()):
        missing = [language for language in languages if language not in texts]
        for language in missing:
            yield source.mistake(
                path, f"The text in {language!r} is missing.", f"a text in each of {', '.join(languages)}"
            )


def _localised(data: Any, path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    if isinstance(data, dict):
        for name, part in data.items():
            if name in LOCALISED and isinstance(part, dict) and set(part) <= {"nl", "en"}:
                yield (*path, name), part
            else:
                yield from _localised(part, (*path, name))
    elif isinstance(data, list):
        for place, part in enumerate(data):
            yield from _localised(part, (*path, place))


def _repeats(source: Source, path: Path, key: str) -> Iterator[Mistake]:
    rows: Any = source.data
    for part in path:
        rows = rows[part]
    counts = Counter(row[key] for row in rows)
    for place, row in enumerate(rows):
        if counts[row[key]] > 1:
            yield source.mistake((*path, place, key), f"{row[key]!r} is used more than once.", "each name once")


def _item_mistakes(source: Source) -> Iterator[Mistake]:
    diary, scales = source.data["diary"], source.data.get("scales", {})
    cards = [card["id"] for card in diary["cards"]]
    earlier: list[str] = []
    for place, item in enumerate(diary["items"]):
        path: Path = ("diary", "items", place)
        if item["card"] not in cards:
            yield _unknown(source, (*path, "card"), item["card"], cards)
        yield from _kind_mistakes(source, path, item, scales)
        if "show_if" in item:
            yield from _condition_mistakes(source, (*path, "show_if"), item["show_if"], earlier)
        earlier.append(item["id"])
    for name, points in scales.items():
        yield from _point_mistakes(source, ("scales", name), points)


def _kind_mistakes(source: Source, path: Path, item: dict[str, Any], scales: dict[str, Any]) -> Iterator[Mistake]:
    kind = item["kind"]
    for name, owner in (("points", "scale"), ("options", "choice")):
        if kind == owner and name not in item:
            yield source.mistake(path, f"An item of kind {kind} needs `{name}`.", name)
        if kind != owner and name in item:
            yield source.mistake((*path, name), f"An item of kind {kind} has no `{name}`.", "")
    if kind == "scale" and item.get("points") is not None and item["points"] not in scales:
        yield _unknown(source, (*path, "points"), item["points"], list(scales))
    if item["role"] == "emotion" and "pole" not in item:
        yield source.mistake(path, "An emotion needs its `pole`.", "positive, negative")
    values = Counter(option["value"] for option in item.get("options") or [])
    for value, times in values.items():
        if times > 1:
            yield source.mistake((*path, "options"), f"The value {value!r} is used more than once.", "each value once")


def _condition_mistakes(source: Source, path: Path, condition: dict[str, Any], earlier: list[str]) -> Iterator[Mistake]:
    given = [name for name in ("item", "all", "any", "not") if condition.get(name) is not None]
    comparisons = [name for name in COMPARISONS if condition.get(name) is not None]
    if len(given) != 1 or len(comparisons) != (1 if given == ["item"] else 0):
        yield source.mistake(path, "A condition is one thing.", "item with is, above or below; all; any; or not")
        return
    if given == ["item"]:
        if condition["item"] not in earlier:
            yield _unknown(source, (*path, "item"), condition["item"], earlier, "an item that stands earlier: ")
        return
    parts = condition[given[0]]
    for place, part in enumerate(parts if isinstance(parts, list) else [parts]):
        inner: Path = (*path, given[0], place) if isinstance(parts, list) else (*path, given[0])
        yield from _condition_mistakes(source, inner, part, earlier)


def _point_mistakes(source: Source, path: Path, points: list[dict[str, Any]]) -> Iterator[Mistake]:
    values = [point["value"] for point in points]
    if values != sorted(set(values)):
        yield source.mistake(path, "The values of a scale must rise, each once.", "for example 1, 2, 3, 4, 5")


def _score_mistakes(
    source: Source, path: Path, scores: dict[str, Any], items: Iterable[dict[str, Any]]
) -> Iterator[Mistake]:
    known = [item["id"] for item in items]
    for name, rule in scores.items():
        for place, item in enumerate(rule["items"]):
            if item not in known:
                yield _unknown(source, (*path, name, "items", place), item, known)
        if rule["at_least"] > len(rule["items"]):
            yield source.mistake((*path, name, "at_least"), "More answers are asked for than there are items.", "")


def _schedule_mistakes(source: Source) -> Iterator[Mistake]:
    for place, window in enumerate(source.data["schedule"]["windows"]):
        if not window["from"] <= window["to"] < window["closes"]:
            yield source.mistake(
                ("schedule", "windows", place), "The times of a window are not in order.", "from, then to, then closes"
            )


def _baseline_mistakes(source: Source, instruments: dict[str, Any]) -> Iterator[Mistake]:
    for place, name in enumerate(source.data.get("baseline", {}).get("per_dyad", [])):
        if name not in instruments:
            yield _unknown(source, ("baseline", "per_dyad", place), name, list(instruments))


def _unknown(source: Source, path: Path, name: str, known: list[str], lead: str = "") -> Mistake:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return source.mistake(path, f"There is no {name!r} here.", hint + lead + ", ".join(known))
