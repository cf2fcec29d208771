"""`ServerSettings`: the environment variables that the server reads, with their defaults."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULTS = {
    "MODEL_URI": (
        "models:/credit-scoring@champion",
        "the model to serve: a registry URI or a folder",
    ),
    "MODEL_REFRESH_SECONDS": (
        "30",
        "seconds between looks at what the URI's alias or stage names; 0 looks once",
    ),
    "MODEL_CACHE_DIR": (
        "",
        "folder of the last good version's copy; empty: credit-scoring in the user's cache",
    ),
    "SCORING_API_KEYS": ("", "comma-separated SHA-256 digests of the keys that callers may use"),
    "SCORING_ALLOW_ANONYMOUS": ("0", "1 answers everybody when no keys are set"),
    "MAX_BODY_BYTES": ("8388608", "largest body of a request"),
    "MAX_ROWS": ("10000", "most applicants in one request"),
    "MAX_EXPLAINED_ROWS": ("1000", "most applicants in one request for reasons"),
    "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": ("60", "seconds after which a request is given up"),
    "PROMETHEUS_MULTIPROC_DIR": (
        "",
        "folder of the metrics that workers share; empty: a temporary one",
    ),
    "SCORING_METRICS": ("1", "0 counts nothing"),
    "SCORING_REQUEST_LOG": ("1", "0 writes no line per request"),
}
"""Name of each variable, its default and what it does."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the environment says, checked.

    Attributes
    ----------
    model_uri : str
    refresh_seconds : int
        0 looks at the registry once.
    cache_directory : Path
        Holds the copy that serves when the registry does not answer.
    key_digests : tuple of bytes
        Each has 32 bytes; empty means that no key is set.
    allow_anonymous : bool
        Whether callers beyond loopback are answered when no key is set.
    max_body_bytes, max_rows, max_explained_rows : int
    timeout_seconds : int
    metrics_directory : Path or None
        Shared by all workers of one server; None lets the server make one.
    metrics, request_log : bool
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

    Raises
    ------
    ValueError
        A variable breaks its rule; the message names variable and rule.
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
            # the entry may be the key itself: it is not repeated
            raise ValueError(
                f"SCORING_API_KEYS: entry {position} must be a SHA-256 digest of 64 hex digits"
            )
    return tuple(bytes.fromhex(digest) for digest in digests)
