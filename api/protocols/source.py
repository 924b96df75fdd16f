"""YAML in, plain data out, with the line of every element; hostile documents are refused early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

# libyaml where the wheel carries it: ten times as quick on a large document.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Mistake:
    """One mistake of a document: where, what is wrong, what is allowed."""

    file: str
    line: int
    path: str
    wrong: str
    allowed: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + (f" at {self.path}" if self.path else "")
        return f"{where}: {self.wrong}" + (f" Allowed: {self.allowed}" if self.allowed else "")


@dataclass(frozen=True)
class Source:
    """A parsed document: its data, and the line each path stands on (counted from 1)."""

    file: str
    text: str
    data: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def mistake(self, path: Path, wrong: str, allowed: str = "") -> Mistake:
        return Mistake(self.file, self.line(path), dotted(path), wrong, allowed)


class Unreadable(Exception):
    """The text is not a document that can be checked at all."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(str(mistake))


def dotted(path: Path) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def read_source(text: str, *, file: str) -> Source:
    """Parse YAML without anchors, tags or deep nesting. Raises Unreadable with the line of the trouble."""
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise Unreadable(Mistake(file, 1, "", "The document is larger than 256 KiB.", "at most 256 KiB"))
    try:
        _refuse_anchors(text, file)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(Mistake(file, line, "", f"This is not YAML: {error.problem}.", "")) from None
    except (yaml.YAMLError, RecursionError):
        raise Unreadable(Mistake(file, 1, "", "This is not YAML that can be read.", "")) from None
    lines: dict[Path, int] = {}
    return Source(file, text, _build(node, (), lines, file), lines)


def _refuse_anchors(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(
                Mistake(file, line, "", "Anchors and aliases (& and *) are not used here.", "write it out")
            )
        if getattr(event, "tag", None):
            raise Unreadable(Mistake(file, line, "", "Tags (!) are not used here.", "plain values"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise Unreadable(Mistake(file, line, "", "This is nested too deeply.", f"at most {MAX_DEPTH} levels"))


def _build(node: yaml.Node | None, path: Path, lines: dict[Path, int], file: str) -> Any:
    if node is None:
        return None
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, lines, file)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, place), lines, file) for place, child in enumerate(node.value)]
    return _scalar(node, path, file)


def _build_mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int], file: str) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in built:
            raise Unreadable(Mistake(file, line, dotted((*path, key)), "This name stands here twice.", "once"))
        built[key] = _build(value_node, (*path, key), lines, file)
        lines[(*path, key)] = line
    return built


def _scalar(node: yaml.Node, path: Path, file: str) -> Any:
    line = node.start_mark.line + 1
    if node.tag.startswith("tag:yaml.org,2002:python"):
        raise Unreadable(Mistake(file, line, dotted(path), "Tags are not used here.", "plain values"))
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError):
        raise Unreadable(Mistake(file, line, dotted(path), f"{node.value!r} cannot be read.", "")) from None
    # Dates and the like are kept as they were written; every place that wants one checks its form itself.
    return value if isinstance(value, str | int | float | bool) or value is None else str(node.value)
