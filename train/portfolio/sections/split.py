"""`[split]` of a portfolio: which rows are test rows."""

import datetime
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.section import SECTION, Seed, Text, rule

# strict: a datetime is refused, because its time of day would be dropped without a warning
Day = Annotated[
    datetime.date, Field(strict=True), rule("must be a date without quotes, such as 2021-07-01")
]
TestSize = Annotated[float, Field(strict=True, gt=0, lt=1), rule("must lie in (0, 1)")]


@dataclass(frozen=True, slots=True, config=SECTION)
class DateSplit:
    """Split by date: rows decided on or after `test_from` are the test rows."""

    method: Literal["date"] = Field(
        default="date",
        kw_only=True,
        description='With `"date"`, the test rows are the latest decisions.',
    )
    test_from: Day = Field(
        description="First day of the test rows: a date such as 2004-01-01. A row is a test row if "
        "its `[portfolio] decision_date` is this day or later."
    )


@dataclass(frozen=True, slots=True, config=SECTION)
class ColumnSplit:
    """Split by a column of the table: its values are `train` and `test`."""

    method: Literal["column"] = Field(
        default="column",
        kw_only=True,
        description='With `"column"`, a column of the table says which rows are test rows.',
    )
    column: Text = Field(
        description="Column with the value `train` or `test` in every row. It is never a feature."
    )


@dataclass(frozen=True, slots=True, config=SECTION)
class RandomSplit:
    """Split at random: a share `test_size` of each class is drawn with `seed` as test rows."""

    method: Literal["random"] = Field(
        default="random",
        kw_only=True,
        description='With `"random"`, the test rows are drawn at random. The default rate stays '
        "the same on both sides.",
    )
    test_size: TestSize = Field(
        description="Share of the rows that become test rows, in (0, 1), such as 0.2."
    )
    seed: Seed = Field(
        description="Seed of the draw: a whole number, 0 or more. The same seed draws the same "
        "rows."
    )


Split = DateSplit | ColumnSplit | RandomSplit
