"""`Work`: scoring in a thread that stops when its request has run out of time."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from scoring_model.contract import EncodedRows
from scoring_model.errors import InvalidRequest, TooSlow
from scoring_model.scorer import Decisions, Scorer

# about 20 ms of 400 trees: how long a request that is out of time still computes
_STEP_ROWS = 1000
# a body up to this size is read and scored in about a millisecond: a thread would cost more
INLINE_BYTES = 16384


@dataclass(slots=True)
class Work:
    """One request's computing: its time limit, and what it found, for the event loop to read.

    Attributes
    ----------
    deadline : float
        On the clock of `time.monotonic`.
    decisions : Decisions or None
    unseen : tuple of (int, str)
        Row and field of each category that training never saw.
    problem : InvalidRequest or None
        What the contract refused, where MLflow's own error would hide it.
    """

    deadline: float
    decisions: Decisions | None = None
    unseen: tuple[tuple[int, str], ...] = ()
    problem: InvalidRequest | None = field(default=None)

    def score(self, scorer: Scorer, rows: EncodedRows) -> Decisions:
        """Score encoded applicants step by step; raises `TooSlow` when out of time."""
        margins = np.empty(len(rows.matrix))
        for start in range(0, len(margins), _STEP_ROWS):
            self.check_time()
            step = slice(start, start + _STEP_ROWS)
            margins[step] = scorer.predict_margins(rows.matrix[step])
        self.unseen = rows.unseen
        self.decisions = scorer.decide(margins, rows.matrix)
        return self.decisions

    def check_time(self) -> None:
        """Raise `TooSlow` when the time limit has passed."""
        if time.monotonic() > self.deadline:
            raise TooSlow("the request was not answered within the time limit")


CURRENT_WORK: ContextVar[Work | None] = ContextVar("CURRENT_WORK", default=None)
"""The work of the request that a thread computes for; MLflow's app hands it on to its thread."""
