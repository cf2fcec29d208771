"""`ReadSettings`: the `[read]` section of a portfolio, which says how its table is written."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.section import SECTION, Text, rule

Words = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...], rule("must be a list of words as text")
]
Delimiter = Annotated[
    str, Field(strict=True, min_length=1, max_length=1), rule("must be a single character")
]
Decimal = Annotated[Literal[".", ","], rule('must be "." or ","')]
Thousands = Annotated[
    Literal[",", ".", " ", "'", "_"], rule("must be a comma, a point, a space, an apostrophe or _")
]


@dataclass(frozen=True, slots=True, config=SECTION)
class ReadSettings:
    """How a table is written. A key that is not given is found from the table, if it is certain."""

    delimiter: Delimiter | None = Field(
        default=None,
        description="Character between two cells of a CSV file, such as `;`.",
    )
    encoding: Text | None = Field(
        default=None, description="Encoding of a text file, such as `utf-8` or `cp1252`."
    )
    sheet: Text | None = Field(
        default=None,
        description="Sheet of an Excel file. Without it the file must have one sheet with data.",
    )
    decimal: Decimal | None = Field(
        default=None, description="Decimal sign of numbers that are written as text: `.` or `,`."
    )
    thousands: Thousands | None = Field(
        default=None,
        description="Sign between thousands in numbers that are written as text: `1,500` is 1500.",
    )
    strip: Words = Field(
        default=(),
        description="Texts that are removed from the cells of number columns, such as "
        '`["$", "%"]`. `13.5%` is then the number 13.5.',
    )
    dates: Text | None = Field(
        default=None,
        description="How dates are written as text, such as `%d/%m/%Y` for 31/12/2021 or `%b-%Y` "
        "for Dec-2015, in the signs of Python's `strptime`. Dates such as 2021-12-31 need no "
        "entry.",
    )
    missing: Words = Field(
        default=(),
        description='Words that mean a missing value, such as `["unknown"]`, in addition to empty '
        "cells and the words that pandas takes for missing.",
    )
    yes: Words = Field(
        default=(),
        description='Words that mean yes, such as `["oui"]`. A column with no other words than '
        "these and those of `no` is yes/no: requests send true or false.",
    )
    no: Words = Field(default=(), description='Words that mean no, such as `["non"]`.')

    def __post_init__(self) -> None:
        if bool(self.yes) != bool(self.no):
            raise ValueError("yes needs no, and no needs yes: give both or neither")
        if self.decimal and self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ")
