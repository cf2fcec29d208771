"""`unpack`: the bytes of a file that may be packed by gzip or in a zip."""

import io
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import IO, Any, NamedTuple

import pyarrow as pa

from train.tables.files.formats import (
    Kind,
    Packing,
    format_of_name,
    kind_of_bytes,
    packing_of_bytes,
)
from train.tables.files.places import StoredFile

_FIRST_BYTES = 4096
_ENCRYPTED = 0x1


class Unpacked(NamedTuple):
    """A file without its packing.

    Attributes
    ----------
    kind : str
        `csv`, `parquet`, `json` or `excel`.
    name : str
        Name of the file inside, whose ending may be `.tsv`.
    packing : str
        `gz`, `zip` or empty.
    open : callable
        Opens its bytes as a stream.
    """

    kind: Kind
    name: str
    packing: Packing
    open: Callable[[], Any]


def unpack(file: StoredFile, name: str) -> Unpacked:
    """Return the only table of a file, which may be packed.

    Parameters
    ----------
    file : StoredFile
    name : str
        Its name with the endings that say its format; without a known ending, its first bytes say
        it.

    Raises
    ------
    OSError, ValueError
        The file cannot be read, is empty, or is a zip with several members or a password.
    """
    first = _first_bytes(file.open)
    if not first:
        raise ValueError("it is empty, but must have a heading")
    known = format_of_name(name)
    packing = known.packing if known else packing_of_bytes(first, lambda: _members(file.open))
    inner, stream = name, file.open
    if packing == "zip":
        inner = _only_member(_members(file.open))
        stream = partial(_open_member, file.open, inner)
    elif packing == "gz":
        inner = name[:-3] if name.lower().endswith(".gz") else name
        stream = partial(_open_gzip, file.open)
    found = format_of_name(inner) if packing else known
    kind = (found.kind if found else "") or kind_of_bytes(_first_bytes(stream))
    if kind == "parquet" and not packing and not first.startswith(b"PAR1"):
        raise ValueError("it is no Parquet file, although its name says so")
    return Unpacked(kind, inner, packing, stream)


def read_whole(table: Unpacked) -> bytes:
    """Return all bytes of a table that cannot be read in order."""
    with table.open() as stream:
        content: bytes = stream.read()
        return content


def _first_bytes(opens: Callable[[], Any]) -> bytes:
    with opens() as stream:
        return bytes(stream.read(_FIRST_BYTES))


def _open_gzip(opens: Callable[[], Any]) -> Any:
    return pa.CompressedInputStream(opens(), "gzip")


def _members(opens: Callable[[], Any]) -> list[str]:
    """Return the names of the files in a zip, without those that a Mac adds."""
    with opens() as stream, _open_zip(stream) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            raise ValueError("it has a password: unpack it first")
        return [i.filename for i in infos if not i.filename.startswith("__MACOSX/")]


def _only_member(names: list[str]) -> str:
    if len(names) != 1:
        listed = ", ".join(map(repr, names[:5])) + (" …" if len(names) > 5 else "")
        raise ValueError(
            f"the zip must hold one file, got {len(names)}{f': {listed}' if names else ''}: unpack "
            "it, and name one file or a folder"
        )
    return names[0]


def _open_zip(stream: Any) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ValueError(f"the zip is broken: {error}") from error


def _open_member(opens: Callable[[], Any], name: str) -> io.BufferedReader:
    stream = opens()
    return io.BufferedReader(_Member(stream, _open_zip(stream).open(name)), 1 << 20)


class _Member(io.RawIOBase):
    """A stream of one file of a zip, whose faults are `ValueError`."""

    def __init__(self, archive: Any, member: IO[bytes]) -> None:
        self._archive = archive
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            content = self._member.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise ValueError(f"the zip is broken: {error}") from error
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if not self.closed:
            self._member.close()
            self._archive.close()
        super().close()
