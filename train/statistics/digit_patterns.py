"""Find numbers whose digits differ by class, such as multiples of 12 for repaid loans only.

Such a pattern suggests that the number was written after the outcome was known.
"""

import math
from dataclasses import dataclass

import numpy as np

from scoring_model.types import FloatArray, LabelArray

# 1 separates whole numbers from fractions, 12 separates whole years from other months.
MODULI = (1, 5, 10, 12, 100, 1000)
# Two classes differ if their shares of multiples are further apart than this.
MIN_DIFFERENCE = 0.25
# Only values of similar size are compared: a band of values holds this many multiples.
MULTIPLES_PER_BAND = 4
# A column with fewer distinct values than this times the modulus is a count, not an amount.
DISTINCT_PER_MODULUS = 4
MIN_CLASS_ROWS = 50
# Many features and moduli are tried, so differences of more than two standard errors also occur by
# chance.
STANDARD_ERRORS = 4.0


@dataclass(frozen=True, slots=True)
class DigitGap:
    """Share of multiples of `modulus` among values of similar size, by class.

    Attributes
    ----------
    modulus : int
        1 means whole numbers.
    repaid, defaulted : float
        Share of multiples in each class, in [0, 1].
    compared : float
        Number of rows that are compared: in each band, those of the smaller class.
    """

    modulus: int
    repaid: float
    defaulted: float
    compared: float

    @property
    def difference(self) -> float:
        """Distance of the two shares."""
        return abs(self.repaid - self.defaulted)

    @property
    def differs(self) -> bool:
        """Whether the distance is larger than `MIN_DIFFERENCE` and larger than chance explains."""
        share = (self.repaid + self.defaulted) / 2
        error = math.sqrt(2 * share * (1 - share) / self.compared)
        return self.difference > max(MIN_DIFFERENCE, STANDARD_ERRORS * error)

    @property
    def what(self) -> str:
        """The kind of number that is counted, in words."""
        return "whole numbers" if self.modulus == 1 else f"multiples of {self.modulus}"

    def __str__(self) -> str:
        shares = f"{self.repaid:.0%} of the repaid, {self.defaulted:.0%} of the defaulted"
        return f"{self.what} for {shares}"


def widest_gap(values: FloatArray, y: LabelArray) -> DigitGap | None:
    """Return the modulus whose multiples differ most by class, or None if none can be tried.

    Zeros and missing values are left out, because they have no digits. Larger loans are often both
    rounder and better, and this must not count as a difference. So the classes are compared within
    bands of similar values. Each band has the weight of its rows in the smaller class.

    Parameters
    ----------
    values : ndarray of float64, shape (rows,)
        One numeric column.
    y : ndarray of int8, shape (rows,)
        1 = default.
    """
    used = ~np.isnan(values) & (values != 0)
    values, y = values[used], y[used]
    distinct = len(np.unique(values))
    gaps = [
        gap
        for modulus in MODULI
        if distinct >= DISTINCT_PER_MODULUS * modulus
        and (gap := _gap(values, y, modulus)) is not None
    ]
    return max(gaps, key=lambda gap: gap.difference, default=None)


def _gap(values: FloatArray, y: LabelArray, modulus: int) -> DigitGap | None:
    multiple = values % modulus == 0
    if multiple.all() or not multiple.any():
        return None
    _, band = np.unique(values // (MULTIPLES_PER_BAND * modulus), return_inverse=True)
    rows = [np.bincount(band[y == label], minlength=band.max() + 1) for label in (0, 1)]
    weight = np.minimum(*rows)
    if weight.sum() < MIN_CLASS_ROWS:
        return None
    shares = []
    for label in (0, 1):
        hits = np.bincount(band[(y == label) & multiple], minlength=band.max() + 1)
        shares.append(float(np.sum(weight * hits / np.maximum(rows[label], 1)) / weight.sum()))
    repaid, defaulted = shares
    return DigitGap(modulus, repaid, defaulted, float(weight.sum()))
