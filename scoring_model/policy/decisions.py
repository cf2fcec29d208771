"""`Decision`, `Decisions`: a model's answers about applicants, with three fields each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring_model.contract import Notice
from scoring_model.types import FloatArray


def make_answer(probability: float, score: int, threshold: float) -> dict[str, Any]:
    """Return the three fields that every answer has."""
    return {"probability": probability, "score": score, "threshold": threshold}


FIELDS = tuple(make_answer(0.0, 0, 0.0))
"""Names of the three fields, in the order that every table of answers uses."""


class Decision(NamedTuple):
    """The decision about one applicant; see `Decisions`.

    Attributes
    ----------
    probability : float
    score : int
    threshold : float
    notices : sequence of Notice
        What the caller should know about valid values.
    """

    probability: float
    score: int
    threshold: float
    notices: Sequence[Notice]

    def answer(self) -> dict[str, Any]:
        """Return the three fields that every answer has."""
        return make_answer(self.probability, self.score, self.threshold)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions about several applicants.

    Attributes
    ----------
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default, in [0, 1].
    score : ndarray of int64, shape (rows,)
        1 = accepted (`probability < threshold`), 0 = refused.
    threshold : ndarray of float64, shape (rows,)
        The probability from which this applicant is refused.
    """

    probability: FloatArray
    score: NDArray[np.int64]
    threshold: FloatArray

    def columns(self) -> Mapping[str, NDArray[Any]]:
        """Return the three fields by name, shape (rows,) each."""
        return {name: getattr(self, name) for name in FIELDS}

    def answers(self) -> list[dict[str, Any]]:
        """Return the three fields of each applicant, in order."""
        columns = (column.tolist() for column in self.columns().values())
        return list(map(make_answer, *columns))
