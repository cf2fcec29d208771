"""The target as labels 0 and 1, by the words that the portfolio names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import parse_number
from scoring_model.types import BoolArray
from train.columns.words import REPAID_NAME, is_yes, outcome_of, says
from train.errors import InputError
from train.portfolio import Portfolio
from train.portfolio.sections import value_text

_MOST_VALUES = 10


@dataclass(frozen=True, slots=True)
class NamedOutcomes:
    """The labels that the words of a portfolio give.

    Attributes
    ----------
    labels : ndarray of int8, shape (rows,)
        1 = default; only valid where `is_used`.
    is_used : ndarray of bool, shape (rows,)
        False for the rows that `leave_out` names.
    notes : tuple of str
        How many rows are left out, and words that no row has.
    """

    labels: Any
    is_used: BoolArray
    notes: tuple[str, ...]


def label_outcomes(target: "pd.Series[Any]", portfolio: Portfolio) -> NamedOutcomes:
    """Label the rows by the words of the portfolio.

    Parameters
    ----------
    target : Series
        The target as read.
    portfolio : Portfolio
        With words for `defaulted` and `repaid`.

    Raises
    ------
    InputError
        A value is not named; the message counts each.
    """
    words = portfolio.outcomes
    texts = target.astype(object).map(outcome_text, na_action=None)
    meanings: dict[str, int] = dict.fromkeys(map(outcome_text, words.leave_out), -1)
    meanings |= dict.fromkeys(map(outcome_text, words.repaid), 0)
    meanings |= dict.fromkeys(map(outcome_text, words.defaulted), 1)
    counts = texts.value_counts()
    if unnamed := {str(v): int(n) for v, n in counts.items() if v not in meanings}:
        raise InputError(_explain_unnamed(unnamed, portfolio))
    coded = texts.map(meanings).to_numpy(dtype=np.int8)
    notes = [
        f"target {portfolio.target}: no row has the value {word!r}"
        for word in (*words.leave_out, *words.repaid, *words.defaulted)
        if outcome_text(word) not in counts.index
    ]
    if left := int((coded < 0).sum()):
        by_word = {word: int(counts.get(outcome_text(word), 0)) for word in words.leave_out}
        by_value = _counted({word: rows for word, rows in by_word.items() if rows})
        notes.append(f"target {portfolio.target}: {left} rows are left out: {by_value}")
    return NamedOutcomes(coded, coded >= 0, tuple(notes))


def outcome_text(value: Any) -> str:
    """Return a value of the target as text: trimmed, whole numbers without a point."""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124  # true for NaN only
        return ""
    text = str(value).strip()
    if text.casefold() in ("true", "false"):
        return text.casefold()
    number = parse_number(text)
    return f"{number:.0f}" if isinstance(number, float) and number.is_integer() else text


def explain_target(target: "pd.Series[Any]", portfolio: Portfolio) -> str:
    """Return the line for a target with values other than 0 and 1, or with booleans.

    Parameters
    ----------
    target : Series
        The target as read.
    portfolio : Portfolio
        Without words for its values.
    """
    texts = target.dropna().astype(object).map(outcome_text)
    counts = {str(value): int(n) for value, n in texts.value_counts().items()}
    rule = f"{portfolio.path}: target {portfolio.target!r} must be 0 or 1 in every row"
    if len(counts) > _MOST_VALUES:
        return f"{rule}, but has {len(counts)} different values"
    guess = suggest_outcomes(counts, portfolio.target)
    lines = ", ".join(f"{key} = {value_text(words)}" for key, words in guess.items())
    named = f"name its values under [portfolio], for example {lines}"
    return f"{rule}, but has {_counted(counts)}: {named}"


def suggest_outcomes(counts: Mapping[str, int], target: str) -> dict[str, list[str]]:
    """Guess what the values of a target mean, for a person to correct.

    Parameters
    ----------
    counts : mapping of str to int
        Rows by value.
    target : str
        Name of the column.

    Returns
    -------
    dict of str to list of str
        Words for `defaulted`, `repaid` and, where there are any, `leave_out`. A word of unknown
        meaning is under `leave_out`; a list without a word holds three dots.
    """
    yes, no = ("repaid", "defaulted") if says(REPAID_NAME, target) else ("defaulted", "repaid")
    answers = {value: is_yes(value) for value in counts}
    are_answers = set(answers.values()) == {True, False}
    guess: dict[str, list[str]] = {"defaulted": [], "repaid": [], "leave_out": []}
    for value in counts:
        meaning = (yes if answers[value] else no) if are_answers else outcome_of(value)
        guess[meaning if meaning in guess else "leave_out"].append(value)
    for key in ("defaulted", "repaid"):
        guess[key] = guess[key] or ["..."]
    return {key: words for key, words in guess.items() if words}


def _explain_unnamed(unnamed: Mapping[str, int], portfolio: Portfolio) -> str:
    rule = f"{portfolio.path}: target {portfolio.target!r}"
    left_out = value_text([*portfolio.outcomes.leave_out, *list(unnamed)[:_MOST_VALUES]])
    if set(unnamed) == {""}:
        return (
            f"{rule} must not be missing: it is missing in {unnamed['']} rows: mend them, or add "
            f"[portfolio] leave_out = {left_out}"
        )
    return (
        f"{rule} has values that are not named: {_counted(unnamed)}: add each to defaulted, repaid "
        f"or leave_out under [portfolio], such as leave_out = {left_out}"
    )


def _counted(counts: Mapping[str, int]) -> str:
    shown = [f"{value!r} ({rows})" for value, rows in list(counts.items())[:_MOST_VALUES]]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
