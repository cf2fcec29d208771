"""Do the digits of a number differ by class: multiples that only one outcome leaves behind."""

import math
from dataclasses import dataclass

import numpy as np

from scoring_model.types import FloatArray, LabelArray

# 1 tells whole numbers from fractions, 12 months from years.
MODULI = (1, 5, 10, 12, 100, 1000)
# Shares of multiples further apart than this differ.
MIN_DIFFERENCE = 0.25
# Like is compared with like: values within the same band of so many multiples.
MULTIPLES_PER_BAND = 4
# A column with fewer distinct values than so many multiples is a count, not an amount.
DISTINCT_PER_MODULUS = 4
MIN_CLASS_ROWS = 50
# Among many features and moduli, chance alone goes a good deal further than two standard errors.
STANDARD_ERRORS = 4.0


@dataclass(frozen=True, slots=True)
class DigitGap:
    """Share of multiples of `modulus` among values of like size, by class.

    Attributes
    ----------
    modulus : int
        1 means whole numbers.
    repaid, defaulted : float
        Shares in [0, 1].
    compared : float
        Rows of the smaller class, band by band: how much the comparison rests on.
    """

    modulus: int
    repaid: float
    defaulted: float
    compared: float

    @property
    def difference(self) -> float:
        """How far apart the two shares are."""
        return abs(self.repaid - self.defaulted)

    @property
    def differs(self) -> bool:
        """Whether they are further apart than `MIN_DIFFERENCE` and than chance explains."""
        share = (self.repaid + self.defaulted) / 2
        error = math.sqrt(2 * share * (1 - share) / self.compared)
        return self.difference > max(MIN_DIFFERENCE, STANDARD_ERRORS * error)

    @property
    def what(self) -> str:
        """What is counted, in words."""
        return "whole numbers" if self.modulus == 1 else f"multiples of {self.modulus}"

    def __str__(self) -> str:
        shares = f"{self.repaid:.0%} of the repaid, {self.defaulted:.0%} of the defaulted"
        return f"{self.what} for {shares}"


def widest_gap(values: FloatArray, y: LabelArray) -> DigitGap | None:
    """Return the modulus whose multiples differ most by class, or None where there is none to try.

    Zeros and missing values are left out: none is a digit. Classes are compared within bands of
    values, each weighted by its rows in the smaller class, so that larger loans being both rounder
    and better does not count.

    Parameters
    ----------
    values : ndarray of float64, shape (rows,)
    y : ndarray of int8, shape (rows,)
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
