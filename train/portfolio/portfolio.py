"""`Portfolio`: one body of loans and how to read it, from a checked `portfolio.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from train.cost_columns import COST_KEYS, REALISED_KEYS, CostColumns, read_costs
from train.errors import InputError
from train.limits import GATE_KEYS, GateLimits, read_limits
from train.split import ColumnSplit, Split, read_split
from train.tables import HistorySource, read_histories

SECTIONS: dict[str, tuple[str, ...] | None] = {
    # None: any key, each one a column
    "portfolio": (
        *("name", "description", "source", "key", "target"),
        *("decision_date", "amount", "protected"),
    ),
    "split": ("method", "test_from", "column", "test_size", "seed"),
    "kinds": None,
    "exclude": None,
    "accept_leak_risk": None,
    "labels": None,
    "costs": (*COST_KEYS, *REALISED_KEYS),
    "gate": GATE_KEYS,
}
REQUIRED = {"portfolio": ("name", "description", "source", "key", "target"), "split": ("method",)}


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One body of loans and how to read it.

    Attributes
    ----------
    path : Path
        The `portfolio.toml` it was read from.
    name, description : str
    source : str
        Parquet or CSV: an absolute path or a URI.
    key : str
        Column that identifies a loan.
    target : str
        Column with 1 = default, 0 = repaid.
    split : DateSplit, ColumnSplit or RandomSplit
    decision_date : str, optional
        Column with the day of the decision.
    amount : str, optional
        Column with the exposure.
    protected : tuple of str
        Columns that are never features; kept for the fairness audit.
    exclude : mapping of str to str
        Columns that are not features, and why.
    accept_leak_risk : mapping of str to str
        Features that the leak audit stops on, and why they are known at the decision.
    kinds : mapping of str to str
        Columns whose kind (`number`, `category`) the file's type does not tell.
    labels : mapping of str to mapping of str to str
        What people read for a column, by language.
    costs : CostColumns
        Costs that differ by loan.
    gate : GateLimits
    """

    path: Path
    name: str
    description: str
    source: str
    key: str
    target: str
    split: Split
    decision_date: str | None = None
    amount: str | None = None
    protected: tuple[str, ...] = ()
    exclude: Mapping[str, str] = field(default_factory=dict)
    accept_leak_risk: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Literal["number", "category"]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    costs: CostColumns = field(default_factory=CostColumns)
    gate: GateLimits = field(default_factory=GateLimits)
    histories: tuple[HistorySource, ...] = ()

    @property
    def columns_named(self) -> dict[str, str]:
        """Columns that the file names and the key that names each."""
        named = {self.key: "[portfolio] key", self.target: "[portfolio] target"}
        if self.decision_date:
            named[self.decision_date] = "[portfolio] decision_date"
        if self.amount:
            named[self.amount] = "[portfolio] amount"
        if isinstance(self.split, ColumnSplit):
            named[self.split.column] = "[split] column"
        named |= dict.fromkeys(self.protected, "[portfolio] protected")
        named |= dict.fromkeys(self.exclude, "[exclude]")
        for section in ("accept_leak_risk", "kinds", "labels"):
            named |= dict.fromkeys(getattr(self, section), f"[{section}]")
        for key, expression in self.costs.items():
            named |= {c: f"[costs] {key}" for c in expression.columns if c not in named}
        return named

    @property
    def not_features(self) -> set[str]:
        """Columns that no model may see."""
        columns = {self.key, self.target, *self.protected, *self.exclude}
        if self.decision_date:
            columns.add(self.decision_date)
        if isinstance(self.split, ColumnSplit):
            columns.add(self.split.column)
        return columns


def load_portfolio(path: Path) -> Portfolio:
    """Read and check a `portfolio.toml`.

    Raises
    ------
    InputError
        The file is missing or not TOML, or a key is unknown, missing or of the wrong kind; the
        message names file, key and rule.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such portfolio") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a text file") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not valid TOML: {error}") from error
    return _Reader(path, document).read()


class _Reader:
    """Checks one document; every complaint names the file."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self.path = path
        self.document = document

    def fail(self, rule: str) -> NoReturn:
        raise InputError(f"{self.path}: {rule}")

    def read(self) -> Portfolio:
        self.check_keys()
        head = self.document["portfolio"]
        for key in ("name", "description", "source", "key", "target", "decision_date", "amount"):
            if key in head and not (isinstance(head[key], str) and head[key]):
                self.fail(f"[portfolio] {key} must be text, got {head[key]!r}")
        protected = head.get("protected", [])
        if not isinstance(protected, list) or not all(isinstance(c, str) for c in protected):
            self.fail("[portfolio] protected must be a list of column names")
        return Portfolio(
            path=self.path,
            name=head["name"],
            description=head["description"],
            source=self.source(head["source"]),
            key=head["key"],
            target=head["target"],
            split=read_split(self.document["split"], head.get("decision_date"), self.fail),
            decision_date=head.get("decision_date"),
            amount=head.get("amount"),
            protected=tuple(protected),
            exclude=self.texts("exclude", "the reason as text"),
            accept_leak_risk=self.texts("accept_leak_risk", "the reason as text"),
            kinds=self.kinds(),
            labels=self.labels(),
            costs=self.costs(),
            gate=read_limits(self.document.get("gate", {}), self.fail),
            histories=read_histories(self.document.get("history", []), self.path.parent, self.fail),
        )

    def check_keys(self) -> None:
        for section, content in self.document.items():
            if section == "history":
                continue
            if section not in SECTIONS:
                self.fail(
                    f"unknown section [{section}]; known: {', '.join((*SECTIONS, 'history'))}"
                )
            if not isinstance(content, dict):
                self.fail(f"{section} must be a section: [{section}]")
            known = SECTIONS[section]
            for key in content:
                if known is not None and key not in known:
                    self.fail(f"unknown key [{section}] {key}; known: {', '.join(known)}")
        for section, keys in REQUIRED.items():
            for key in keys:
                if key not in self.document.get(section, {}):
                    self.fail(f"missing key [{section}] {key}")

    def source(self, source: str) -> str:
        """Resolve a source relative to the file; leave a URI as it is."""
        return source if "://" in source else str((self.path.parent / source).resolve())

    def texts(self, section: str, what: str) -> dict[str, str]:
        content: dict[str, str] = self.document.get(section, {})
        for key, value in content.items():
            if not (isinstance(value, str) and value):
                self.fail(f"[{section}] {key} must be {what}, got {value!r}")
        return content

    def costs(self) -> CostColumns:
        try:
            return read_costs(self.document.get("costs", {}))
        except InputError as error:
            self.fail(str(error))

    def kinds(self) -> dict[str, Literal["number", "category"]]:
        content: dict[str, Literal["number", "category"]] = self.document.get("kinds", {})
        for key, value in content.items():
            if value not in ("number", "category"):
                self.fail(f"[kinds] {key} must be number or category, got {value!r}")
        return content

    def labels(self) -> dict[str, dict[str, str]]:
        content: dict[str, dict[str, str]] = self.document.get("labels", {})
        for key, value in content.items():
            if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
                self.fail(f"[labels] {key} must be texts by language, such as {{ en = '...' }}")
        return content
