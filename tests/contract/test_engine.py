"""The engine and the content hash give what the cases say, which the phone's engine must give too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.protocols.engine import problems, relevant, score
from api.receipts import content_sha256

VECTORS = Path(__file__).parent / "vectors"
ENGINE: dict[str, list[dict[str, Any]]] = json.loads((VECTORS / "engine.json").read_text(encoding="utf-8"))
HASHES: list[dict[str, str]] = json.loads((VECTORS / "content_hash.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", ENGINE["relevant"], ids=lambda case: case["name"])
def test_relevant(case: dict[str, Any]) -> None:
    assert relevant(case["items"], case["answers"]) == case["expect"]


@pytest.mark.parametrize("case", ENGINE["problems"], ids=lambda case: case["name"])
def test_problems(case: dict[str, Any]) -> None:
    assert problems(case["items"], case["scales"], case["answers"]) == case["expect"]


@pytest.mark.parametrize("case", ENGINE["score"], ids=lambda case: case["name"])
def test_score(case: dict[str, Any]) -> None:
    found = score(case["rule"], case["answers"])
    assert found == (None if case["expect"] is None else pytest.approx(case["expect"], abs=1e-12))


def test_the_content_hash_is_over_the_utf8_bytes() -> None:
    assert HASHES
    for case in HASHES:
        assert content_sha256(case["body"].encode("utf-8")) == case["sha256"], case["body"][:40]
