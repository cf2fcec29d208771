"""`JudgedRows`: the decisions that a recalibrated version is judged by, kept with its run."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring_model.types import LabelArray
from train.promotion.gate.results import ScoredRows

_ARRAYS = ("probability", "refused", "cost")
_RATES = ("champion_acceptance", "challenger_acceptance")


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRows:
    """Accepted decisions with known outcomes, scored by the champion and by its recalibration.

    There is no value and no id of an applicant in it.

    Attributes
    ----------
    version : int
        Number of the champion.
    y : ndarray of int8, shape (rows,)
        1 = a default that is known by now.
    champion, challenger : ScoredRows
        Their `probability` is that of a default that is known by now.
    champion_acceptance, challenger_acceptance : float
        Share of all applicants since the first of these days, refused ones included, that each
        accepts.
    """

    version: int
    y: LabelArray
    champion: ScoredRows
    challenger: ScoredRows
    champion_acceptance: float
    challenger_acceptance: float

    def to_bytes(self) -> bytes:
        """Return the rows as a file of NumPy arrays that `from_bytes` reads back."""
        sides = {"champion": self.champion, "challenger": self.challenger}
        arrays: dict[str, Any] = {
            f"{side}_{name}": getattr(scored, name)
            for side, scored in sides.items()
            for name in _ARRAYS
        }
        arrays |= {name: getattr(self, name) for name in ("version", "y", *_RATES)}
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "JudgedRows":
        """Read the rows back; their SHA-256 must have been checked."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            champion, challenger = (
                ScoredRows(*(arrays[f"{side}_{name}"] for name in _ARRAYS))
                for side in ("champion", "challenger")
            )
            rates = (float(arrays[name]) for name in _RATES)
            return cls(int(arrays["version"]), arrays["y"], champion, challenger, *rates)
