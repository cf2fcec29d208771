"""`DecisionPolicy`: from a margin to a calibrated probability of default and a decision."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

import numpy as np

from scoring_model.contract import read_versioned
from scoring_model.policy.calibration_map import CalibrationMap
from scoring_model.policy.loan_costs import LoanCostRule
from scoring_model.types import BoolArray, FloatArray

FORMAT_VERSION = 1
LOAN_COSTS_FORMAT = 2


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """Calibration map, costs and threshold, which turn a margin into a decision.

    Attributes
    ----------
    calibration : CalibrationMap
    threshold : float
        In [0, 1]: the probability of default from which an applicant is refused.
    false_negative_cost, false_positive_cost : float
        Cost of accepting a defaulter and of refusing a good client, positive.
    loan_costs : LoanCostRule, optional
        Present if costs differ by loan. Each applicant then has its own threshold, and the three
        values above are medians over the training rows.
    """

    calibration: CalibrationMap
    threshold: float
    false_negative_cost: float
    false_positive_cost: float
    loan_costs: LoanCostRule | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must lie in [0, 1], got {self.threshold}")

    def thresholds(self, matrix: FloatArray, names: Sequence[str]) -> FloatArray:
        """Return the probability from which each encoded applicant is refused, shape (rows,).

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, features)
            Encoded applicants.
        names : sequence of str
            Feature of each matrix column.

        Raises
        ------
        InvalidRequest
            The costs of a loan are not positive.
        """
        if self.loan_costs is None:
            return np.full(len(matrix), self.threshold)
        return scaled_thresholds(*self.loan_costs.costs(matrix, names), self.loan_costs.factor)

    def threshold_of_one(self, values: Sequence[float], names: Sequence[str]) -> float:
        """Return one applicant's threshold, equal to `thresholds` to the last bit."""
        if self.loan_costs is None:
            return self.threshold
        return self.loan_costs.threshold_of_one(values, names)

    def to_json(self) -> str:
        """Return the policy as JSON text that `from_json` reads back to the last bit."""
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "threshold": self.threshold,
            "false_negative_cost": self.false_negative_cost,
            "false_positive_cost": self.false_positive_cost,
            "calibration": {
                "method": self.calibration.method,
                "slope": self.calibration.slope,
                "intercept": self.calibration.intercept,
                "margins": list(self.calibration.margins),
                "probabilities": list(self.calibration.probabilities),
            },
        }
        if self.loan_costs is not None:
            # another format version, so that older code, with one threshold for all, refuses it
            document["format_version"] = LOAN_COSTS_FORMAT
            document["loan_costs"] = asdict(self.loan_costs)
        return json.dumps(document, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "DecisionPolicy":
        """Read a policy from JSON; raises `ArtifactError` if a value is not valid."""
        document = read_versioned(text, "policy.json", FORMAT_VERSION, LOAN_COSTS_FORMAT)
        loan_costs = document.values.get("loan_costs")
        smallest = sys.float_info.min
        return cls(
            calibration=CalibrationMap.from_fields(document.part("calibration")),
            threshold=document.number("threshold", 0.0, 1.0),
            false_negative_cost=document.number("false_negative_cost", smallest),
            false_positive_cost=document.number("false_positive_cost", smallest),
            loan_costs=(
                None
                if loan_costs is None
                else LoanCostRule.from_fields(document.part("loan_costs"))
            ),
        )


def scaled_thresholds(
    false_negative: FloatArray, false_positive: FloatArray, factor: float | FloatArray
) -> FloatArray:
    """Return the probability from which refusing each applicant is cheaper, times a factor.

    C. Elkan, The foundations of cost-sensitive learning, IJCAI 2001: `FP / (FP + FN)`.

    Parameters
    ----------
    false_negative, false_positive : ndarray of float64, shape (rows,)
        Positive costs of accepting a defaulter and of refusing a good client.
    factor : float or ndarray of float64, shape (rows,)
        Positive; 1 changes nothing.

    Returns
    -------
    ndarray of float64, shape (rows,)
        In [0, 1].
    """
    return np.minimum(factor * (false_positive / (false_positive + false_negative)), 1.0)


@overload
def refuse(probability: float, threshold: float) -> bool: ...


@overload
def refuse(probability: FloatArray, threshold: float | FloatArray) -> BoolArray: ...


def refuse(probability: float | FloatArray, threshold: float | FloatArray) -> bool | BoolArray:
    """Return whether each applicant is refused. No other code compares the two numbers.

    Parameters
    ----------
    probability : float or ndarray of float64, shape (rows,)
        Calibrated probabilities of default.
    threshold : float or ndarray of float64, shape (rows,)

    Returns
    -------
    bool or ndarray of bool, shape (rows,)
        True where `probability >= threshold`: equality refuses.
    """
    return probability >= threshold
