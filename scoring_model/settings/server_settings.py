"""`ServerSettings`: the values of the server's environment variables, after they were checked."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scoring_model.settings.variable import Variable
from scoring_model.settings.variables import VARIABLES

# what fits into 63 bits, as the system's own limits do
_MOST_COUNT = 2**63 - 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
# as a browser sends it: in lower case, without the usual port of its scheme
_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
)
_USUAL_PORTS = re.compile(r"http:.*:80|https:.*:443")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of the server; `VARIABLES` describes each.

    Attributes
    ----------
    model_uri, shadow_uri : str
        Registry URI or folder of the model, and of the version in the shadow; the second may be
        empty.
    refresh_seconds : int
        Seconds between two checks of the registry; with 0 it is checked only at the start.
    load_seconds : int
        Time limit to load and check a version, in seconds.
    cache_directory : Path
        Holds the copy that is served when the registry does not answer.
    key_digests : tuple of bytes
        SHA-256 digests of 32 bytes each.
    keys_file : Path or None
        The file of named keys; None if there is none.
    allow_anonymous : bool
        Whether callers on other machines are answered when no key is set.
    wrong_keys_per_minute : int
        Wrong keys that one address may send in a minute; 0 means no limit.
    cors_origins : tuple of str
        Origins whose web pages may call the server.
    decision_log : str
        Folder of the decision log, or URL of its database; empty for no log.
    decision_log_durability : {"written", "synced"}
    decision_log_on_failure : {"refuse", "answer"}
    decision_log_key : str
        Secret for digests of references; empty to keep the references.
    max_body_bytes, max_unpacked_bytes, max_pending_bytes, max_bulk_memory_bytes : int
        Limits of one body, of an unpacked body, of all large bodies at a time, and of the memory of
        a large request, in bytes.
    max_rows, max_explained_rows, max_columns : int
        Maximum number of applicants in a request, in a request for reasons, and of columns.
    timeout_seconds : int
        Time limit of a request, in seconds.
    max_connections, max_header_bytes, max_headers : int
        Limits of a worker's open connections, and of the head of a request.
    header_seconds, keep_alive_seconds, drain_seconds : int
        Time limits of a request's head, of a silent connection, and of the end of the server.
    metrics_directory : Path or None
        Shared by all workers of one server; None keeps what a worker counts in its own memory.
    metrics, request_log : bool
        Whether the server counts requests and decisions, and whether it logs each request.
    """

    model_uri: str
    refresh_seconds: int = 30
    load_seconds: int = 60
    cache_directory: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
    shadow_uri: str = ""
    key_digests: tuple[bytes, ...] = field(default=(), repr=False)
    keys_file: Path | None = None
    allow_anonymous: bool = False
    wrong_keys_per_minute: int = 60
    cors_origins: tuple[str, ...] = ()
    decision_log: str = field(default="", repr=False)
    decision_log_durability: str = "written"
    decision_log_on_failure: str = "refuse"
    decision_log_key: str = field(default="", repr=False)
    max_body_bytes: int = 8388608
    max_rows: int = 10000
    max_explained_rows: int = 1000
    max_columns: int = 2000
    max_unpacked_bytes: int = 67108864
    max_pending_bytes: int = 67108864
    max_bulk_memory_bytes: int = 1073741824
    timeout_seconds: int = 60
    max_connections: int = 1000
    max_header_bytes: int = 32768
    max_headers: int = 100
    header_seconds: int = 10
    keep_alive_seconds: int = 75
    drain_seconds: int = 5
    metrics_directory: Path | None = None
    metrics: bool = True
    request_log: bool = True


def read_settings(environment: Mapping[str, str]) -> ServerSettings:
    """Read and check the environment.

    Parameters
    ----------
    environment : mapping of str to str
        Environment variables by name, such as `os.environ`; other variables are ignored.

    Raises
    ------
    ValueError
        A variable breaks its rule; the message names the variable and the rule.
    """
    values: dict[str, Any] = {}
    for name, variable in VARIABLES.items():
        text = environment.get(name, variable.default)
        values[variable.field] = _READERS[variable.kind](name, text, variable)
    if not values["model_uri"]:
        raise ValueError("MODEL_URI must not be empty: it is a registry URI or a folder")
    if values["shadow_uri"] and not values["metrics"]:
        raise ValueError("SHADOW_URI needs SCORING_METRICS=1: only /metrics shows its decisions")
    if values["cache_directory"] is None:
        values["cache_directory"] = _user_cache(environment)
    return ServerSettings(**values)


def _read_text(_name: str, text: str, _variable: Variable) -> str:
    return text


def _read_path(_name: str, text: str, _variable: Variable) -> Path | None:
    return Path(text) if text else None


def _read_switch(name: str, text: str, _variable: Variable) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"{name} must be 0 or 1, got {text!r}")
    return text == "1"


def _read_choice(name: str, text: str, variable: Variable) -> str:
    if text not in variable.choices:
        raise ValueError(f"{name} must be {' or '.join(variable.choices)}, got {text!r}")
    return text


def _read_count(name: str, text: str, variable: Variable) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < variable.least:
        raise ValueError(
            f"{name} must be a whole number of at least {variable.least}, got {text!r}"
        )
    if int(text) > _MOST_COUNT:
        raise ValueError(f"{name} must be at most {_MOST_COUNT}, got {text}")
    return int(text)


def _read_digests(name: str, text: str, _variable: Variable) -> tuple[bytes, ...]:
    digests = [digest.strip().lower() for digest in text.split(",") if digest.strip()]
    for position, digest in enumerate(digests, start=1):
        if not _DIGEST.fullmatch(digest):
            # the entry may be the key itself by mistake, so the message does not repeat it
            raise ValueError(f"{name}: entry {position} must be a SHA-256 digest of 64 hex digits")
    return tuple(bytes.fromhex(digest) for digest in digests)


def _read_origins(name: str, text: str, _variable: Variable) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in text.split(",") if origin.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin) or _USUAL_PORTS.fullmatch(origin):
            raise ValueError(
                f"{name} must list origins as a browser sends them, such as "
                "https://desk.example.org or http://localhost:3000: a scheme, a host in lower case "
                f"and a port that is not the usual one, without a path or *; got {origin!r}"
            )
    return origins


_READERS: Mapping[str, Callable[[str, str, Variable], Any]] = {
    "text": _read_text,
    "path": _read_path,
    "switch": _read_switch,
    "count": _read_count,
    "digests": _read_digests,
    "origins": _read_origins,
    "choice": _read_choice,
}


def _user_cache(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or tempfile.gettempdir())
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "credit-scoring"
