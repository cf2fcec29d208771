"""Decisions for the tests of the log."""

import orjson

from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues, VersionName

ORIGIN = Origin(VersionName("credit-scoring", "3", "ab" * 32), "/predict", None)


def decide(number: int, size: int = 10) -> NewDecision:
    """Return a decision whose applicant has about `size` bytes."""
    applicant = orjson.dumps({"number": number, "text": "x" * size})
    return NewDecision(0.1 + number / 1e6, 0.3, 1, PersonalValues(None).write(applicant), None)


def write(writer: LogWriter, numbers: range, size: int = 10) -> list[str]:
    """Write decisions with one commit; return their ids."""
    ids = [writer.add(ORIGIN, decide(number, size)) for number in numbers]
    writer.commit()
    return ids
