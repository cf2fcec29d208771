"""What all sections of a `portfolio.toml` share: kinds of values, and messages for wrong values.

Every kind is strict: `true` is not a number, and `1` is not text.
"""

from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, core_schema

from train.portfolio.sections.file_text import key_text

SECTION = ConfigDict(extra="forbid")
_RULE = "rule"
# pydantic's types of mistake for an unknown key, in a model and in a dataclass
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def rule(text: str) -> GetPydanticSchema:
    """Mark a kind of value: every mistake then reads `[section] key <text>, got <value>`."""
    return GetPydanticSchema(
        lambda kind, handler: core_schema.custom_error_schema(
            handler(kind), _RULE, custom_error_message=text
        )
    )


Text = Annotated[str, Field(strict=True, min_length=1), rule("must be text")]
Reason = Annotated[str, Field(strict=True, min_length=1), rule("must be the reason as text")]
Share = Annotated[float, Field(strict=True, ge=0, lt=1), rule("must lie in [0, 1)")]
Seed = Annotated[int, Field(strict=True, ge=0), rule("must be a whole number, 0 or more")]


def explain_mistakes(error: ValidationError, document: type[BaseModel]) -> list[str]:
    """Return a line with the key and the rule of each mistake.

    Parameters
    ----------
    error : ValidationError
        What pydantic raised for `document`.
    document : type
        The model of the whole file. Its fields are the sections.
    """
    found = error.errors(include_url=False)
    # a misspelt key also makes the right key missing: name the misspelt one first, to be corrected
    found.sort(key=lambda mistake: mistake["type"] not in _UNKNOWN)
    return list(dict.fromkeys(_explain(mistake, document) for mistake in found))


def _explain(mistake: ErrorDetails, document: type[BaseModel]) -> str:
    if not mistake["loc"]:
        # the message of a rule over two sections names the keys already
        return _text(mistake)
    section, *inner = mistake["loc"]
    if section not in document.model_fields:
        return f"unknown section [{section}]; known: {', '.join(document.model_fields)}"
    field = document.model_fields[str(section)]
    heading = f"[[{section}]]" if _repeats(field) else f"[{section}]"
    if inner and _has_columns(field) and (column := _unquoted(mistake)):
        return (
            f"{heading} {column} must stand in quotes, because of its dot: {key_text(column)} = ..."
        )
    # after the last key may stand the place in its list
    if keys := [part for part in inner if isinstance(part, str)]:
        return _explain_key(mistake, field, heading, keys[-1])
    return _explain_section(mistake, field, heading, str(section))


def _explain_section(mistake: ErrorDetails, field: FieldInfo, heading: str, section: str) -> str:
    if mistake["type"].startswith("union_tag"):
        return _explain_tag(mistake, field, heading)
    if mistake["type"] == "value_error":
        return f"{heading} {_text(mistake)}"
    return f"{section} must be a {'list of sections' if _repeats(field) else 'section'}: {heading}"


def _has_columns(field: FieldInfo) -> bool:
    """Return whether the keys of the section are names of columns."""
    return get_origin(field.annotation) is dict


def _unquoted(mistake: ErrorDetails) -> str:
    """Return the column whose name TOML took apart at its dot, or empty text."""
    path = [str(part) for part in mistake["loc"][1:]]
    value = mistake["input"]
    if mistake["type"] == "unexpected_keyword_argument":
        # a section of limits inside one: `pay.0 = { min = 1 }`
        return ".".join(path) if isinstance(value, dict) else ""
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path.append(str(key))
    if mistake["loc"][0] == "labels":
        # the last one is the language
        path = path[:-1] or path
    is_taken_apart = isinstance(value, str | dict) and mistake["loc"][-1] != path[-1]
    return ".".join(path) if is_taken_apart else ""


def _explain_key(mistake: ErrorDetails, field: FieldInfo, heading: str, key: str) -> str:
    # [split] has different keys for each method: pydantic puts the method into the location
    method = f"{field.discriminator} = {mistake['loc'][1]!r}" if field.discriminator else ""
    if mistake["type"] in _UNKNOWN:
        known = _keys(field.annotation)
        if key in known:
            return f"{heading} {key} does not go with {method}"
        return f"unknown key {heading} {key}; known: {', '.join(known)}"
    if mistake["type"] == "missing":
        if _repeats(field):
            return f"{heading} {key} must be text, got nothing"
        return f"missing key {heading} {key}{method and f', which {method} needs'}"
    return f"{heading} {key} {_text(mistake)}"


def _explain_tag(mistake: ErrorDetails, field: FieldInfo, heading: str) -> str:
    key = str(field.discriminator)
    if mistake["type"] == "union_tag_not_found":
        return f"missing key {heading} {key}"
    known = " or ".join(mistake["ctx"]["expected_tags"].replace("'", "").rsplit(", ", 1))
    return f"{heading} {key} must be {known}, got {mistake['input'][key]!r}"


def _text(mistake: ErrorDetails) -> str:
    if mistake["type"] == "value_error":
        return str(mistake["ctx"]["error"])
    return f"{mistake['msg']}, got {mistake['input']!r}"


def _repeats(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _keys(kind: Any) -> list[str]:
    """Return the keys of a section; for a union or a tuple, those of all its sections."""
    if hasattr(kind, "__pydantic_fields__"):
        return list(kind.__pydantic_fields__)
    return list(dict.fromkeys(key for part in get_args(kind) for key in _keys(part)))
