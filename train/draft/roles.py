"""Guess the role of each column: key, decision date, split, protected, excluded or feature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow.compute as pc

from train.columns import CODE_NAME, is_identifier, plain_words, says
from train.draft.columns import MOST_LEVELS, TableColumn
from train.draft.table import TableColumns
from train.draft.target import TargetGuess, guess_target
from train.draft.words import (
    AFTER_NAME,
    AMOUNT_NAME,
    DECIDED_NAME,
    HISTORY_NAME,
    INDEX_NAME,
    KEY_NAME,
    OTHER_DATE_NAME,
    PROTECTED_NAME,
    are_protected,
)

# with at least this AUC alone, a column is taken for an outcome; over the second it is asked
OUTCOME_AUC = 0.85
DOUBTFUL_AUC = 0.75
# as the training does: text with more levels, in nearly every row another one, is an identifier
_IDENTIFIER_SHARE = 0.9
_LATER_SHARE = 0.01
_MOST_CODES = 50


@dataclass(slots=True)
class Roles:
    """The roles of all columns of a table.

    Attributes
    ----------
    columns : tuple of TableColumn
        In the order of the table.
    target : TargetGuess, optional
        None if no column looks like an outcome.
    key, decision_date, split, amount : str, optional
        Columns by role.
    protected : list of str
    exclude : dict of str to str
        The reason by column.
    kinds : dict of str to str
        Kinds that the type of a column does not show.
    questions : dict of str to list of (str, str)
        By role or column: what the table does not say, and the line that is the other answer; the
        line is empty where words must be written.
    """

    columns: tuple[TableColumn, ...]
    target: TargetGuess | None = None
    key: str | None = None
    decision_date: str | None = None
    split: str | None = None
    amount: str | None = None
    protected: list[str] = field(default_factory=list)
    exclude: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    questions: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def free(self) -> list[TableColumn]:
        """The columns without a role yet: they are features in the end."""
        taken = {self.key, self.decision_date, self.split, *self.protected, *self.exclude}
        taken |= {self.target.column.name} if self.target else set()
        return [column for column in self.columns if column.name not in taken]

    def ask(self, about: str, question: str, other: str = "") -> None:
        """Add a question; `other` is the line that is the other answer."""
        self.questions.setdefault(about, []).append((question, other))


def guess_roles(
    table: TableColumns, measure: Callable[[Roles, TargetGuess], Mapping[str, float]]
) -> Roles:
    """Guess the roles of all columns.

    Parameters
    ----------
    table : TableColumns
    measure : callable
        Takes the roles so far and the target. Returns the AUC of each column without a role, by
        name.
    """
    roles = Roles(table.columns)
    _exclude_empty(roles)
    for name, cell in table.unlike.items():
        # never excluded: it may be an amount; `check` and training say how to write it
        roles.ask(name, f"written otherwise than the other columns ({cell[:40]!r}): correct it?")
    for key, question in table.questions:
        roles.ask(f"read {key}", question)
    roles.target = guess_target(roles.free)
    for question in roles.target.questions if roles.target else ():
        roles.ask("target", question)
    _find_key(roles)
    _find_split(roles)
    _find_decision_date(roles)
    _find_protected(roles)
    _exclude_by_content(roles)
    _exclude_outcomes(roles, measure(roles, roles.target) if roles.target else {})
    _find_kinds(roles, table.kinds)
    _find_amount(roles)
    return roles


def _exclude_empty(roles: Roles) -> None:
    for column in roles.columns:
        if column.kind == "empty":
            roles.exclude[column.name] = "empty"
        elif column.distinct == 1 and not column.missing:
            roles.exclude[column.name] = f"constant: always {column.examples[0][:40]}"


def _find_key(roles: Roles) -> None:
    for column in roles.free:
        if says(INDEX_NAME, column.name) and column.counts_rows:
            roles.exclude[column.name] = "numbers the rows of the table"
    able = [c for c in roles.free if c.is_unique and c.kind in ("number", "category")]
    able = [c for c in able if (c.is_whole or c.kind == "category") and not c.is_free_text]
    named = [column for column in able if says(KEY_NAME, column.name)]
    others = [column for column in able if column.counts_rows and column not in named]
    found = [*named, *others]
    if not found:
        return
    roles.key = found[0].name
    for column in found[1:]:
        roles.exclude[column.name] = "identifier: a different value in each row"
    if not named:
        roles.ask("key", "does this column identify a loan? It is unique, but is not named so")


def _find_split(roles: Roles) -> None:
    for column in roles.free:
        if {level for level, _ in column.levels} == {"train", "test"}:
            roles.split = column.name
            return


def _find_decision_date(roles: Roles) -> None:
    dates = [column for column in roles.free if column.kind == "date"]
    full = [column for column in dates if not column.missing and column.distinct > 1]
    named = [c for c in full if says(DECIDED_NAME, c.name) and not says(OTHER_DATE_NAME, c.name)]
    plain = [c for c in full if c not in named and not says(OTHER_DATE_NAME, c.name)]
    found = named or (plain if len(plain) == 1 else [])
    if not found:
        for column in full:
            roles.ask("decision_date", "is this the day of the decision?", column.name)
        return
    # the most different days: one day for all of a year says little
    best = max(found, key=lambda column: column.distinct) if named else found[0]
    roles.decision_date = best.name
    if not named:
        roles.ask("decision_date", "is this the day of the decision? It is the only date left")
    for column in found:
        if column is not best:
            roles.ask("decision_date", "or is this the day of the decision?", column.name)


def _find_protected(roles: Roles) -> None:
    for column in roles.free:
        levels = [level for level, _ in column.levels]
        if says(PROTECTED_NAME, column.name):
            roles.protected.append(column.name)
        elif column.kind == "category" and column.distinct < MOST_LEVELS and are_protected(levels):
            roles.protected.append(column.name)
            roles.ask("protected", f"is {column.name!r} protected? Its values look so")


def _exclude_by_content(roles: Roles) -> None:
    for column in roles.free:
        present = column.rows - column.missing
        many = column.distinct > max(_MOST_CODES, _IDENTIFIER_SHARE * present)
        if column.is_free_text:
            roles.exclude[column.name] = "free text"
        elif column.kind == "category" and many:
            roles.exclude[column.name] = "identifier: a different value in nearly every row"
        elif column.counts_rows:
            roles.exclude[column.name] = "identifier: numbers the rows"
        elif column.is_whole and column.distinct > _MOST_CODES and is_identifier(column.name):
            roles.exclude[column.name] = "identifier: a different value in nearly every row"
        elif column.kind == "date":
            _place_date(column, roles)


def _place_date(column: TableColumn, roles: Roles) -> None:
    if roles.decision_date is None:
        roles.exclude[column.name] = "a date, which needs a decision_date to be a feature"
        return
    decided = next(c for c in roles.columns if c.name == roles.decision_date)
    later = pc.sum(pc.greater(column.cells, decided.cells)).as_py() or 0
    if later > _LATER_SHARE * (column.rows - column.missing):
        roles.exclude[column.name] = "later than the decision: looks like an outcome"


def _exclude_outcomes(roles: Roles, aucs: Mapping[str, float]) -> None:
    for column in roles.free:
        auc = aucs.get(column.name, 0.5)
        if auc >= OUTCOME_AUC:
            roles.exclude[column.name] = f"looks like an outcome: alone it has an AUC of {auc:.2f}"
        elif says(AFTER_NAME, column.name):
            _ask_when_known(roles, column.name)
        elif auc >= DOUBTFUL_AUC:
            roles.ask(
                column.name,
                f"was it known at the decision? Alone it has an AUC of {auc:.2f}",
                "known only after the decision",
            )


def _ask_when_known(roles: Roles, name: str) -> None:
    """Ask about a name that may mean what happened to the loan, or what happened before it."""
    if says(HISTORY_NAME, name):
        question = "was it known at the decision? Its name may mean this loan, or earlier ones"
        roles.ask(name, question, "known only after the decision")
        return
    roles.exclude[name] = "looks like an outcome, by its name"
    roles.ask(name, "was it known at the decision? Then remove the line")


def _find_kinds(roles: Roles, typed: Mapping[str, str]) -> None:
    for column in roles.free:
        if column.kind == "date":
            roles.kinds[column.name] = "date"
        elif column.kind != "number":
            continue
        elif column.has_zeros:
            roles.kinds[column.name] = "category"
        elif column.is_whole and column.distinct <= _MOST_CODES and _is_code(column.name):
            roles.kinds[column.name] = "category"
            roles.ask(f"kind {column.name}", "is it a code, or a quantity?", "number")
        elif column.name in typed:
            roles.kinds[column.name] = typed[column.name]


def _is_code(name: str) -> bool:
    return says(CODE_NAME, name) or is_identifier(name)


def _find_amount(roles: Roles) -> None:
    numbers = [c for c in roles.free if c.kind == "number" and c.name not in roles.kinds]
    named = [c for c in numbers if AMOUNT_NAME.fullmatch(plain_words(c.name)) and not c.missing]
    if named:
        roles.amount = named[0].name
