"""`KeysFile`, `read_keys`: the file of named keys (SCORING_KEYS_FILE), one line per key."""

import datetime
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scoring_model.http.guard.keys import SCOPES, Key, KeyScope

# shorter than a key or its digest, so that neither is logged as a name by mistake; `key-1` and
# so on are the keys of SCORING_API_KEYS
_NAME = re.compile(r"(?!key-\d+$)[A-Za-z0-9_-]{1,40}")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_OPTIONS = ("sha256", "scopes", "expires", "requests_per_second", "rows_per_second")
_ONE_KEY = 'must hold one key: <name> = { sha256 = "<digest>", scopes = ["predict"] }'
# each request is compared with all keys, which takes about 50 microseconds at this number
MOST_KEYS = 1000
_MOST_FILE_BYTES = 1048576
_DAY_SECONDS = 86400.0


class KeysFile:
    """The file of named keys, which is read again when it changes.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None

    def read(self) -> tuple[Key, ...]:
        """Return the keys in the file.

        Raises
        ------
        ValueError
            The file cannot be read or breaks a rule. The message has the line and the rule, and no
            part of the file, which may hold a key by mistake.
        """
        self._seen = self._look()
        try:
            status = self._path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("SCORING_KEYS_FILE must name a file")
            if status.st_size > _MOST_FILE_BYTES:
                raise ValueError(f"SCORING_KEYS_FILE must have at most {_MOST_FILE_BYTES} bytes")
            text = self._path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ValueError(f"SCORING_KEYS_FILE cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ValueError("SCORING_KEYS_FILE must be text in UTF-8") from error
        return read_keys(text)

    def has_changed(self) -> bool:
        """Return whether the file is another one than was read last, or was written since."""
        return self._look() != self._seen

    def _look(self) -> tuple[int, ...] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def read_keys(text: str) -> tuple[Key, ...]:
    """Read the content of the file.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        A line breaks a rule; the message has its number and the rule.
    """
    keys: list[Key] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            keys.append(_check_unique(read_key(line.strip()), keys))
        except ValueError as error:
            raise ValueError(f"SCORING_KEYS_FILE: line {number} {error}") from error
    if not keys:
        raise ValueError("SCORING_KEYS_FILE holds no key: `make key` writes a line for it")
    return tuple(keys)


def _check_unique(key: Key, others: list[Key]) -> Key:
    if any(key.name == other.name for other in others):
        raise ValueError("has the name of another line: each key needs a name of its own")
    if any(key.digest == other.digest for other in others):
        raise ValueError("has the sha256 of another line: each key may have one line only")
    if len(others) == MOST_KEYS:
        raise ValueError(f"is one too many: the file may hold {MOST_KEYS} keys")
    return key


def read_key(line: str) -> Key:
    """Read one line of the file.

    Parameters
    ----------
    line : str

    Raises
    ------
    ValueError
        The line breaks a rule. The message goes on after "the line".
    """
    name = line.partition("=")[0].strip()
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must begin with the key's name: 1 to 40 letters, digits, - or _, and not key-<number>"
        )
    try:
        parsed = tomllib.loads(line)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(_ONE_KEY) from error
    options = parsed.get(name)
    if type(options) is not dict:
        raise ValueError(_ONE_KEY)
    if not options.keys() <= set(_OPTIONS):
        raise ValueError(f"has an unknown option; known: {', '.join(_OPTIONS)}")
    digest = options.get("sha256")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ValueError("must have sha256, the SHA-256 digest of the key in 64 hex digits")
    return Key(
        name,
        bytes.fromhex(digest),
        _read_scopes(options.get("scopes")),
        _read_end(options.get("expires")),
        _read_rate(options, "requests_per_second"),
        _read_rate(options, "rows_per_second"),
    )


def _read_scopes(value: Any) -> frozenset[KeyScope]:
    if type(value) is not list or not value or any(scope not in SCOPES for scope in value):
        raise ValueError(f"must have scopes, a list of one or more of: {', '.join(SCOPES)}")
    return frozenset(value)


def _read_end(value: Any) -> float | None:
    """Return the Unix time at which the last day of a key ends."""
    if value is None:
        return None
    if type(value) is not datetime.date:
        raise ValueError("has expires, which must be a date such as 2027-12-31, without quotes")
    begin = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
    return begin.timestamp() + _DAY_SECONDS


def _read_rate(options: Mapping[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is not None and (type(value) is not int or not 0 < value < 10**9):
        raise ValueError(f"has {name}, which must be a whole number of at least 1")
    return value
