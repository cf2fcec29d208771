"""What a record of the log says: its fields, checked, and the version that decided."""

from contextlib import suppress
from typing import Any

import orjson

from scoring_model.decision_log import LogReader, VersionName

_TEXT, _OPTIONAL_TEXT = (str,), (str, type(None))
_ABSENT = object()
_KINDS: dict[str, tuple[type, ...]] = {
    "id": _TEXT,
    "time": _TEXT,
    "decided_on": _OPTIONAL_TEXT,
    "model": _OPTIONAL_TEXT,
    "version": _TEXT,
    "manifest": _TEXT,
    "probability": (float,),
    "threshold": (float,),
    "score": (int,),
    "commitment": _TEXT,
}


def parse_record(text: bytes | None) -> dict[str, Any]:
    """Return the fields of a record; raises `ValueError` if it is damaged."""
    record = None if text is None else orjson.loads(text)
    if type(record) is not dict:
        raise ValueError("the record is damaged")
    for name, kinds in _KINDS.items():
        if type(record.get(name, _ABSENT)) not in kinds:
            raise ValueError(f"{name} of the record is damaged")
    return record


def name_version(record: dict[str, Any]) -> VersionName:
    """Return what a record calls the version that decided."""
    return VersionName(record["model"], record["version"], record["manifest"])


def find_model(reader: LogReader) -> str:
    """Return the model of the first decision that names one; empty if none does."""
    for segment in reader.segments():
        for text, _ in reader.pairs(segment):
            with suppress(ValueError):
                if model := parse_record(text)["model"]:
                    return str(model)
    return ""
