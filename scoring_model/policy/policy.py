"""`DecisionPolicy`: from a margin to a calibrated probability of default and a decision."""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np

from scoring_model.contract import read_versioned
from scoring_model.policy.loan_costs import LoanCostRule
from scoring_model.types import BoolArray, FloatArray

FORMAT_VERSION = 1
LOAN_COSTS_FORMAT = 2
# exp overflows a double above 709.8; at 700 the probability is already as good as 0 or 1
MARGIN_LIMIT = 700.0

CalibrationMethod = Literal["sigmoid", "smooth", "isotonic"]


@dataclass(frozen=True)
class CalibrationMap:
    """Map from the booster's margin (raw log-odds) to the probability of default.

    Attributes
    ----------
    method : {"sigmoid", "smooth", "isotonic"}
        `sigmoid` is `1 / (1 + exp(-(slope * margin + intercept)))` [1]_;
        `smooth` and `isotonic` [2]_ interpolate linearly between knots, constant outside them.
    slope, intercept : float
        The sigmoid's parameters; 1 and 0 leave the margin as it is.
    margins, probabilities : tuple of float
        Knots. Margins increase; probabilities do not decrease and lie in (0, 1).

    References
    ----------
    .. [1] J. Platt, Probabilistic outputs for support vector machines, 1999.
    .. [2] B. Zadrozny and C. Elkan, Transforming classifier scores into accurate multiclass
       probability estimates, KDD 2002.
    """

    method: CalibrationMethod
    slope: float = 1.0
    intercept: float = 0.0
    margins: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    def apply(self, margin: FloatArray) -> FloatArray:
        """Return the probability of default of each margin, shape (rows,), in [0, 1]."""
        if self.margins:
            x, y, slopes = self._knots
            inside = np.clip(margin, x[0], x[-1])
            knot = np.searchsorted(x, inside, side="right") - 1
            return np.asarray(slopes[knot] * (inside - x[knot]) + y[knot])
        exponent = np.clip(self.slope * margin + self.intercept, -MARGIN_LIMIT, MARGIN_LIMIT)
        return np.asarray(1.0 / (1.0 + np.exp(-exponent)))

    def apply_one(self, margin: float) -> float:
        """Return what `apply` gives for one margin, to the last bit."""
        if self.margins:
            lowest, highest = self.margins[0], self.margins[-1]
            inside = lowest if margin < lowest else highest if margin > highest else margin
            knot = bisect_right(self.margins, inside) - 1
            slope = self._slopes[knot]
            return slope * (inside - self.margins[knot]) + self.probabilities[knot]
        exponent = self.slope * margin + self.intercept
        exponent = min(max(exponent, -MARGIN_LIMIT), MARGIN_LIMIT)
        # use numpy's exponential: the C library's differs in the last bit
        return float(1.0 / (1.0 + np.exp(-exponent)))

    @cached_property
    def _knots(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Margins, probabilities, and the slope from each knot to the next; 0 at the last."""
        x, y = np.array(self.margins), np.array(self.probabilities)
        return x, y, np.append(np.diff(y) / np.diff(x), 0.0)

    @cached_property
    def _slopes(self) -> list[float]:
        return list(self._knots[2].tolist())


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
        """Read a policy from JSON; raises `ArtifactError` for an unknown `format_version`."""
        document = read_versioned(text, "policy.json", FORMAT_VERSION, LOAN_COSTS_FORMAT)
        loan_costs = document.get("loan_costs")
        calibration = document["calibration"]
        return cls(
            calibration=CalibrationMap(
                method=calibration["method"],
                slope=calibration["slope"],
                intercept=calibration["intercept"],
                margins=tuple(calibration["margins"]),
                probabilities=tuple(calibration["probabilities"]),
            ),
            threshold=document["threshold"],
            false_negative_cost=document["false_negative_cost"],
            false_positive_cost=document["false_positive_cost"],
            loan_costs=None if loan_costs is None else LoanCostRule(**loan_costs),
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
