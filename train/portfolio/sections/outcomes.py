"""`Outcomes`: which values of the target mean a default, a repaid loan, or a row to leave out."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from train.portfolio.sections.section import rule


def _as_texts(values: object) -> object:
    """Write booleans and numbers of a TOML list as text, in the form that a table's cells get."""
    if not isinstance(values, list):
        return values
    return [
        str(value).lower() if isinstance(value, bool | int | float) else value for value in values
    ]


TargetValues = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...],
    rule("must be a list of values of the target"),
    BeforeValidator(_as_texts),
]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The values of the target column, where they are not 0 and 1.

    Attributes
    ----------
    defaulted, repaid : tuple of str
        Values that mean label 1, and label 0.
    leave_out : tuple of str
        Values of rows that are not used; empty text stands for a missing value.
    """

    defaulted: tuple[str, ...] = ()
    repaid: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()

    @property
    def are_named(self) -> bool:
        """Whether the portfolio names the values; otherwise they must be 0 and 1."""
        return bool(self.defaulted)
