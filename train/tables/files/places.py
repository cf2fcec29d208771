"""`find_files_of`: the files of a path, folder, glob or URI, each with a way to open its bytes."""

import glob
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from train.errors import InputError, reason_of
from train.tables.files.formats import format_of_name

_WEB = ("http", "https")
# schemes that pyarrow opens; any other scheme is a database's
_STORES = ("file", "s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")
# a password may hold any sign
_PASSWORD = re.compile(r"^([^/:@]*):.*@")
_SECRET = re.compile(r"(?i)([?&][^=&]*(?:pass|pwd|secret|token|sig|key|credential)[^=&]*=)[^&]*")
_GLOB = "*?["
# without any byte
_WEB_SECONDS = 60


@dataclass(frozen=True)
class StoredFile:
    """One file of a source, wherever it is.

    Attributes
    ----------
    name : str
        Its path or URI.
    open : callable
        Opens its bytes for random access.
    path : Path, optional
        Its path, if it is on this machine.
    """

    name: str
    open: Callable[[], Any]
    path: Path | None = None


def scheme_of(place: str) -> str:
    """Return the scheme of a URI in lower case; empty for a path."""
    return place.partition("://")[0].lower() if "://" in place else ""


def is_place_of_files(place: str) -> bool:
    """Return whether a source is a path or a URI of files, and no database."""
    return scheme_of(place) in ("", *_WEB, *_STORES)


def hide_password(place: str) -> str:
    """Return a URI or URL with `***` in the place of its password and of other secrets."""
    head, sign, rest = place.partition("://")
    if not sign:
        return place
    return head + sign + _SECRET.sub(r"\1***", _PASSWORD.sub(r"\1:***@", rest))


def is_local(place: str) -> bool:
    """Return whether a source is on this machine's disk."""
    return scheme_of(place) in ("", "file")


def find_files_of(place: str) -> list[StoredFile]:
    """Return the files of a source, sorted by name.

    Parameters
    ----------
    place : str
        A path, a folder, a glob, or a URI. Of a folder, files with the ending of a table are
        returned; names that begin with `_` or `.` are left out, as Spark does.

    Raises
    ------
    InputError
        There is no such file, or the place cannot be reached.
    """
    if scheme_of(place) in _WEB:
        return [_web_file(place)]
    try:
        if not scheme_of(place):
            return _in_store(fs.LocalFileSystem(), place, "")
        store, path = fs.FileSystem.from_uri(place)
        is_here = isinstance(store, fs.LocalFileSystem)
        return _in_store(store, path, "" if is_here else f"{scheme_of(place)}://")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{hide_password(place)}: cannot be read: {reason_of(error)}") from error


def _in_store(store: Any, place: str, prefix: str) -> list[StoredFile]:
    found = store.get_file_info(place)
    if found.type == fs.FileType.Directory:
        paths = _tables_in(store, place)
    elif found.type == fs.FileType.NotFound:
        paths = _matching(store, place)
    else:
        paths = [place]
    is_here = isinstance(store, fs.LocalFileSystem)
    return [
        StoredFile(
            f"{prefix}{path}", partial(store.open_input_file, path), Path(path) if is_here else None
        )
        for path in paths
    ]


def _tables_in(store: Any, folder: str) -> list[str]:
    infos = store.get_file_info(fs.FileSelector(folder))
    infos = [info for info in infos if not info.base_name.startswith(("_", "."))]
    paths = [info.path for info in infos if info.is_file and format_of_name(info.base_name)]
    if paths:
        return sorted(paths)
    divided = sorted(info.base_name for info in infos if not info.is_file and "=" in info.base_name)
    if divided:
        raise InputError(
            f"{folder}: its files lie in folders such as {divided[0]!r}, whose values no column "
            "holds: write the table with these columns in its files"
        )
    raise InputError(f"{folder}: this folder holds no table (CSV, TSV, Parquet, Excel, JSON lines)")


def _matching(store: Any, pattern: str) -> list[str]:
    paths: Sequence[str] = []
    if not any(sign in pattern for sign in _GLOB):
        raise InputError(f"{pattern}: no such file")
    if isinstance(store, fs.LocalFileSystem):
        paths = [name for name in glob.glob(pattern, recursive=True) if Path(name).is_file()]  # noqa: PTH207
    else:
        folder, _, last = pattern.rpartition("/")
        if any(sign in folder for sign in _GLOB):
            raise InputError(f"{pattern}: only the last part of a glob may hold * or ? here")
        infos = store.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        paths = [i.path for i in infos if i.is_file and fnmatchcase(i.base_name, last)]
    if not paths:
        raise InputError(f"{pattern}: no such file: nothing matches")
    return sorted(paths)


def _web_file(address: str) -> StoredFile:
    """Return the file at a web address; it is downloaded once, when it is first opened."""
    shown = hide_password(address)
    if urlsplit(address).password:
        raise InputError(f"{shown}: an address of the web must hold no password")

    @cache
    def fetch() -> pa.Buffer:
        try:
            with urllib.request.urlopen(address, timeout=_WEB_SECONDS) as answer:  # noqa: S310
                return pa.py_buffer(answer.read())
        except urllib.error.HTTPError as error:
            # the error holds the answer, and with it the connection
            error.close()
            raise
        except HTTPException as error:
            raise OSError(f"the answer is broken: {reason_of(error)}") from error

    return StoredFile(shown, lambda: pa.BufferReader(fetch()))
