"""`PortfolioFile`: what a `portfolio.toml` may hold, section by section."""

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
    """`[portfolio]`: the table of the loans and the columns that are not features by their role."""

    name: Text = Field(description="Name of the portfolio.")
    description: Text = Field(description="What loans these are, in one line.")
    source: Text = Field(
        description="Parquet or CSV file of the loans, relative to this file, or a URI."
    )
    key: Text = Field(description="Column that identifies a loan.")
    target: Text = Field(description="Column with 1 = default, 0 = repaid.")
    decision_date: Text | None = Field(
        default=None, description="Column with the day of the decision."
    )
    amount: Text | None = Field(default=None, description="Column with the exposure.")
    protected: ColumnNames = Field(
        default=(), description="Columns that are never features; kept for the fairness audit."
    )


class PortfolioFile(BaseModel):
    """A `portfolio.toml`: each field is a section."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    portfolio: Head = Field(description="The loans and the roles of their columns.")
    split: Split = Field(discriminator="method", description="Which rows are test rows.")
    kinds: dict[str, ColumnKind] = Field(
        default={}, description="Columns whose kind the file's type does not tell."
    )
    exclude: dict[str, Reason] = Field(
        default={}, description="Columns that are not features, and why."
    )
    accept_leak_risk: dict[str, Reason] = Field(
        default={},
        description="Features that the leak audit stops on, and why they are known at the "
        "decision.",
    )
    labels: dict[str, Label] = Field(
        default={}, description="What people read for a column, by language."
    )
    costs: CostColumns = Field(
        default=CostColumns(), description="What a wrong decision costs, where it differs by loan."
    )
    gate: GateLimits = Field(
        default=GateLimits(), description="What a challenger must show to become champion."
    )
    history: HistorySources = Field(
        default=(), description="Tables of histories whose features join the loans."
    )

    @model_validator(mode="after")
    def _check_date(self) -> "PortfolioFile":
        if isinstance(self.split, DateSplit) and self.portfolio.decision_date is None:
            raise ValueError("[split] method = 'date' needs [portfolio] decision_date")
        return self


def check_document(document: dict[str, Any], path: Path) -> PortfolioFile:
    """Check the content of the file at `path`.

    Raises
    ------
    InputError
        A key is unknown, missing or of the wrong kind; the message names file, key and rule.
    """
    # a required section that is left out is said by the first of its keys
    document = {"portfolio": {}, "split": {}} | document
    try:
        return PortfolioFile.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        raise InputError(f"{path}: {explain_mistake(error, PortfolioFile)}") from error
