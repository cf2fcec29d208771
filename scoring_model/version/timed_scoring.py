"""`TimedScoring`: one request's scoring, which stops when the request has run out of time."""

import time
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

from scoring_model.contract import EncodedRows
from scoring_model.errors import InvalidRequest, TooSlow
from scoring_model.policy import Decisions
from scoring_model.version.scorer import Scorer

# about 20 ms of 400 trees: how long a request that is out of time still computes
_STEP_ROWS = 1000


@dataclass(slots=True)
class TimedScoring:
    """One request's scoring, and what it found, for the event loop to read.

    Attributes
    ----------
    deadline : float
        On the clock of `time.monotonic`.
    rows : EncodedRows or None
        The request's applicants, encoded once.
    decisions : Decisions or None
        What was decided of them.
    problem : InvalidRequest or None
        What no decision could be made of: MLflow's own error would hide it.
    """

    deadline: float
    rows: EncodedRows | None = None
    decisions: Decisions | None = None
    problem: InvalidRequest | None = None

    def score(self, scorer: Scorer, rows: EncodedRows) -> Decisions:
        """Score encoded applicants step by step; raises `TooSlow` when out of time."""
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
            raise TooSlow("the request was not answered within the time limit")


CURRENT_SCORING: ContextVar[TimedScoring | None] = ContextVar("CURRENT_SCORING", default=None)
"""That of the request which a thread computes for; MLflow's app hands it on to its thread."""
