"""`Portfolio`: one table of past loans and how to read it, from a checked `portfolio.toml`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scoring_model.expressions import Expression
from train.errors import Mistakes
from train.portfolio.cost_columns import CostColumns
from train.portfolio.portfolio_file import PortfolioFile, check_document, drop_mistakes
from train.portfolio.sections import (
    AnswerSettings,
    ColumnSplit,
    Direction,
    GateLimits,
    HistorySource,
    Limit,
    ModelSettings,
    MonitoringSettings,
    Outcomes,
    ReadSettings,
    Split,
    read_toml,
)

# name of the column that numbers the rows of a portfolio without a key
ROW_NUMBER = "row_number"
_SQLITE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|\$\{)(.+)")


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One table of past loans and how to read it.

    Attributes
    ----------
    path : Path
        The `portfolio.toml` that it was read from.
    name : str
    description : str
        One line about these loans.
    source : str
        Absolute path, glob or URI of the table, or URL of a database.
    key : str
        Column that identifies a loan; `ROW_NUMBER` if the portfolio names none.
    target : str
        Column with the outcome.
    split : DateSplit, ColumnSplit or RandomSplit
        Which rows are test rows.
    query, table : str
        SQL or table of a database; empty for files.
    outcomes : Outcomes
        Values of the target, where they are not 0 and 1.
    model : str, optional
        Name of the registered model that the file sets.
    read : ReadSettings
        How the table is written.
    decision_date : str, optional
        Column with the day of the decision.
    amount : str, optional
        Column with the exposure: the amount of money at risk.
    protected : tuple of str
        Columns that are never features. The fairness audit uses them.
    exclude : mapping of str to str
        Columns that are not features, each with the reason.
    accept_leak_risk : mapping of str to str
        Features that stay although the leak audit would stop on them, each with the reason why
        its value is known at the decision.
    kinds : mapping of str to str
        Columns with a kind (`number`, `category` or `date`) that the file's type does not show.
    derive : mapping of str to str
        Features that are computed, each with its formula (see `Expression`).
    limits : mapping of str to Limit
        Numbers whose values beyond these limits are refused.
    labels : mapping of str to mapping of str to str
        The text that people read for a column, by language.
    costs : CostColumns
        Costs that differ from loan to loan.
    model_settings : ModelSettings
        How the model is searched.
    monotone : mapping of str to {"increasing", "decreasing"}
        Numbers whose rise never lowers, or never raises, the probability of default.
    answer : AnswerSettings
        What `/predict` answers in addition.
    gate : GateLimits
        What a challenger must show to become champion.
    monitoring : MonitoringSettings
        How decisions are monitored.
    histories : tuple of HistorySource
        Tables of histories and the SQL that computes features from them.
    kept : Path, optional
        Parquet file with the rows that were read from the source; it is read in its place.
    """

    path: Path
    name: str
    description: str
    source: str
    key: str
    target: str
    split: Split
    query: str = ""
    table: str = ""
    outcomes: Outcomes = field(default_factory=Outcomes)
    model: str | None = None
    read: ReadSettings = field(default_factory=ReadSettings)
    decision_date: str | None = None
    amount: str | None = None
    protected: tuple[str, ...] = ()
    exclude: Mapping[str, str] = field(default_factory=dict)
    accept_leak_risk: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Literal["number", "category", "date"]] = field(default_factory=dict)
    derive: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    costs: CostColumns = field(default_factory=CostColumns)
    model_settings: ModelSettings = field(default_factory=ModelSettings)
    monotone: Mapping[str, Direction] = field(default_factory=dict)
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    gate: GateLimits = field(default_factory=GateLimits)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    histories: tuple[HistorySource, ...] = ()
    kept: Path | None = None

    @property
    def columns_named(self) -> dict[str, str]:
        """Each column that the file names, with the key that names it."""
        named = {} if self.key == ROW_NUMBER else {self.key: "[portfolio] key"}
        named[self.target] = "[portfolio] target"
        if self.decision_date:
            named[self.decision_date] = "[portfolio] decision_date"
        if self.amount:
            named[self.amount] = "[portfolio] amount"
        if self.monitoring.outcome_date:
            named[self.monitoring.outcome_date] = "[monitoring] outcome_date"
        if isinstance(self.split, ColumnSplit):
            named[self.split.column] = "[split] column"
        named |= dict.fromkeys(self.protected, "[portfolio] protected")
        named |= dict.fromkeys(self.exclude, "[exclude]")
        for section in ("accept_leak_risk", "kinds", "labels", "limits", "monotone"):
            named |= dict.fromkeys(getattr(self, section), f"[{section}]")
        for name, formula in self.derive.items():
            named |= {c: f"[derive] {name}" for c in Expression(formula).columns if c not in named}
        for key, expression in self.costs.items():
            named |= {c: f"[costs] {key}" for c in expression.columns if c not in named}
        return {column: key for column, key in named.items() if column not in self.derive}

    @property
    def not_features(self) -> set[str]:
        """All columns that a model must not use."""
        optional = (self.decision_date, self.monitoring.outcome_date, self.answer.reference)
        columns = {self.key, self.target, *self.protected, *self.exclude, *filter(None, optional)}
        if isinstance(self.split, ColumnSplit):
            columns.add(self.split.column)
        return columns


def load_portfolio(path: Path) -> Portfolio:
    """Read and check a `portfolio.toml`.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InputError
        The file is missing or not TOML, or a key is unknown, missing or of the wrong kind. The
        message names file, key and rule.
    """
    return _portfolio_of(check_document(read_toml(path), path), path)


def examine_portfolio(path: Path) -> tuple[Portfolio | None, tuple[str, ...]]:
    """Read a `portfolio.toml` and collect its mistakes.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Portfolio or None
        Without the keys that are mistaken; None if they are needed.
    tuple of str
        A line for each mistake.

    Raises
    ------
    InputError
        The file is missing or not TOML.
    """
    document = read_toml(path)
    found: tuple[str, ...] = ()
    # without the mistaken keys, a section may lack one
    for _ in range(3):
        try:
            return _portfolio_of(check_document(document, path), path), found
        except Mistakes as error:
            found = found or error.mistakes
            drop_mistakes(document, error)
    return None, found


def _portfolio_of(file: PortfolioFile, path: Path) -> Portfolio:
    head = file.portfolio
    return Portfolio(
        path=path,
        name=head.name,
        description=head.description,
        source=_place_of(head.source, path.parent, bool(head.query or head.table)),
        key=head.key or ROW_NUMBER,
        target=head.target,
        split=file.split,
        query=head.query or "",
        table=head.table or "",
        outcomes=Outcomes(head.defaulted, head.repaid, head.leave_out),
        model=head.model,
        read=file.read,
        decision_date=head.decision_date,
        amount=head.amount,
        protected=head.protected,
        exclude=file.exclude,
        accept_leak_risk=file.accept_leak_risk,
        kinds=file.kinds,
        derive=file.derive,
        limits=file.limits,
        labels=file.labels,
        costs=file.costs,
        model_settings=file.model,
        monotone=file.monotone,
        answer=file.answer,
        gate=file.gate,
        monitoring=file.monitoring,
        histories=file.history,
    )


def _place_of(source: str, folder: Path, is_database: bool) -> str:
    """Return the source with the folder of the portfolio before a relative path."""
    if match := _SQLITE_FILE.fullmatch(source):
        return f"{match[1]}{(folder / match[2]).resolve()}"
    # a URI stays as it is, and so does a variable that holds the URL of a database
    is_uri = "://" in source or (is_database and source.startswith("${"))
    return source if is_uri else str((folder / source).resolve())
