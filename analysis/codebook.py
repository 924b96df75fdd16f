"""The codebook of a protocol: one row per questionnaire item, and how items make scale scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.bundle_format import TABLES

_COLUMNS = [column.name for column in TABLES["codebook"]]


def codebook_of(
    protocol: Mapping[str, Any], instruments: Mapping[str, Mapping[str, Any]]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """(frame with the codebook's columns, list of scale rules) for a protocol document and its
    instruments."""
    rows: list[dict[str, Any]] = []
    scales: list[dict[str, Any]] = []
    diary = protocol["diary"]
    scores = diary.get("scores", {})
    for item in diary["items"]:
        points = protocol.get("scales", {}).get(item.get("points"), item.get("options", []))
        rows.append(_row("entries", item, points, scores) | {"role": item.get("role"), "type": item["kind"]})
    scales += [{"table": "entries", "scale": name, **rule} for name, rule in scores.items()]
    for name, document in instruments.items():
        for item in document["items"]:
            row = _row("assessments", item, document["points"], document["scales"])
            rows.append(row | {"role": "relationship", "type": "scale", "instrument": name})
        scales += [{"table": "assessments", "scale": scale, **rule} for scale, rule in document["scales"].items()]
    return pd.DataFrame(rows, columns=_COLUMNS), scales


def _row(
    table: str, item: Mapping[str, Any], points: list[dict[str, Any]], scales: Mapping[str, Any]
) -> dict[str, Any]:
    text = item["text"]
    labels = [{"value": p["value"], "label_en": p["label"]["en"], "label_nl": p["label"]["nl"]} for p in points]
    return {
        "table": table,
        "variable": item["id"],
        "label_en": text.get("en"),
        "label_nl": text.get("nl"),
        "values": labels or None,
        "construct": item.get("construct"),
        "pole": item.get("pole"),
        "scale": next((name for name, rule in scales.items() if item["id"] in rule["items"]), None),
        "show_if": item.get("show_if"),
    }
