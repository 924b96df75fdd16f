"""The codebook: what each item column means, over all published versions of a protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from api.exports.columns import ITEM_KINDS

YES_NO = [
    {"value": True, "label_en": "yes", "label_nl": "ja"},
    {"value": False, "label_en": "no", "label_nl": "nee"},
]
Row = dict[str, Any]


def codebook(documents: Iterable[Mapping[str, Any]]) -> tuple[list[Row], list[Row]]:
    """Rows of the codebook and the scales with how they are scored. A later version's wording replaces an
    earlier one's; the protocol files hold every wording as it was asked."""
    variables: dict[tuple[str, str], Row] = {}
    scales: dict[tuple[str, str], Row] = {}
    for document in documents:
        for item in document["diary"]["items"]:
            row = _variable("entries", item, document, points=document.get("scales", {}).get(item.get("points")))
            variables["entries", item["id"]] = row
        _add_scales(scales, "entries", document["diary"].get("scores", {}))
        for name, instrument in document["instruments"].items():
            for item in instrument["items"]:
                scale = {**item, "kind": "scale", "role": "relationship"}
                row = _variable("assessments", scale, document, points=instrument["points"])
                variables["assessments", item["id"]] = {**row, "instrument": name, "scale": _scale_of(item, instrument)}
            _add_scales(scales, "assessments", instrument.get("scales", {}))
    return list(variables.values()), list(scales.values())


def item_columns(rows: Iterable[Row], table: str) -> tuple[tuple[str, str], ...]:
    """The item columns of a table with their kinds, in the codebook's order."""
    return tuple((row["variable"], ITEM_KINDS[row["type"]]) for row in rows if row["table"] == table)


def _variable(table: str, item: Mapping[str, Any], document: Mapping[str, Any], *, points: Any) -> Row:
    return {
        "table": table,
        "variable": item["id"],
        "type": item["kind"],
        "label_en": _label(item["text"], document, "en"),
        "label_nl": _label(item["text"], document, "nl"),
        "values": _json(_values(item, points)),
        "construct": item["construct"],
        "role": item["role"],
        "pole": item.get("pole"),
        "instrument": None,
        "scale": None,
        "show_if": _json(item["show_if"]) if item.get("show_if") else None,
        "unit": None,
    }


def _values(item: Mapping[str, Any], points: Any) -> list[Row]:
    if item["kind"] == "yes_no":
        return YES_NO
    return [
        {"value": one["value"], "label_en": one["label"].get("en"), "label_nl": one["label"].get("nl")}
        for one in points or item.get("options", [])
    ]


def _label(text: Mapping[str, str], document: Mapping[str, Any], language: str) -> str | None:
    """The question as a researcher reads it: the study's word stands where the phone puts the nickname."""
    if language not in text:
        return None
    terms = {name: words.get(language, name) for name, words in document["terms"].items()}
    terms["nickname"] = f"[{terms['client']}]"
    return re.sub(r"\{(\w+)\}", lambda found: terms.get(found[1], found[0]), text[language])


def _scale_of(item: Mapping[str, Any], instrument: Mapping[str, Any]) -> str | None:
    return next((name for name, rule in instrument.get("scales", {}).items() if item["id"] in rule["items"]), None)


def _add_scales(scales: dict[tuple[str, str], Row], table: str, rules: Mapping[str, Any]) -> None:
    for name, rule in rules.items():
        scales[table, name] = {"table": table, "scale": name, **rule}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
