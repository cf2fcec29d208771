"""The formats of table files, by the endings of their names or by their first bytes."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

Kind = Literal["csv", "parquet", "json", "excel"]
Packing = Literal["", "gz", "zip"]

KINDS: dict[str, Kind] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
PACKINGS: dict[str, Packing] = {".gz": "gz", ".zip": "zip"}
# what histories and Spark read
CSV_ENDINGS = (".csv", ".csv.gz")
ENDINGS = (".parquet", *CSV_ENDINGS)

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_SHEETS = ("[Content_Types].xml", "content.xml")


class Format(NamedTuple):
    """How a file is to be read.

    Attributes
    ----------
    kind : str
        `csv`, `parquet`, `json` or `excel`; empty if the name does not say.
    packing : str
        `gz`, `zip` or empty.
    """

    kind: Kind | Literal[""]
    packing: Packing


def format_of_name(name: str) -> Format | None:
    """Return the format that a name's ending says, in any case; None if it says none.

    `loans.zip` and `loans.gz` say how the file is packed, not what is in it.
    """
    path = PurePosixPath(name.lower())
    packing = PACKINGS.get(path.suffix, "")
    ending = path.with_suffix("").suffix if packing else path.suffix
    kind: Kind | Literal[""] = KINDS.get(ending, "")
    return Format(kind, packing) if kind or packing else None


def kind_of_bytes(first: bytes) -> Kind:
    """Return the kind of an unpacked file from its first bytes; text is taken for CSV."""
    if first.startswith(b"PAR1"):
        return "parquet"
    if first.startswith((_OLE, b"PK\x03\x04")):
        return "excel"
    return "json" if first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"


def packing_of_bytes(first: bytes, members: Callable[[], list[str]]) -> Packing:
    """Return how a file is packed, from its first bytes; an Excel file is a zip, but not packed.

    Parameters
    ----------
    first : bytes
    members : callable
        Returns the names of the members of a zip.
    """
    if first.startswith(b"\x1f\x8b"):
        return "gz"
    if first.startswith(b"PK\x03\x04"):
        names: Any = members()
        return "" if any(name in names for name in _SHEETS) else "zip"
    return ""
