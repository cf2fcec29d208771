"""Learn the contract from the training rows: kind, levels and nullability of each feature."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import CSV_MISSING, Feature, FeatureContract
from scoring_model.types import FloatArray
from train.data.reading import feature_columns, kind_of, present_values
from train.errors import InputError
from train.portfolio import Portfolio

# A level with fewer rows than this shares a code with the other rare levels. The limit is 50 rows
# from 10,000 training rows on, and lower in smaller portfolios.
MAX_LEVEL_ROWS = 50
MIN_LEVEL_ROWS = 5
ROWS_PER_LEVEL_ROW = 200


def learn_contract(
    train: pd.DataFrame, portfolio: Portfolio, computed: Mapping[str, str] | None = None
) -> FeatureContract:
    """Learn kinds, levels and nullability of the features from the training rows.

    Parameters
    ----------
    train : DataFrame
        The training rows.
    portfolio : Portfolio
        Says which columns are features, and their labels.
    computed : mapping of str to str, optional
        Features from histories, with their labels. They are always nullable, because an applicant
        may have no history.
    """
    computed = computed or {}
    rows_needed = min(MAX_LEVEL_ROWS, max(MIN_LEVEL_ROWS, len(train) // ROWS_PER_LEVEL_ROW))
    features = []
    for name in feature_columns(train, portfolio):
        column = train[name]
        present = present_values(column)
        if present.empty:
            raise InputError(
                f"{portfolio.path}: feature {name!r} must have a value in at least one training row"
            )
        labels = {"en": computed[name]} if name in computed else {}
        labels |= portfolio.labels.get(name, {})
        nullable = name in computed or len(present) < len(column)
        if kind_of(column) == "number":
            features.append(Feature(name, "number", nullable, labels=labels))
            continue
        counts = _as_levels(present).value_counts()
        frequent = sorted(str(level) for level in counts.index[counts >= rows_needed])
        rare = sorted(str(level) for level in counts.index[(counts < rows_needed) & (counts > 0)])
        features.append(
            Feature(name, "category", nullable, tuple(frequent), tuple(rare), labels=labels)
        )
    return FeatureContract(tuple(features))


def _as_levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return values as text; booleans become `true` and `false`."""
    return column.astype(object).map(
        lambda value: str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
    )


def csv_notes(contract: FeatureContract) -> tuple[str, ...]:
    """Return a line for each level that is read as a missing value from a CSV file."""
    return tuple(
        f"feature {feature.name} has the level {level!r}, which means missing in CSV: "
        "send it as JSON"
        for feature in contract.features
        for level in (*feature.levels, *feature.rare_levels)
        if level in CSV_MISSING
    )


def typical_applicant(matrix: FloatArray, contract: FeatureContract) -> Mapping[str, Any]:
    """Return a made-up applicant: the median or the most frequent level of each feature.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
        Training rows as the contract encodes them.
    contract : FeatureContract
        Names the columns of `matrix`.
    """
    applicant: dict[str, Any] = {}
    for feature, column in zip(contract.features, matrix.T, strict=True):
        present = column[~np.isnan(column)]
        if feature.kind == "number":
            applicant[feature.name] = float(np.quantile(present, 0.5, method="nearest"))
        else:
            levels, counts = np.unique(present, return_counts=True)
            code = int(levels[counts.argmax()])
            named = code < len(feature.levels)
            applicant[feature.name] = feature.levels[code] if named else feature.rare_levels[0]
    return applicant
