"""Read the text of a `portfolio.toml`, and write keys and values as they stand in it."""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from train.errors import InputError

_QUOTES = "a name with spaces, accents or other signs must stand in quotes"
_PATHS = "give an absolute path, because `mlflow run` looks it up from the folder of the project"


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a file; raise `InputError` if it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        hint = "" if path.is_absolute() else f": {_PATHS}, now {Path.cwd()}"
        raise InputError(f"{path}: no such portfolio{hint}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a text file") from error
    except tomllib.TOMLDecodeError as error:
        hint = f": {_QUOTES}" if "after a key" in str(error) else ""
        raise InputError(f"{path}: is not valid TOML: {error}{hint}") from error


def key_text(name: str) -> str:
    """Return the name of a column as a key: in quotes if it is not a plain word."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quote(name)


def value_text(value: Any) -> str:
    """Return text, a number, a boolean or a list of these as a value of a key."""
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, Iterable):
        return f"[{', '.join(map(value_text, value))}]"
    return str(value).lower()


def _quote(text: str) -> str:
    # a TOML string is written as a JSON string is, except for one control character
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
