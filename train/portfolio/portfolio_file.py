"""`PortfolioFile`: the sections and keys of a `portfolio.toml`, with their rules."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from train.errors import InputError
from train.portfolio.cost_columns import CostColumns
from train.portfolio.gate_limits import GateLimits
from train.portfolio.history_sources import HistorySources
from train.portfolio.section import SECTION, Reason, Text, explain_mistake, rule
from train.portfolio.split import DateSplit, Split

ColumnNames = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...], rule("must be a list of column names")
]
ColumnKind = Annotated[Literal["number", "category"], rule("must be number or category")]
Label = Annotated[
    dict[str, Annotated[str, Field(strict=True)]],
    rule("must be texts by language, such as { en = '...' }"),
]


@dataclass(frozen=True, slots=True, config=SECTION)
class Head:
    """`[portfolio]`: the table of the loans, and the columns with a special role."""

    name: Text = Field(description="Name of the portfolio. The report and the MLflow run show it.")
    description: Text = Field(description="One line about these loans, for the report.")
    source: Text = Field(
        description="The table of the loans: the path of a Parquet or CSV file, relative to this "
        "file, or a URI (`https`, `http`, `file`, `s3`, `gs`, `abfs` or `hdfs`). A name that ends "
        "in `.csv` or `.csv.gz` is read as CSV, any other as Parquet."
    )
    key: Text = Field(
        description="Column that identifies a loan. Its values must not repeat and must not be "
        "missing. It is never a feature."
    )
    target: Text = Field(
        description="Column with the outcome: 1 = default, 0 = repaid. It must not be missing."
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


class PortfolioFile(BaseModel):
    """The content of a `portfolio.toml`. Each field is a section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    portfolio: Head = Field(description="The table of the loans and the roles of its columns.")
    split: Split = Field(
        discriminator="method",
        description="Which rows are test rows. The model learns from the other rows only.",
    )
    kinds: dict[str, ColumnKind] = Field(
        default={},
        description="The kind of a column, where the file's type does not show it: "
        '`column = "number"` or `column = "category"`. Example: codes in a CSV file that look like '
        "numbers. Without an entry, a numeric column is a `number`, and any other column (text, "
        "booleans) is a `category`.",
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
    def _check_date(self) -> "PortfolioFile":
        if isinstance(self.split, DateSplit) and self.portfolio.decision_date is None:
            raise ValueError("[split] method = 'date' needs [portfolio] decision_date")
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
    InputError
        A key is unknown, missing or of the wrong kind. The message names file, key and rule.
    """
    # where a required section is missing, the message names its first key as missing
    document = {"portfolio": {}, "split": {}} | document
    try:
        return PortfolioFile.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        raise InputError(f"{path}: {explain_mistake(error, PortfolioFile)}") from error
