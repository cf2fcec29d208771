"""`compare_rows`: score logged applicants again, and compare the answers to the last bit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from monitoring.decisions import encode_logged
from monitoring.replay.logged_row import LoggedRow
from scoring_model.decision_log import VersionName
from scoring_model.errors import InvalidRequest
from scoring_model.policy import FIELDS, Decision
from scoring_model.version import Scorer


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that its version does not make again.

    Attributes
    ----------
    identifier : str
    version : VersionName
    logged : dict
        Probability, score and threshold.
    replayed : dict or None
        The same of the replay; None if the version refuses the applicant now.
    problem : str
        Why it refuses the applicant, without a value; empty if it does not.
    """

    identifier: str
    version: VersionName
    logged: dict[str, Any]
    replayed: dict[str, Any] | None
    problem: str = ""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Return what `to_fields` describes."""
        version = VersionName(fields["model"], fields["version"], fields["manifest"])
        return cls(fields["id"], version, *(fields[n] for n in ("logged", "replayed", "problem")))

    def to_fields(self) -> dict[str, Any]:
        """Return what `differences.jsonl` says about it."""
        return {
            "id": self.identifier,
            **self.version._asdict(),
            "logged": self.logged,
            "replayed": self.replayed,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        """Return a line for people."""
        if (replayed := self.replayed) is None:
            return f"{self.identifier}: cannot be scored again: {self.problem}"
        changed = [
            f"{name} {self.logged[name]} logged, {replayed[name]} replayed"
            for name in FIELDS
            if not _is_same(self.logged[name], replayed[name])
        ]
        return f"{self.identifier}: {', '.join(changed)}"


def compare_rows(scorer: Scorer, rows: Sequence[LoggedRow]) -> Iterator[Difference]:
    """Score decisions of one version again and yield those whose answer differs.

    Parameters
    ----------
    scorer : Scorer
        The version that decided.
    rows : sequence of LoggedRow
    """
    try:
        encoded = encode_logged(
            scorer.contract,
            [row.applicant for row in rows],
            [row.values for row in rows],
            [row.decided_on for row in rows],
        )
        decisions = scorer.score_encoded(encoded)
    except (InvalidRequest, ArithmeticError) as error:
        if len(rows) > 1:
            # only some of them are wrong
            for row in rows:
                yield from compare_rows(scorer, [row])
            return
        yield _differ(rows[0], None, _explain(error))
        return
    differs = np.array([row.score for row in rows]) != decisions.score
    for name in ("probability", "threshold"):
        logged = np.array([getattr(row, name) for row in rows], dtype=np.float64)
        # as bits: 0.0 is not -0.0
        differs |= logged.view(np.uint64) != getattr(decisions, name).view(np.uint64)
    if differs.any():
        answers = decisions.answers()
        for place in np.flatnonzero(differs).tolist():
            yield _differ(rows[place], answers[place])


def _differ(row: LoggedRow, replayed: dict[str, Any] | None, problem: str = "") -> Difference:
    logged = Decision(row.probability, row.score, row.threshold, ()).answer()
    return Difference(row.identifier, row.version, logged, replayed, problem)


def _explain(error: Exception) -> str:
    if isinstance(error, InvalidRequest) and error.fields:
        return f"{error.fields[0].field} {error.fields[0].problem}"
    return str(error) if isinstance(error, InvalidRequest) else "a number is out of range"


def _is_same(logged: float, replayed: float) -> bool:
    return repr(logged) == repr(replayed)
