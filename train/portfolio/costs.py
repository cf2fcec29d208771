"""`Costs` and `LoanCosts`: the cost of a wrong decision, and of a set of decisions."""

import math
from dataclasses import dataclass

import numpy as np

from scoring_model.policy import scaled_thresholds
from scoring_model.types import BoolArray, FloatArray, LabelArray, RowNumbers
from train.errors import InputError


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of each kind of wrong decision, the same for every applicant.

    Both costs have the same unit; any unit will do.

    Attributes
    ----------
    false_negative : float
        Cost of accepting a defaulter; positive.
    false_positive : float
        Cost of refusing a good client; positive.
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
            The decisions.
        """
        return self.of_rows(len(y)).of_each(y, refused)

    def per_applicant(self, y: LabelArray, refused: BoolArray) -> float:
        """Return the mean cost of the decisions. Models are compared by this figure."""
        return float(self.of_each(y, refused).mean())


@dataclass(frozen=True, slots=True, eq=False)
class LoanCosts:
    """Cost of a wrong decision on each applicant.

    Attributes
    ----------
    false_negative : ndarray of float64, shape (rows,)
        Cost of accepting the applicant, if this is a defaulter; positive.
    false_positive : ndarray of float64, shape (rows,)
        Cost of refusing the applicant, if this is a good client; positive.
    """

    false_negative: FloatArray
    false_positive: FloatArray

    @property
    def bayes_threshold(self) -> FloatArray:
        """Each applicant's `FP / (FP + FN)`, shape (rows,)."""
        return scaled_thresholds(self.false_negative, self.false_positive, 1.0)

    def take(self, rows: RowNumbers) -> "LoanCosts":
        """Return the costs of the applicants in `rows`."""
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
