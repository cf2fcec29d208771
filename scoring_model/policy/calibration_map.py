"""`CalibrationMap`: from a booster's margin to a calibrated probability of default."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, starmap
from typing import Literal, cast, get_args

import numpy as np

from scoring_model.contract import JsonFields
from scoring_model.types import FloatArray

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

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "CalibrationMap":
        """Read a map from JSON; raises `ArtifactError` unless it is monotone within [0, 1]."""
        method = fields.text("method")
        if method not in get_args(CalibrationMethod):
            raise fields.refuse(f"method {method!r} is not known")
        made = cls(
            method=cast("CalibrationMethod", method),
            # a sigmoid of release 0.2.0 or earlier may fall with the margin
            slope=fields.number("slope"),
            intercept=fields.number("intercept"),
            margins=fields.numbers("margins"),
            probabilities=fields.numbers("probabilities"),
        )
        x, y = made.margins, made.probabilities
        if len(x) != len(y) or bool(x) == (method == "sigmoid"):
            raise fields.refuse("a sigmoid has no knots; another map has a margin for each")
        if not all(map(math.isfinite, x)) or any(starmap(_is_steep, pairwise(x))):
            raise fields.refuse("margins must be finite and increase")
        if list(y) != sorted(y) or not all(0.0 <= probability <= 1.0 for probability in y):
            raise fields.refuse("probabilities must lie in [0, 1] and not decrease")
        return made


def _is_steep(low: float, high: float) -> bool:
    """Return whether a map cannot rise from 0 to 1 between two margins by a finite slope."""
    width = high - low
    return not (0.0 < width < math.inf and 1.0 / width < math.inf)
