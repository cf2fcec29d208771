"""Guess the target of a table, and which of its values mean a default."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from train.columns import REPAID_NAME, is_yes, outcome_of, plain_words, says
from train.draft.columns import TableColumn, as_text
from train.draft.words import OUTCOME_NAME, STATUS_NAME

# A status has few values. More of them are something else.
_MOST_VALUES = 20
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class TargetGuess:
    """The column taken for the target, and what its values mean.

    Attributes
    ----------
    column : TableColumn
    defaulted, repaid, leave_out : tuple of str
        Values by meaning; empty if the column holds 0 and 1, which need no names.
    questions : tuple of str
        What the table does not say, one line each.
    """

    column: TableColumn
    defaulted: tuple[str, ...] = ()
    repaid: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def outcomes(self, places: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the outcomes of some rows: 1 = default, 0 = repaid, -1 = left out."""
        texts = [as_text(v) for v in _cells(self.column.cells.take(pa.array(places)))]
        meaning = dict.fromkeys(self.defaulted or ("1",), 1) | dict.fromkeys(
            self.repaid or ("0",), 0
        )
        return np.array([meaning.get(text, _UNKNOWN) for text in texts], dtype=np.int8)


def _cells(values: pa.ChunkedArray) -> list[object]:
    return ["" if value is None else value for value in values.to_pylist()]


def guess_target(columns: Sequence[TableColumn]) -> TargetGuess | None:
    """Return the most likely target, or None if no column has the values of one."""
    scores = {column.name: _score(column) for column in columns}
    best = max(columns, key=lambda column: scores[column.name], default=None)
    if best is None or scores[best.name] <= 0:
        return None
    guess = _read_values(best)
    if scores[best.name] < 2:
        guess = _with(guess, _doubt([n for n in scores if scores[n] > 0 and n != best.name]))
    return guess


def _doubt(others: list[str]) -> str:
    also = f"; it can also be {', '.join(map(repr, others))}" if others else ""
    return f"is this column the outcome? No name or value of the table is sure{also}"


def _values(column: TableColumn) -> dict[str, int]:
    """Return the values of a column with few of them, and the rows of each."""
    if column.kind in {"empty", "date"} or column.distinct > _MOST_VALUES:
        return {}
    counted = pc.value_counts(column.cells)
    return {
        as_text(pair["values"]): pair["counts"]
        for pair in counted.to_pylist()
        if pair["values"] is not None
    }


def _score(column: TableColumn) -> float:
    values = _values(column)
    if len(values) < 2:
        return 0.0
    meanings = {outcome_of(value) for value in values}
    named = says(OUTCOME_NAME, column.name)
    if {"defaulted", "repaid"} <= meanings:
        return 4.0 + named
    if len(values) == 2:
        is_binary = set(values) <= {"0", "1"} or {is_yes(v) for v in values} == {True, False}
        if named:
            # a whole name that says it wins over a name that only mentions it
            return 2.0 + is_binary + 1 / (1 + len(plain_words(column.name).split()))
        return 0.5 * is_binary
    # a status in a language that is not known: the person must say what its values mean
    return 1.0 * bool(STATUS_NAME.fullmatch(plain_words(column.name)))


def _read_values(column: TableColumn) -> TargetGuess:
    values = _values(column)
    if set(values) <= {"0", "1"} and not says(REPAID_NAME, column.name):
        return _with_gaps(TargetGuess(column), ("1",), ("0",))
    if len(values) == 2 and {is_yes(value) for value in values} == {True, False}:
        yes = tuple(value for value in values if is_yes(value))
        no = tuple(value for value in values if not is_yes(value))
        repaid_is_yes = says(REPAID_NAME, column.name)
        defaulted, repaid = (no, yes) if repaid_is_yes else (yes, no)
        guess = TargetGuess(column, defaulted, repaid)
        if repaid_is_yes:
            guess = _with(guess, f"does {yes[0]} mean repaid, as the name says?")
        return _with_gaps(guess, defaulted, repaid)
    return _read_statuses(column, values)


def _read_statuses(column: TableColumn, values: dict[str, int]) -> TargetGuess:
    by_meaning: dict[str, list[str]] = {"defaulted": [], "repaid": [], "open": [], "": []}
    for value in sorted(values, key=lambda v: -values[v]):
        by_meaning[outcome_of(value)].append(value)
    defaulted, repaid, unknown = by_meaning["defaulted"], by_meaning["repaid"], by_meaning[""]
    questions = []
    if len(values) == 2 and unknown:
        # the rarer of two values is the default
        left = sorted(values, key=lambda v: values[v])
        defaulted = defaulted or [v for v in left if v not in repaid][:1]
        repaid = repaid or [v for v in left if v not in defaulted][:1]
        unknown = []
        questions.append(f"does {defaulted[0]!r} mean a default? It is the rarer of two values")
    if defaulted and repaid:
        questions += [
            f"what does {value!r} mean ({values[value]} rows)? It is left out" for value in unknown
        ]
    else:
        counts = ", ".join(f"{value!r} ({values[value]} rows)" for value in unknown)
        questions.append(f"which values mean a default, and which repaid? There are {counts}")
        defaulted, repaid, unknown = defaulted or ["?"], repaid or ["?"], []
    late = [value for value in defaulted if "late" in plain_words(value).split()]
    questions += [f"is {value!r} a default ({values[value]} rows)?" for value in late]
    guess = TargetGuess(
        column,
        tuple(defaulted),
        tuple(repaid),
        (*by_meaning["open"], *unknown),
        tuple(questions),
    )
    return _with_gaps(guess, guess.defaulted, guess.repaid)


def _with_gaps(
    guess: TargetGuess, defaulted: tuple[str, ...], repaid: tuple[str, ...]
) -> TargetGuess:
    """Leave out the rows without an outcome, which needs the other values by name."""
    if not guess.column.missing:
        return guess
    return TargetGuess(
        guess.column,
        defaulted,
        repaid,
        (*guess.leave_out, ""),
        (*guess.questions, f"{guess.column.missing} rows have no outcome: they are left out"),
    )


def _with(guess: TargetGuess, question: str) -> TargetGuess:
    return TargetGuess(
        guess.column, guess.defaulted, guess.repaid, guess.leave_out, (*guess.questions, question)
    )
