"""`Derivation`: computes the matrix of features from the fields that an applicant has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scoring_model.contract import days
from scoring_model.contract.encoded_rows import EncodedRows
from scoring_model.contract.feature import Feature
from scoring_model.contract.notices import UNUSUAL, Notice
from scoring_model.expressions import Expression
from scoring_model.types import FloatArray


class Derivation:
    """Dates become days before the decision, and formulas are computed.

    One applicant and many are computed by the same functions of arrays.

    Parameters
    ----------
    features : sequence of Feature
        In the order of the matrix columns.
    fields : sequence of Feature
        In the order of the columns of the fields' values.
    decision_date : str
        Field with the day of the decision; empty if there is none.
    ranges : mapping of str to tuple of float
        Least and most usual value of features that are computed.

    Raises
    ------
    ValueError
        A formula is not valid, or uses what is no number and no date.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        fields: Sequence[Feature],
        decision_date: str = "",
        ranges: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self._features = features
        self._fields = {field.name: index for index, field in enumerate(fields)}
        self._decision = decision_date
        usable = {field.name for field in fields if field.kind != "category"}
        self._formulas = {
            f.name: _read_formula(f.name, f.formula, usable) for f in features if f.formula
        }
        self._usual = [
            (index, feature.name, *(ranges or {})[feature.name])
            for index, feature in enumerate(features)
            if feature.name in (ranges or {}) and (feature.formula or feature.kind == "date")
        ]

    def apply(self, rows: EncodedRows) -> EncodedRows:
        """Return rows with the matrix of the features instead of that of the fields.

        `raw` has the day of the decision of every row, also where none was given.
        """
        raw = rows.matrix
        if self._decision:
            raw, index = raw.copy(), self._fields[self._decision]
            raw[np.isnan(raw[:, index]), index] = days.today()
        matrix = self._compute(raw)
        notices = [
            Notice(row, name, UNUSUAL)
            for index, name, low, high in self._usual
            for row in np.flatnonzero((matrix[:, index] < low) | (matrix[:, index] > high)).tolist()
        ]
        if notices:
            merged = sorted([*rows.notices, *notices], key=lambda notice: notice.row)
            rows = replace(rows, notices=tuple(merged))
        return replace(rows, matrix=matrix, raw=raw)

    def _compute(self, raw: FloatArray) -> FloatArray:
        values = {name: raw[:, index] for name, index in self._fields.items()}
        decision = values[self._decision] if self._decision else np.full(len(raw), days.today())
        matrix = np.empty((len(raw), len(self._features)), dtype=np.float64)
        with np.errstate(all="ignore"):
            for index, feature in enumerate(self._features):
                if feature.formula:
                    result = self._formulas[feature.name].evaluate(values)
                    matrix[:, index] = np.where(np.isfinite(result), result, np.nan)
                elif feature.kind == "date":
                    matrix[:, index] = decision - values[feature.name]
                else:
                    matrix[:, index] = values[feature.name]
        return matrix


def _read_formula(name: str, text: str, usable: set[str]) -> Expression:
    """Return a formula; raises `ValueError` if it is none, or uses other than numbers or dates."""
    place = f"the formula of {name}"
    try:
        formula = Expression(text)
    except ValueError as error:
        raise ValueError(f"{place} {error}") from error
    unknown = [column for column in formula.columns if column not in usable]
    if unknown or not formula.columns:
        wrong = f"{unknown[0]!r} is none" if unknown else "it uses none"
        raise ValueError(f"{place} must use fields that are numbers or dates: {wrong}")
    try:
        with np.errstate(all="ignore"):
            formula.evaluate({column: np.zeros(1) for column in formula.columns})
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(f"{place} cannot be computed: {error}") from error
    return formula
