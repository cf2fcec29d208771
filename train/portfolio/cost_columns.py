"""`CostColumns`: the `[costs]` section of a portfolio, and the costs it gives each loan."""

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from scoring_model.errors import InvalidRequest
from scoring_model.policy import Expression, LoanCostRule
from scoring_model.types import FloatArray, LabelArray
from train.errors import InputError
from train.portfolio.costs import LoanCosts
from train.portfolio.section import SECTION, rule

if TYPE_CHECKING:
    import pandas as pd

    from scoring_model.contract import FeatureContract

DECIDING_KEYS = ("false_negative", "false_positive")
REALISED_KEYS = ("realised_false_negative", "realised_false_positive")


def _write_number(value: Any) -> Any:
    return repr(value) if type(value) in (int, float) else value


def _check_expression(text: str) -> str:
    return Expression(text).text


Cost = Annotated[
    str,
    Field(strict=True),
    rule("must be a number, a column or an expression"),
    AfterValidator(_check_expression),
    BeforeValidator(_write_number, json_schema_input_type=float | str),
]


@dataclass(frozen=True, slots=True, config=SECTION)
class CostColumns:
    """What wrong decisions cost, as numbers, columns or expressions over columns.

    The first two are what decisions are made by: features only, so that `/predict` can compute
    them. The realised ones are for the evaluation alone: any column of the table. Of each two,
    both are given or neither.
    """

    false_negative: Cost | None = Field(
        default=None, description="Cost of accepting a defaulter, known at the decision."
    )
    false_positive: Cost | None = Field(
        default=None, description="Cost of refusing a good client, known at the decision."
    )
    realised_false_negative: Cost | None = Field(
        default=None,
        description="What accepting a defaulter cost in the end, such as the amount lost.",
    )
    realised_false_positive: Cost | None = Field(
        default=None, description="What refusing a good client cost in the end."
    )

    def __post_init__(self) -> None:
        for pair in (DECIDING_KEYS, REALISED_KEYS):
            given = [key for key in pair if getattr(self, key) is not None]
            missing = [key for key in pair if key not in given]
            if given and missing:
                raise ValueError(f"{given[0]} needs {missing[0]} beside it")

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
        given = ((key, getattr(self, key)) for key in (*DECIDING_KEYS, *REALISED_KEYS))
        return [(key, Expression(text)) for key, text in given if text is not None]


def check_features(columns: CostColumns, contract: "FeatureContract", source: object) -> None:
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
    columns: CostColumns, contract: "FeatureContract", matrix: FloatArray, source: object
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
    columns: CostColumns, frame: "pd.DataFrame", y: LabelArray, source: object
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
