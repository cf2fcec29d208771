"""`VersionBins`: which bin of a version's profile each value of an applicant falls into."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from monitoring.facts.decision_facts import FeatureBins
from scoring_model.contract import EncodedRows, Feature
from scoring_model.profile import CategoryProfile, NumberProfile
from scoring_model.types import BoolArray, FloatArray
from scoring_model.version import Scorer

PROBABILITY = "probability"
"""Name of the bins of the probability."""
ALL_OTHERS, ANY_VALUE = "all others", "any value"
# beside its bins, each feature has the places `missing` and `unseen`
MORE_PLACES = 2
_DIGITS = 6

Codes = NDArray[np.int64]
# takes values of a matrix column, none of them missing
_FindBin = Callable[[FloatArray], Codes]


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The bins of one feature, and its column of the matrix; None for the probability."""

    bins: FeatureBins
    index: int | None
    find_bin: _FindBin


class VersionBins:
    """The bins of one version's profile.

    The counts of all features are kept in one row of places. Those of a feature are its bins in
    order, then `missing`, then `unseen`.

    Parameters
    ----------
    scorer : Scorer
        A version without a profile has no bins.

    Attributes
    ----------
    bins : tuple of FeatureBins
        The features in the order of the contract, then the probability.
    places : int
        Length of a row of counts.
    """

    def __init__(self, scorer: Scorer) -> None:
        self._columns = list(_list_columns(scorer))
        self.bins = tuple(column.bins for column in self._columns)
        self.places = sum(len(bins.labels) + MORE_PLACES for bins in self.bins)

    def count(
        self, encoded: EncodedRows, probability: FloatArray, groups: Codes, number: int
    ) -> NDArray[np.int64]:
        """Count the applicants of each group in each place.

        Parameters
        ----------
        encoded : EncodedRows
        probability : ndarray of float64, shape (rows,)
        groups : ndarray of int64, shape (rows,)
            The group of each applicant, from 0.
        number : int
            Number of groups.

        Returns
        -------
        ndarray of int64, shape (number, places)
            How many applicants of the group are in the place.
        """
        unseen = _find_unseen(encoded)
        nobody = np.zeros(len(groups), dtype=bool)
        parts = [np.empty((number, 0), dtype=np.int64)]
        for column in self._columns:
            values = probability if column.index is None else encoded.matrix[:, column.index]
            is_unseen = unseen.get(column.bins.name, nobody)
            parts.append(_count_column(column, values, is_unseen, groups, number))
        return np.concatenate(parts, axis=1)


def _count_column(
    column: _Column, values: FloatArray, is_unseen: BoolArray, groups: Codes, number: int
) -> NDArray[np.int64]:
    bins = len(column.bins.labels)
    places = bins + MORE_PLACES
    is_missing = np.isnan(values)
    codes = np.full(len(values), bins, dtype=np.int64)
    codes[~is_missing] = column.find_bin(values[~is_missing])
    # a category that was never seen is NaN too, and is one of `all others`
    codes[is_unseen] = bins - 1
    counts = np.bincount(groups * places + codes, minlength=number * places)
    counts = counts.reshape(number, places)
    counts[:, bins + 1] = np.bincount(groups[is_unseen], minlength=number)
    return counts


def _find_unseen(encoded: EncodedRows) -> dict[str, BoolArray]:
    """Return which applicants have a category that was never seen, by feature."""
    found: dict[str, BoolArray] = {}
    for notice in encoded.notices:
        if notice.is_unseen:
            if notice.field not in found:
                found[notice.field] = np.zeros(len(encoded.matrix), dtype=bool)
            found[notice.field][notice.row] = True
    return found


def _list_columns(scorer: Scorer) -> list[_Column]:
    profile = scorer.profile
    if profile is None:
        return []
    numbers = {number.name: number for number in profile.numbers}
    categories = {category.name: category for category in profile.categories}
    columns = []
    for index, feature in enumerate(scorer.contract.features):
        if feature.name in categories:
            columns.append(_bin_category(categories[feature.name], feature, index, profile.rows))
        elif feature.name in numbers:
            number = numbers[feature.name]
            columns.append(_bin_number(number.name, number, index, profile.rows))
    if profile.probability is not None:
        # held-out rows, which may be fewer than all training rows
        rows = profile.rows if profile.expected is None else profile.expected.rows
        columns.append(_bin_number(PROBABILITY, profile.probability, None, rows))
    return columns


def _bin_number(name: str, number: NumberProfile, index: int | None, rows: int) -> _Column:
    # a number that has a value in fewer than 20 training rows has no shares
    shares = np.array(number.shares or (1.0,))
    bins = FeatureBins(name, label_bins(number.edges), shares, number.missing, rows)
    return _Column(bins, index, partial(_search, np.array(number.edges)))


def _bin_category(category: CategoryProfile, feature: Feature, index: int, rows: int) -> _Column:
    """Return a bin for each level that has a code and a share, and one for all others."""
    named = [level for level in category.levels if level in feature.levels]
    shares = [category.levels[level] for level in named]
    uncoded = [share for level, share in category.levels.items() if level not in named]
    others = category.rest + sum(uncoded)
    if not category.levels and not category.rest:
        # fewer than 20 training rows have a value
        others = 1.0
    bins = np.full(feature.count_codes(), len(named), dtype=np.int64)
    for number, level in enumerate(named):
        bins[feature.levels.index(level)] = number
    labels, all_shares = (*named, ALL_OTHERS), np.array([*shares, others])
    made = FeatureBins(category.name, labels, all_shares, category.missing, rows)
    return _Column(made, index, partial(_look_up, bins))


def _search(edges: FloatArray, values: FloatArray) -> Codes:
    return np.searchsorted(edges, values, side="right")


def _look_up(bins: Codes, values: FloatArray) -> Codes:
    found: Codes = bins[values.astype(np.int64)]
    return found


def label_bins(edges: tuple[float, ...]) -> tuple[str, ...]:
    """Return a label for each bin between edges: `under 12`, `12 to 20`, `20 and over`."""
    if not edges:
        return (ANY_VALUE,)
    texts = [_write_edge(edge) for edge in edges]
    if len(set(texts)) < len(texts):
        texts = [np.format_float_positional(edge, trim="-") for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return (f"under {texts[0]}", *between, f"{texts[-1]} and over")


def _write_edge(edge: float) -> str:
    """Return an edge with about six digits, without an exponent."""
    if edge.is_integer():
        return f"{edge:.0f}"
    decimals = max(1, _DIGITS - 1 - math.floor(math.log10(abs(edge))))
    return f"{edge:.{decimals}f}".rstrip("0").rstrip(".")
