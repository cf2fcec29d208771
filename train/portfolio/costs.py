"""`Costs` and `LoanCosts`: what a wrong decision costs, and what a set of decisions costs."""

import math
from dataclasses import dataclass

import numpy as np

from scoring_model.policy import scaled_thresholds
from scoring_model.types import BoolArray, FloatArray, LabelArray, RowNumbers
from train.errors import InputError


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of each kind of wrong decision, in any one unit, the same for every applicant.

    Attributes
    ----------
    false_negative : float
        Accepting a defaulter; positive.
    false_positive : float
        Refusing a good client; positive.
    """

    false_negative: float = 10.0
    false_positive: float = 1.0

    def __post_init__(self) -> None:
        for name in ("false_negative", "false_positive"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name}_cost must be positive, got {value}")

    @property
    def bayes_threshold(self) -> float:
        """Cheapest threshold on calibrated probabilities: `FP / (FP + FN)`.

        C. Elkan, The foundations of cost-sensitive learning, IJCAI 2001.
        """
        return self.false_positive / (self.false_positive + self.false_negative)

    def of_rows(self, rows: int) -> "LoanCosts":
        """Return the same costs for each of `rows` applicants."""
        return LoanCosts(np.full(rows, self.false_negative), np.full(rows, self.false_positive))

    def of_each(self, y: LabelArray, refused: BoolArray) -> FloatArray:
        """Return the cost of each decision, shape (rows,).

        Parameters
        ----------
        y : ndarray of int8, shape (rows,)
            1 = default.
        refused : ndarray of bool, shape (rows,)
        """
        return self.of_rows(len(y)).of_each(y, refused)

    def per_applicant(self, y: LabelArray, refused: BoolArray) -> float:
        """Return the mean cost of the decisions: the figure that models are compared by."""
        return float(self.of_each(y, refused).mean())


@dataclass(frozen=True, slots=True, eq=False)
class LoanCosts:
    """Costs of each applicant's wrong decision.

    Attributes
    ----------
    false_negative, false_positive : ndarray of float64, shape (rows,)
        What it costs to accept each applicant if a defaulter, to refuse if a good client; positive.
    """

    false_negative: FloatArray
    false_positive: FloatArray

    @property
    def bayes_threshold(self) -> FloatArray:
        """Each applicant's `FP / (FP + FN)`, shape (rows,)."""
        return scaled_thresholds(self.false_negative, self.false_positive, 1.0)

    def take(self, rows: RowNumbers) -> "LoanCosts":
        """Return the costs of some of the applicants."""
        return LoanCosts(self.false_negative[rows], self.false_positive[rows])

    def of_each(self, y: LabelArray, refused: BoolArray) -> FloatArray:
        """Return the cost of each decision, shape (rows,); see `Costs.of_each`."""
        wrong_refusal = np.where(y == 0, self.false_positive, 0.0)
        wrong_acceptance = np.where(y == 1, self.false_negative, 0.0)
        return np.where(refused, wrong_refusal, wrong_acceptance)

    def per_applicant(self, y: LabelArray, refused: BoolArray) -> float:
        """Return the mean cost of the decisions."""
        return float(self.of_each(y, refused).mean())


AnyCosts = Costs | LoanCosts
