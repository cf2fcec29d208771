"""`CostColumns`: the `[costs]` section of a portfolio, and the costs it gives each loan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring_model.contract import FeatureContract
from scoring_model.errors import InvalidRequest
from scoring_model.expression import Expression
from scoring_model.loan_costs import LoanCostRule
from train.costs import LoanCosts
from train.errors import InputError

COST_KEYS = ("false_negative", "false_positive")
REALISED_KEYS = ("realised_false_negative", "realised_false_positive")


@dataclass(frozen=True, slots=True)
class CostColumns:
    """What wrong decisions cost, as numbers, columns or expressions over columns.

    Attributes
    ----------
    false_negative, false_positive : str, optional
        What decisions are made by: features only, so that `/predict` can compute them; both or
        neither.
    realised_false_negative, realised_false_positive : str, optional
        What it cost in the end, for the evaluation alone: any column of the table, such as the
        amount lost; both or neither.
    """

    false_negative: str | None = None
    false_positive: str | None = None
    realised_false_negative: str | None = None
    realised_false_positive: str | None = None

    @property
    def decides(self) -> bool:
        """Whether each loan is decided by its own costs."""
        return self.false_negative is not None

    @property
    def realised(self) -> bool:
        """Whether the table says what wrong decisions have cost."""
        return self.realised_false_negative is not None

    def items(self) -> list[tuple[str, Expression]]:
        """Return the key and the expression of each that is given."""
        given = ((key, getattr(self, key)) for key in (*COST_KEYS, *REALISED_KEYS))
        return [(key, Expression(text)) for key, text in given if text is not None]


def read_costs(section: Mapping[str, Any]) -> CostColumns:
    """Read and check a `[costs]` section.

    Raises
    ------
    InputError
        With the key and the rule; the caller names the file.
    """
    texts = {}
    for key, value in section.items():
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InputError(f"[costs] {key} must be a number, a column or an expression")
        texts[key] = value if isinstance(value, str) else repr(value)
        try:
            Expression(texts[key])
        except ValueError as error:
            raise InputError(f"[costs] {key} {error}") from error
    for one, other in (COST_KEYS, REALISED_KEYS):
        if (one in texts) != (other in texts):
            given, missing = (one, other) if one in texts else (other, one)
            raise InputError(f"[costs] {given} needs {missing} beside it")
    return CostColumns(**texts)


def check_features(columns: CostColumns, contract: FeatureContract, source: object) -> None:
    """Raise `InputError` unless `/predict` can compute the costs from what it is sent."""
    features = {feature.name: feature for feature in contract.features}
    for key, expression in columns.items():
        if key in REALISED_KEYS:
            continue
        for name in expression.columns:
            rule = None
            if name not in features:
                rule = "must be a feature, or /predict could not compute the cost"
            elif features[name].kind != "number":
                rule = "must be a number"
            elif features[name].nullable:
                rule = "must never be missing"
            if rule:
                raise InputError(f"{source}: [costs] {key}: column {name!r} {rule}")


def costs_to_decide(
    columns: CostColumns, contract: FeatureContract, matrix: NDArray[np.float64], source: object
) -> LoanCosts:
    """Return the costs of encoded rows, by which they are decided.

    Raises
    ------
    InputError
        A cost is not positive, or not a number.
    """
    rule = LoanCostRule(str(columns.false_negative), str(columns.false_positive), 1.0)
    try:
        return LoanCosts(*rule.costs(matrix, contract.names))
    except InvalidRequest as error:
        raise InputError(f"{source}: [costs] {error}") from error


def costs_realised(
    columns: CostColumns, frame: pd.DataFrame, y: NDArray[np.int8], source: object
) -> LoanCosts:
    """Return what wrong decisions on each row have cost in the end; each counts for its class.

    Raises
    ------
    InputError
        A column is not of numbers, or a cost that counts is missing or negative.
    """
    pair = []
    for key, counts in zip(REALISED_KEYS, (y == 1, y == 0), strict=True):
        expression = Expression(str(getattr(columns, key)))
        for name in expression.columns:
            if frame[name].dtype.kind not in "iuf":
                raise InputError(f"{source}: [costs] {key}: column {name!r} must hold numbers")
        values = {c: frame[c].to_numpy(np.float64, na_value=np.nan) for c in expression.columns}
        with np.errstate(all="ignore"):
            cost = np.broadcast_to(np.asarray(expression.evaluate(values), np.float64), len(frame))
        wrong = counts & ~(np.isfinite(cost) & (cost >= 0))
        if wrong.any():
            raise InputError(
                f"{source}: [costs] {key} must be a number from 0: it is not in {wrong.sum()} rows"
            )
        pair.append(np.where(counts, cost, 0.0))
    return LoanCosts(pair[0], pair[1])
