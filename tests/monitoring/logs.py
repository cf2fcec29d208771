"""Decision logs for the tests, written by the writer of the server."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import mlflow
import orjson

from scoring_model.decision_log import (
    LogWriter,
    NewDecision,
    Origin,
    PersonalValues,
    VersionName,
    open_log,
)

VERSION = VersionName("credit-scoring", "3", "ab" * 32)
ORIGIN = Origin(VERSION, "/predict", "desk")


def decide(number: int, values: PersonalValues | None = None) -> NewDecision:
    """Return a decision whose applicant and reference tell its number."""
    applicant = orjson.dumps({"income": 1000.1 + number, "region": "nørth", "purpose": None})
    text = (values or PersonalValues(None)).write(applicant, f"loan-{number}")
    probability = number % 97 / 97
    return NewDecision(probability, 0.3, int(probability < 0.3), text, None)


def write_decisions(writer: LogWriter, numbers: range, *, together: int = 3) -> list[str]:
    """Write decisions, several of them with one commit; return their ids."""
    ids = []
    for number in numbers:
        ids.append(writer.add(ORIGIN, decide(number)))
        if number % together == 0:
            writer.commit()
    writer.commit()
    return ids


def make_log(place: Path, writers: int = 2, decisions: int = 40, segment_bytes: int = 4000) -> Path:
    """Write a log of several writers with several sealed segments each."""
    open_log(place)
    for index in range(writers):
        writer = LogWriter(place, f"{0x8000000000000000 + index:016x}", segment_bytes=segment_bytes)
        write_decisions(writer, range(1000 * index, 1000 * index + decisions))
        writer.close()
    return place


@contextlib.contextmanager
def kept_bytes(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, and write it again at the end."""
    content = path.read_bytes()
    try:
        yield content
    finally:
        path.write_bytes(content)


def anchor_tags(run_id: str) -> dict[str, str]:
    """Return the tags of a run."""
    return dict(mlflow.get_run(run_id).data.tags)
