"""`PortfolioFile`: the sections and keys of a `portfolio.toml`, with their rules."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scoring_model.features import APPLICATION
from train.errors import Mistakes
from train.portfolio.cost_columns import CostColumns
from train.portfolio.sections import (
    AnswerSettings,
    DateSplit,
    Direction,
    Formula,
    GateLimits,
    Head,
    HistorySources,
    Limit,
    ModelSettings,
    MonitoringSettings,
    ReadSettings,
    Reason,
    Split,
    explain_mistakes,
    rule,
)

ColumnKind = Annotated[
    Literal["number", "category", "date"], rule("must be number, category or date")
]
Label = Annotated[
    dict[str, Annotated[str, Field(strict=True)]],
    rule("must be texts by language, such as { en = '...' }"),
]


# roles of columns that a reference must not have; it may be the key
_NO_REFERENCES = ("target", "decision_date", "amount")


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
    model: ModelSettings = Field(
        default=ModelSettings(),
        description="How the model is searched, where it should not be as usual.",
    )
    monotone: dict[str, Direction] = Field(
        default={},
        description="Features whose rise never lowers (`increasing`) or never raises "
        '(`decreasing`) the probability of default: `debt_ratio = "increasing"`. They must be '
        "numbers, dates or computed.",
    )
    answer: AnswerSettings = Field(
        default=AnswerSettings(),
        description="What `/predict` answers in addition to its three fields.",
    )
    gate: GateLimits = Field(
        default=GateLimits(),
        description="What a challenger (a new version) must show to become champion (the version "
        "in production).",
    )
    monitoring: MonitoringSettings = Field(
        default=MonitoringSettings(),
        description="How decisions are monitored after they were made.",
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
        if self.monitoring.outcome_date and self.portfolio.decision_date is None:
            raise ValueError("[monitoring] outcome_date needs [portfolio] decision_date")
        if self.history and (self.read != ReadSettings() or self.portfolio.query):
            raise ValueError("[[history]] needs a plain CSV or Parquet file: [read] must be empty")
        if self.history and (self.derive or "date" in self.kinds.values()):
            raise ValueError("[derive] and dates do not go with [[history]]: use its SQL instead")
        self._check_reference()
        smooth = self.model.fixed.get("path_smooth") or "path_smooth" in self.model.ranges
        if self.monotone and smooth:
            raise ValueError("[monotone] does not go with [model] path_smooth: remove one of them")
        return self

    def _check_reference(self) -> None:
        """Raise `ValueError` if the reference has another role."""
        head, reference = self.portfolio, self.answer.reference
        named: dict[str | None, str] = dict.fromkeys(head.protected, "[portfolio] protected")
        named |= {getattr(head, key): f"[portfolio] {key}" for key in _NO_REFERENCES}
        for section in ("accept_leak_risk", "derive", "limits", "monotone"):
            named |= dict.fromkeys(getattr(self, section), f"[{section}]")
        if self.history:
            tables = (APPLICATION, *(history.table for history in self.history))
            named |= dict.fromkeys(tables, "[[history]]")
        if reference is not None and reference in named:
            raise ValueError(
                f"[answer] reference = {reference!r}: {named[reference]} names this column; take "
                "another name"
            )


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
