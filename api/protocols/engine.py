"""Which items are asked, what is wrong with answers, and how scores are made.

Pure functions on plain documents. pwa/src/engine holds the same functions for the phone; the vectors in
tests/contract/vectors/engine.json hold both to one meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Items = Sequence[Mapping[str, Any]]
Answers = Mapping[str, Any]


def relevant(items: Items, answers: Answers) -> list[str]:
    """Ids of the items that are asked, in order. A condition sees only answers to items already asked."""
    asked: list[str] = []
    seen: dict[str, Any] = {}
    for item in items:
        condition = item.get("show_if")
        if condition is None or holds(condition, seen):
            asked.append(item["id"])
            if answers.get(item["id"]) is not None:
                seen[item["id"]] = answers[item["id"]]
    return asked


def holds(condition: Mapping[str, Any], answers: Answers) -> bool:
    """Whether a condition is true. A comparison with an answer that is not there is false."""
    if "all" in condition:
        return all(holds(part, answers) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, answers) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], answers)
    answer = answers.get(condition["item"])
    if answer is None:
        return False
    if "is" in condition:
        return same(answer, condition["is"])
    if not _is_number(answer):
        return False
    return bool(answer > condition["above"] if "above" in condition else answer < condition["below"])


def same(left: Any, right: Any) -> bool:
    """Equal in value and in kind: true is not 1, as in JSON."""
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def problems(items: Items, scales: Mapping[str, Any], answers: Answers) -> list[dict[str, str]]:
    """What is wrong with the answers, in the order of the items, unknown ids last. Empty when nothing is."""
    asked = set(relevant(items, answers))
    found: list[dict[str, str]] = []
    for item in items:
        problem = _problem(item, scales, answers.get(item["id"]), asked=item["id"] in asked)
        if problem:
            found.append({"item": item["id"], "problem": problem})
    known = {item["id"] for item in items}
    found.extend({"item": name, "problem": "unknown_item"} for name in sorted(set(answers) - known))
    return found


def _problem(item: Mapping[str, Any], scales: Mapping[str, Any], answer: Any, *, asked: bool) -> str | None:
    if answer is None:
        return "missing" if asked and item.get("required", True) else None
    if not asked:
        return "not_asked"
    return None if _allowed(item, scales, answer) else "not_allowed"


def _allowed(item: Mapping[str, Any], scales: Mapping[str, Any], answer: Any) -> bool:
    kind = item["kind"]
    if kind == "yes_no":
        return isinstance(answer, bool)
    if kind == "scale":
        return _is_number(answer) and any(answer == point["value"] for point in scales[item["points"]])
    if kind == "choice":
        return isinstance(answer, str) and any(answer == option["value"] for option in item["options"])
    raise ValueError(f"unknown item kind: {kind}")


def _is_number(answer: Any) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool)


def score(rule: Mapping[str, Any], answers: Answers) -> float | None:
    """The score a rule gives: the mean of the answered items, or None when fewer than `at_least` are there."""
    values = [answers[name] for name in rule["items"] if _is_number(answers.get(name))]
    if not values or len(values) < rule["at_least"]:
        return None
    return float(sum(values) / len(values))
