"""Check a protocol document: every mistake at once, each with its path, line, what is wrong and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError

from api.errors import Problem, ProtocolWrong
from api.protocols.document import Instrument, Protocol
from api.protocols.meaning import instrument_mistakes, protocol_mistakes
from api.protocols.source import Mistake, Path, Source, Unreadable, dotted, read_source
from api.protocols.words import allowed_for, wrong_for


@dataclass(frozen=True)
class CheckedProtocol:
    """A protocol without mistakes: its document with the instruments put in, and the text it came from."""

    document: dict[str, Any]
    text: str

    @property
    def study(self) -> str:
        return str(self.document["study"])

    @property
    def version(self) -> int:
        return int(self.document["version"])


def check_file(path: FilePath) -> CheckedProtocol:
    """Read and check a protocol and the instruments it names (in `instruments/` beside it).

    Raises ProtocolWrong with every mistake found.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ProtocolWrong(f"{path} cannot be read as a UTF-8 text file.") from None
    return check_text(text, file=path.name, instruments_dir=path.parent / "instruments")


def check_text(text: str, *, file: str, instruments_dir: FilePath) -> CheckedProtocol:
    source, mistakes = _read(text, file, Protocol)
    instruments, more = _read_instruments(source, instruments_dir)
    mistakes += more
    if source is not None and not mistakes:
        mistakes += protocol_mistakes(source, instruments)
    if mistakes:
        raise ProtocolWrong(problems=[_as_problem(mistake) for mistake in mistakes])
    assert source is not None
    return CheckedProtocol({**source.data, "instruments": instruments}, text)


def _as_problem(mistake: Mistake) -> Problem:
    return Problem(path=f"{mistake.file}:{mistake.line} {mistake.path}".rstrip(), problem=str(mistake))


def _read(text: str, file: str, shape: type[BaseModel]) -> tuple[Source | None, list[Mistake]]:
    try:
        source = read_source(text, file=file)
    except Unreadable as unreadable:
        return None, [unreadable.mistake]
    return source, _shape_mistakes(source, shape)


def _shape_mistakes(source: Source, shape: type[BaseModel]) -> list[Mistake]:
    if not isinstance(source.data, dict):
        return [source.mistake((), "The document is not a list of named parts.", "name: value lines")]
    empty = list(_empties(source, source.data, ()))
    if empty:
        return empty
    try:
        shape.model_validate(source.data)
    except ValidationError as error:
        return [_translate(source, dict(details), shape) for details in error.errors()]
    return []


def _empties(source: Source, part: Any, path: Path) -> Iterator[Mistake]:
    # A name without a value would pass for "not given" here and for "given" in the engine.
    if part is None:
        yield source.mistake(path, "Nothing stands behind this name.", "a value, or leave the name out")
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, value in inner:
        yield from _empties(source, value, (*path, name))


def _translate(source: Source, details: dict[str, Any], shape: type[BaseModel]) -> Mistake:
    path: Path = tuple(part for part in details["loc"] if part != "[key]")
    if details["type"] == "missing":
        return source.mistake(path[:-1], f"`{path[-1]}` is missing.", allowed_for(details, shape))
    return Mistake(
        source.file,
        source.line(path),
        dotted(path),
        wrong_for(details),
        allowed_for(details, shape),
    )


def _read_instruments(source: Source | None, folder: FilePath) -> tuple[dict[str, Any], list[Mistake]]:
    instruments: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    names = source.data.get("instruments", []) if source and isinstance(source.data, dict) else []
    for place, name in enumerate(names if isinstance(names, list) else []):
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        if name not in known:
            assert source is not None
            wrong = f"There is no instrument called {name!r}."
            mistakes.append(source.mistake(("instruments", place), wrong, ", ".join(known)))
            continue
        file = folder / f"{name}.yaml"
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            mistakes.append(Mistake(f"instruments/{file.name}", 1, "", "This is no UTF-8 text file.", "text in UTF-8"))
            continue
        found, wrong_shape = _read(text, f"instruments/{file.name}", Instrument)
        mistakes += wrong_shape or (instrument_mistakes(found, str(name), source) if found else [])
        if found is not None:
            instruments[str(name)] = found.data
    return instruments, mistakes
