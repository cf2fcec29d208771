"""`Head`: the `[portfolio]` section: the table of the loans and the roles of its columns."""

import dataclasses
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from train.portfolio.sections.section import SECTION, Text, rule

ColumnNames = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...], rule("must be a list of column names")
]


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


@dataclasses.dataclass(frozen=True, slots=True)
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


# what MLflow's URIs of models can hold
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
ModelName = Annotated[
    str,
    Field(strict=True, pattern=MODEL_NAME),
    rule("must be made of letters, digits, dots, dashes and underscores"),
]


@dataclass(frozen=True, slots=True, kw_only=True, config=SECTION)
class Head:
    """`[portfolio]`: the table of the loans, and the columns with a special role."""

    name: Text = Field(description="Name of the portfolio. The report and the MLflow run show it.")
    description: Text = Field(description="One line about these loans, for the report.")
    source: Text = Field(
        description="The table of the loans. It is a path relative to this file, or a URI: a file "
        "(CSV, TSV, Parquet, Excel, JSON with one applicant per line, or one of these in gzip or "
        "zip), a folder of such files, a glob, `s3://`, `gs://`, `https://`, or the SQLAlchemy URL "
        "of a database such as `postgresql+psycopg://user:${LOANS_PASSWORD}@host/loans`. `${NAME}` "
        "is replaced by the environment variable."
    )
    query: Text | None = Field(
        default=None, description="SQL that a database is asked. Give it, or `table`."
    )
    table: Text | None = Field(
        default=None,
        description="Table of a database, with its schema if needed: `risk.loans`.",
    )
    key: Text | None = Field(
        default=None,
        description="Column that identifies a loan. Its values must not repeat and must not be "
        "missing. It is never a feature. Without a key, the rows are numbered from 0.",
    )
    target: Text = Field(
        description="Column with the outcome: 1 = default, 0 = repaid. It must not be missing. "
        "Other values are named by `defaulted` and `repaid`."
    )
    defaulted: TargetValues = Field(
        default=(),
        description='Values of the target that mean a default, such as `["Charged Off"]`. Give it '
        "together with `repaid`.",
    )
    repaid: TargetValues = Field(
        default=(), description='Values of the target that mean repaid, such as `["Fully Paid"]`.'
    )
    leave_out: TargetValues = Field(
        default=(),
        description='Values of the target whose rows are not used, such as `["Current"]`. An empty '
        "text stands for a missing value. A value that is named nowhere is an error.",
    )
    model: ModelName | None = Field(
        default=None,
        description="Name of the registered model. Without it, it is made of the `name`. "
        "The parameter `-P model=` of a command has priority.",
    )
    decision_date: Text | None = Field(
        default=None,
        description="Column with the day of the decision, such as 2004-01-31. It is never a "
        'feature. It is required for `[split] method = "date"` and for folds by time.',
    )
    amount: Text | None = Field(
        default=None,
        description="Column with the exposure, that is the amount of money at risk, in any "
        "currency. The report adds it up by decision and outcome. It stays a feature.",
    )
    protected: ColumnNames = Field(
        default=(),
        description="List of columns that are never features, such as sex or age. The fairness "
        "audit uses them. An empty list protects no column.",
    )

    def __post_init__(self) -> None:
        if bool(self.defaulted) != bool(self.repaid):
            raise ValueError("defaulted needs repaid, and repaid needs defaulted: give both")
        if self.leave_out and not self.defaulted:
            raise ValueError("leave_out needs defaulted and repaid")
        if self.query and self.table:
            raise ValueError("query and table do not go together: give one of them")
