"""The lines of one decision: what a record says of itself, and whether its personal part fits."""

from typing import NamedTuple

import orjson

from scoring_model.decision_log import PersonalPart, commit_to


class ReadRecord(NamedTuple):
    """What a record says of itself.

    Attributes
    ----------
    identifier : str
    number : int
        Position among all records of the writer, from 0.
    commitment : str
    """

    identifier: str
    number: int
    commitment: str


def read_record(record: bytes | None) -> ReadRecord | None:
    """Return what a record says of itself; None if it is absent or damaged."""
    if record is None:
        return None
    try:
        fields = orjson.loads(record)
        found = ReadRecord(fields["id"], fields["number"], fields["commitment"])
    except (ValueError, TypeError, KeyError):
        return None
    return found if tuple(map(type, found)) == (str, int, str) else None


def find_flaw(record: ReadRecord | None, personal: PersonalPart | None) -> str:
    """Return what is wrong with the personal part of a record; empty if nothing is."""
    if personal is None:
        return "the personal part is absent or damaged"
    if record is None:
        return ""
    if personal.identifier != record.identifier:
        return "the personal part was altered: it has another id"
    if not personal.erased and _commitment(personal) != record.commitment:
        return "the personal part was altered: the record commits to other values"
    return ""


def _commitment(personal: PersonalPart) -> str:
    try:
        salt = bytes.fromhex(personal.salt)
    except ValueError:
        return ""
    # the same bytes in other letters are not what was written
    return commit_to(salt, personal.values.encode()) if salt.hex() == personal.salt else ""
