"""`ServerSettings`: the environment variables that the server reads, with their defaults."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULTS = {
    "MODEL_URI": (
        "models:/credit-scoring@champion",
        "The server serves the model at this registry URI or in this folder. The default is the "
        "champion of `credit-scoring`, which is the version in production. The value must not be "
        "empty.",
    ),
    "MODEL_REFRESH_SECONDS": (
        "30",
        "The server waits this many seconds between two checks of the registry. A check finds the "
        "version that the alias or stage in `MODEL_URI` names, and loads it if it is new. With `0` "
        "the server checks only at its start. A folder or a version number is not checked again.",
    ),
    "MODEL_CACHE_DIR": (
        "",
        "The server keeps a copy of the last good version in this folder. It serves the copy if "
        "the registry does not answer at the start. Empty means the folder `credit-scoring` in "
        "`$XDG_CACHE_HOME`, or in `~/.cache` if that variable is not set.",
    ),
    "SCORING_API_KEYS": (
        "",
        "The value is a list of SHA-256 digests of 64 hex digits each, separated by commas. A "
        "caller needs a key with one of these digests. Empty means that no keys are set: the "
        "server then answers only callers on its own machine, and none behind a proxy.",
    ),
    "SCORING_ALLOW_ANONYMOUS": (
        "0",
        "With `1` the server answers every caller if no keys are set. With `0` it then answers "
        "only callers on its own machine. The value has no effect if keys are set.",
    ),
    "MAX_BODY_BYTES": (
        "8388608",
        "The body of a request may have at most this many bytes. The default is 8 MiB, and the "
        "value must be 1 or more. A larger body is answered with status 413.",
    ),
    "MAX_ROWS": (
        "10000",
        "A request may have at most this many applicants. The value must be 1 or more. A request "
        "with more applicants is answered with status 413.",
    ),
    "MAX_EXPLAINED_ROWS": (
        "1000",
        "A request for reasons (`?explain=true`) may have at most this many applicants. The value "
        "must be 1 or more. A request with more applicants is answered with status 413.",
    ),
    "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": (
        "60",
        "The server stops work on a request after this many seconds and answers with status 504. "
        "The value must be a whole number of 1 or more.",
    ),
    "PROMETHEUS_MULTIPROC_DIR": (
        "",
        "The workers of one server write their metrics into this folder. `/metrics` shows the "
        "sum over all files in it, so each server needs a folder of its own. Empty means a "
        "temporary folder that the server makes itself.",
    ),
    "SCORING_METRICS": (
        "1",
        "With `1` the server counts requests and decisions, and `/metrics` shows the counts. With "
        "`0` it counts nothing, and `/metrics` is empty.",
    ),
    "SCORING_REQUEST_LOG": (
        "1",
        "With `1` the server writes one JSON line per request to standard output. With `0` it "
        "writes only events of the server itself, such as its start or a new version.",
    ),
}
"""The default of each variable and its description, which the documentation shows in a table."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of the server, after they have been checked.

    Attributes
    ----------
    model_uri : str
        Registry URI or folder of the model.
    refresh_seconds : int
        Seconds between two checks of the registry; with 0 it is checked only at the start.
    cache_directory : Path
        Holds the copy that is served when the registry does not answer.
    key_digests : tuple of bytes
        SHA-256 digests of 32 bytes each; empty means that no key is set.
    allow_anonymous : bool
        Whether callers on other machines are answered when no key is set.
    max_body_bytes : int
        Largest body of a request, in bytes.
    max_rows, max_explained_rows : int
        Maximum number of applicants in a request, and in a request for reasons.
    timeout_seconds : int
        Time limit of a request, in seconds.
    metrics_directory : Path or None
        Shared by all workers of one server; None lets the server make a temporary folder.
    metrics, request_log : bool
        Whether the server counts requests and decisions, and whether it logs each request.
    """

    model_uri: str
    refresh_seconds: int = 30
    cache_directory: Path = Path(tempfile.gettempdir())
    key_digests: tuple[bytes, ...] = field(default=(), repr=False)
    allow_anonymous: bool = False
    max_body_bytes: int = 8388608
    max_rows: int = 10000
    max_explained_rows: int = 1000
    timeout_seconds: int = 60
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
    values = {name: environment.get(name, default) for name, (default, _) in DEFAULTS.items()}
    directory = values["PROMETHEUS_MULTIPROC_DIR"]
    return ServerSettings(
        model_uri=values["MODEL_URI"],
        refresh_seconds=_read_count("MODEL_REFRESH_SECONDS", values, least=0),
        cache_directory=Path(values["MODEL_CACHE_DIR"] or _user_cache(environment)),
        key_digests=_read_digests(values["SCORING_API_KEYS"]),
        allow_anonymous=_read_switch("SCORING_ALLOW_ANONYMOUS", values),
        max_body_bytes=_read_count("MAX_BODY_BYTES", values),
        max_rows=_read_count("MAX_ROWS", values),
        max_explained_rows=_read_count("MAX_EXPLAINED_ROWS", values),
        timeout_seconds=_read_count("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", values),
        metrics_directory=Path(directory) if directory else None,
        metrics=_read_switch("SCORING_METRICS", values),
        request_log=_read_switch("SCORING_REQUEST_LOG", values),
    )


def _read_switch(name: str, values: Mapping[str, str]) -> bool:
    if (text := values[name]) not in {"0", "1"}:
        raise ValueError(f"{name} must be 0 or 1, got {text!r}")
    return text == "1"


def _read_count(name: str, values: Mapping[str, str], least: int = 1) -> int:
    text = values[name]
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {text!r}")
    return int(text)


def _user_cache(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or tempfile.gettempdir())
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "credit-scoring"


def _read_digests(text: str) -> tuple[bytes, ...]:
    digests = [digest.strip().lower() for digest in text.split(",") if digest.strip()]
    for position, digest in enumerate(digests, start=1):
        if not _DIGEST.fullmatch(digest):
            # the entry may be the key itself by mistake, so the message does not repeat it
            raise ValueError(
                f"SCORING_API_KEYS: entry {position} must be a SHA-256 digest of 64 hex digits"
            )
    return tuple(bytes.fromhex(digest) for digest in digests)
