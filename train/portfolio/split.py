"""`[split]` of a portfolio: which rows are test rows."""

import datetime
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.section import SECTION, Seed, Text, rule

# a datetime would be no date: its time of day would be dropped in silence
Day = Annotated[datetime.date, Field(strict=True), rule("must be a date")]
TestSize = Annotated[float, Field(strict=True, gt=0, lt=1), rule("must lie in (0, 1)")]


@dataclass(frozen=True, slots=True, config=SECTION)
class DateSplit:
    """Out of time: rows decided on or after `test_from` are the test rows."""

    method: Literal["date"] = Field(
        default="date", kw_only=True, description="Test rows are the latest decisions."
    )
    test_from: Day = Field(description="First day of the test rows, by `decision_date`.")


@dataclass(frozen=True, slots=True, config=SECTION)
class ColumnSplit:
    """A column of the table says `train` or `test`."""

    method: Literal["column"] = Field(
        default="column", kw_only=True, description="Test rows are named by a column."
    )
    column: Text = Field(description="Column with the values `train` and `test`; no feature.")


@dataclass(frozen=True, slots=True, config=SECTION)
class RandomSplit:
    """A stratified share `test_size` of the rows, drawn with `seed`, is the test rows."""

    method: Literal["random"] = Field(
        default="random", kw_only=True, description="Test rows are drawn at random, by class."
    )
    test_size: TestSize = Field(description="Share of the rows that are test rows.")
    seed: Seed = Field(description="Seed of the draw.")


Split = DateSplit | ColumnSplit | RandomSplit
