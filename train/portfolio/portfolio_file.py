"""`PortfolioFile`: the sections and keys of a `portfolio.toml`, with their rules."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from train.errors import Mistakes
from train.portfolio.cost_columns import CostColumns
from train.portfolio.gate_limits import GateLimits
from train.portfolio.history_sources import HistorySources
from train.portfolio.outcomes import TargetValues
from train.portfolio.read_settings import ReadSettings
from train.portfolio.section import SECTION, Reason, Text, explain_mistakes, rule
from train.portfolio.split import DateSplit, Split
from train.portfolio.value_rules import Formula, Limit

ColumnNames = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...], rule("must be a list of column names")
]
ColumnKind = Annotated[
    Literal["number", "category", "date"], rule("must be number, category or date")
]
# what MLflow's URIs of models can hold
MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
ModelName = Annotated[
    str,
    Field(strict=True, pattern=MODEL_NAME),
    rule("must be made of letters, digits, dots, dashes and underscores"),
]
Label = Annotated[
    dict[str, Annotated[str, Field(strict=True)]],
    rule("must be texts by language, such as { en = '...' }"),
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


class PortfolioFile(BaseModel):
    """The content of a `portfolio.toml`. Each field is a section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    portfolio: Head = Field(description="The table of the loans and the roles of its columns.")
    split: Split = Field(
        discriminator="method",
        description="Which rows are test rows. The model learns from the other rows only.",
    )
    read: ReadSettings = Field(
        default=ReadSettings(),
        description="How the table is written, where it cannot be found from the table itself.",
    )
    kinds: dict[str, ColumnKind] = Field(
        default={},
        description="The kind of a column, where the file's type does not show it: "
        '`column = "number"`, `column = "category"` or `column = "date"`. Example: codes in a CSV '
        "file that look like numbers. A `date` is a feature as the days from it to the decision. "
        "Without an entry, a numeric column is a `number`, and any other column (text, booleans) "
        "is a `category`.",
    )
    derive: dict[str, Formula] = Field(
        default={},
        description="Features that are computed from columns of the same applicant: "
        '`employed_days = "decided_on - hired_on"`. The expression has columns, numbers, '
        "`+ - * /`, parentheses, `coalesce(a, b)` and `log(a)`. The difference of two dates is in "
        "days. A column whose name is not a plain word stands in quotes. A request carries the "
        "columns, never the result.",
    )
    limits: dict[str, Limit] = Field(
        default={},
        description="The least and the most value of a number: "
        "`amount = { min = 1, max = 500000 }`. A request with a value beyond them is refused.",
    )
    exclude: dict[str, Reason] = Field(
        default={},
        description="Columns that are never features, each with the reason as text: "
        '`column = "reason"`. Example: a column that is known only after the decision.',
    )
    accept_leak_risk: dict[str, Reason] = Field(
        default={},
        description="Features that stay although the leak audit would stop the training, each "
        'with the reason why its value is known at the decision: `column = "reason"`.',
    )
    labels: dict[str, Label] = Field(
        default={},
        description="The text that people read for a column, by language: "
        '`column = { en = "Income", fr = "Revenu" }`. If a language is missing, the English text '
        "is shown. Without an entry, the name of the column is shown.",
    )
    costs: CostColumns = Field(
        default=CostColumns(),
        description="What a wrong decision costs, where it differs from loan to loan.",
    )
    gate: GateLimits = Field(
        default=GateLimits(),
        description="What a challenger (a new version) must show to become champion (the version "
        "in production).",
    )
    history: HistorySources = Field(
        default=(),
        description="Tables of the applicants' histories, and the SQL that computes features from "
        "them. The section is repeated for each table.",
    )

    @model_validator(mode="after")
    def _check_sections(self) -> "PortfolioFile":
        if self.portfolio.decision_date is None:
            if isinstance(self.split, DateSplit):
                raise ValueError("[split] method = 'date' needs [portfolio] decision_date")
            for name, kind in self.kinds.items():
                if kind == "date":
                    raise ValueError(f"[kinds] {name} = 'date' needs [portfolio] decision_date")
        if self.history and (self.read != ReadSettings() or self.portfolio.query):
            raise ValueError("[[history]] needs a plain CSV or Parquet file: [read] must be empty")
        if self.history and (self.derive or "date" in self.kinds.values()):
            raise ValueError("[derive] and dates do not go with [[history]]: use its SQL instead")
        return self


def check_document(document: dict[str, Any], path: Path) -> PortfolioFile:
    """Check the content of the file at `path`.

    Parameters
    ----------
    document : dict
        The content, as `tomllib` reads it.
    path : Path
        The file. Its folder is where relative paths begin; messages name it.

    Raises
    ------
    Mistakes
        A key is unknown, missing or of the wrong kind. Each line names file, key and rule.
    """
    # where a required section is missing, the message names its first key as missing
    document = {"portfolio": {}, "split": {}} | document
    try:
        return PortfolioFile.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        lines = explain_mistakes(error, PortfolioFile)
        raise Mistakes([f"{path}: {line}" for line in lines]) from error


def drop_mistakes(document: dict[str, Any], found: Mistakes) -> None:
    """Remove the keys of a document that `check_document` found mistaken.

    A section that lacks a key is removed as a whole.

    Parameters
    ----------
    document : dict
        It is changed.
    found : Mistakes
    """
    places = found.__cause__.errors() if isinstance(found.__cause__, ValidationError) else []
    for place in places:
        inside: Any = document
        # pydantic adds parts to a place that are no keys of the file
        *outer, last = [part for part in place["loc"] if isinstance(part, str)] or [""]
        for key in outer:
            inside = inside[key] if isinstance(inside.get(key), dict) else inside
        if last not in inside and outer and outer[0] not in ("portfolio", "split"):
            document.pop(outer[0], None)
        inside.pop(last, None)
