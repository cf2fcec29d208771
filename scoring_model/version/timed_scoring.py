"""`TimedScoring`: the scoring of one request, which stops when the time limit has passed."""

import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring_model.contract import EncodedRows
from scoring_model.errors import InvalidRequest, TooSlow
from scoring_model.policy import Decisions
from scoring_model.version.scorer import Scorer

# takes about 20 ms with 400 trees: a request computes no longer than this after its time limit
_STEP_ROWS = 1000


@dataclass(slots=True)
class TimedScoring:
    """The scoring of one request, and its results, which the event loop reads.

    Attributes
    ----------
    deadline : float
        Time at which the limit has passed, on the clock of `time.monotonic`, in seconds.
    rows : EncodedRows or None
        The request's applicants, encoded once.
    decisions : Decisions or None
        The decisions about the applicants.
    problem : InvalidRequest or None
        The error if no decision could be made. MLflow would replace it by its own error.
    is_logged : bool
        Whether the decision log needs what follows.
    applicants : sequence of mapping
        The valid applicants, as `FeatureContract.encode_records` takes them.
    references : sequence of str, int or None
        The callers' names for the applications; empty if no applicant has one.
    explained : sequence of dict
        The reasons that were answered; empty if none were asked for.
    """

    deadline: float
    rows: EncodedRows | None = None
    decisions: Decisions | None = None
    problem: InvalidRequest | None = None
    is_logged: bool = False
    applicants: Sequence[Mapping[str, Any]] = ()
    references: Sequence[str | int | None] = ()
    explained: Sequence[dict[str, Any]] = ()

    def score(self, scorer: Scorer, rows: EncodedRows) -> Decisions:
        """Score encoded applicants step by step; raises `TooSlow` if the time limit has passed."""
        margins = np.empty(len(rows.matrix))
        for start in range(0, len(margins), _STEP_ROWS):
            self.check_time()
            step = slice(start, start + _STEP_ROWS)
            margins[step] = scorer.predict_margins(rows.matrix[step])
        self.rows = rows
        try:
            self.decisions = scorer.decide(margins, rows.matrix)
        except InvalidRequest as problem:
            self.problem = problem
            raise
        return self.decisions

    def check_time(self) -> None:
        """Raise `TooSlow` when the time limit has passed."""
        if time.monotonic() > self.deadline:
            raise TooSlow


CURRENT_SCORING: ContextVar[TimedScoring | None] = ContextVar("CURRENT_SCORING", default=None)
"""The scoring of the current request. MLflow's app passes it on to its own thread."""
