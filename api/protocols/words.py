"""The validator's findings in words a psychologist understands."""

from __future__ import annotations

import difflib
import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

_WRONG = {
    "extra_forbidden": "This name is not known here.",
    "string_type": "This must be text; put it between quotes.",
    "int_type": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "dict_type": "This must be a group of named parts.",
    "model_type": "This must be a group of named parts.",
    "too_short": "This list is too short.",
    "too_long": "This list is too long.",
    "string_too_short": "This text is empty.",
    "string_too_long": "This text is too long.",
    "string_pattern_mismatch": "This is not written in the right form.",
    "greater_than_equal": "This number is too small.",
    "less_than_equal": "This number is too large.",
    "literal_error": "This value is not one of those allowed.",
}
_FORMS = {
    "^[a-z][a-z0-9_]{0,39}$": "small letters, digits and underscores, a letter first, at most 40 characters",
    "^[a-z][a-z0-9-]{0,59}$": "small letters, digits and dashes, a letter first, at most 60 characters",
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day between quotes, such as "15:30"',
}


def wrong_for(details: dict[str, Any]) -> str:
    """What is wrong, as a sentence, with the value where it is short enough to quote."""
    sentence = _WRONG.get(details["type"], f"{details['msg']}.")
    given = details.get("input")
    if isinstance(given, str | int | float | bool) and len(str(given)) <= 40 and details["type"] != "missing":
        name = details["loc"][-1] if details["type"] == "extra_forbidden" else given
        return f"{name!r}: {sentence[0].lower()}{sentence[1:]}"
    return sentence


def allowed_for(details: dict[str, Any], shape: type[BaseModel]) -> str:
    """What would be right here, with the nearest valid name for one that is mistyped."""
    context = details.get("ctx", {})
    kind = details["type"]
    if kind == "literal_error":
        return str(context.get("expected", "")).replace("'", "")
    if kind == "string_pattern_mismatch":
        return _FORMS.get(context.get("pattern", ""), "")
    if kind == "greater_than_equal":
        return f"{context['ge']} or more"
    if kind == "less_than_equal":
        return f"{context['le']} or less"
    if kind == "extra_forbidden":
        names = _names_at(shape, details["loc"][:-1])
        near = difflib.get_close_matches(str(details["loc"][-1]), names, n=1)
        return (f"did you mean `{near[0]}`? " if near else "") + ", ".join(names)
    return ""


def _names_at(shape: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The names a group of parts may hold, found by walking the shape along the path."""
    for part in path:
        if part not in _fields(shape):
            continue
        inner = _model_in(_fields(shape)[part])
        if inner is None:
            return []
        shape = inner
    return sorted(_fields(shape))


def _fields(shape: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in shape.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, dict, Union, types.UnionType, Annotated):
        found = (_model_in(argument) for argument in reversed(get_args(annotation)))
        return next((model for model in found if model is not None), None)
    return None
