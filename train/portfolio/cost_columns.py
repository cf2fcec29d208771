"""`CostColumns`: the `[costs]` section of a portfolio, and the costs of each loan it gives."""

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from scoring_model.errors import InvalidRequest
from scoring_model.expressions import Expression
from scoring_model.policy import LoanCostRule
from scoring_model.types import FloatArray, LabelArray
from train.errors import InputError
from train.portfolio.costs import LoanCosts
from train.portfolio.sections import SECTION, Text, rule

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
    """What a wrong decision costs: each key is a number, a column or an expression over columns.

    `false_negative` and `false_positive` are used for the decision. They may use features only, so
    that `/predict` can compute them. The two realised costs are used for the evaluation only. They
    may use any column of the table. The two keys of a pair are given together or not at all.
    """

    false_negative: Cost | None = Field(
        default=None,
        description="Cost of accepting an applicant who defaults. It is a number, a column or an "
        "expression of columns and numbers with `+ - * /` and parentheses, such as "
        "`amount * 0.65`. Its columns must be numeric features that are never missing. The cost "
        "must be positive. Give it together with `false_positive`, in the same unit. Without both, "
        "the settings `false_negative_cost` and `false_positive_cost` apply to every loan.",
    )
    false_positive: Cost | None = Field(
        default=None,
        description="Cost of refusing an applicant who would repay. It follows the rules of "
        "`false_negative`.",
    )
    realised_false_negative: Cost | None = Field(
        default=None,
        description="What accepting this loan has cost if it defaulted, such as the amount lost. "
        "It is a number, a column or an expression. It may use any numeric column of the table, "
        "because it is used for the evaluation only. The cost must be 0 or more. Give it together "
        "with `realised_false_positive`, in the same unit. Without both, no realised cost is "
        "reported.",
    )
    realised_false_positive: Cost | None = Field(
        default=None,
        description="What refusing this loan would have cost if it was repaid. It follows the "
        "rules of `realised_false_negative`.",
    )

    currency: Text | None = Field(
        default=None,
        description="Currency of these costs and of the `amount`, such as `US dollars`. The report "
        "names it with each amount of money.",
    )

    def __post_init__(self) -> None:
        for pair in (DECIDING_KEYS, REALISED_KEYS):
            given = [key for key in pair if getattr(self, key) is not None]
            missing = [key for key in pair if key not in given]
            if given and missing:
                raise ValueError(f"{given[0]} needs {missing[0]}: give both or neither")

    @property
    def decides(self) -> bool:
        """Whether the decision on each loan uses costs of its own."""
        return self.false_negative is not None

    @property
    def realised(self) -> bool:
        """Whether the realised costs are given."""
        return self.realised_false_negative is not None

    @property
    def deciding_columns(self) -> set[str]:
        """The columns that the deciding costs use. They must be features."""
        return {c for key, cost in self.items() if key in DECIDING_KEYS for c in cost.columns}

    def items(self) -> list[tuple[str, Expression]]:
        """Return key and expression of each cost that is given."""
        given = ((key, getattr(self, key)) for key in (*DECIDING_KEYS, *REALISED_KEYS))
        return [(key, Expression(text)) for key, text in given if text is not None]


def check_features(columns: CostColumns, contract: "FeatureContract", source: object) -> None:
    """Raise `InputError` unless `/predict` can compute the costs from the features it receives."""
    features = {feature.name: feature for feature in contract.features}
    for key, expression in columns.items():
        if key in REALISED_KEYS:
            continue
        for name in expression.columns:
            rule = None
            if name not in features:
                rule = "must be a feature: /predict computes the cost from features only"
            elif features[name].kind != "number":
                rule = "must be a number"
            elif features[name].nullable:
                rule = "must never be missing"
            if rule:
                raise InputError(f"{source}: [costs] {key}: column {name!r} {rule}")


def costs_to_decide(
    columns: CostColumns, contract: "FeatureContract", matrix: FloatArray, source: object
) -> LoanCosts:
    """Return the costs that the decision on each row uses.

    Parameters
    ----------
    columns : CostColumns
        With both deciding costs.
    contract : FeatureContract
        Names the columns of `matrix`.
    matrix : ndarray of float64, shape (rows, features)
        Rows as the contract encodes them.
    source : object
        The file that an error message names.

    Raises
    ------
    InputError
        A cost is not a positive number.
    """
    rule = LoanCostRule(str(columns.false_negative), str(columns.false_positive), 1.0)
    try:
        return LoanCosts(*rule.costs(matrix, contract.names))
    except InvalidRequest as error:
        raise InputError(f"{source}: [costs] {error}") from error


def costs_realised(
    columns: CostColumns, frame: "pd.DataFrame", y: LabelArray, source: object
) -> LoanCosts:
    """Return what a wrong decision on each row has cost in the end.

    A defaulter has only a false negative cost, a good client only a false positive cost. The other
    cost of the row is set to 0.

    Parameters
    ----------
    columns : CostColumns
        With both realised costs.
    frame : DataFrame, shape (rows, columns of the table)
    y : ndarray of int8, shape (rows,)
        1 = default.
    source : object
        The file that an error message names.

    Raises
    ------
    InputError
        A column does not hold numbers, or a cost that is used is missing or negative.
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
                f"{source}: [costs] {key} must be a number, 0 or more, in every row: "
                f"{wrong.sum()} rows break this rule"
            )
        pair.append(np.where(counts, cost, 0.0))
    return LoanCosts(pair[0], pair[1])
