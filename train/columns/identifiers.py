"""Columns of row numbers, keys and codes, by their names and values."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from train.columns.column_kinds import are_whole, feature_columns, kind_of, present_values
from train.columns.words import CODE_NAME, plain_words, says
from train.portfolio import Portfolio
from train.portfolio.sections import key_text

_IDENTIFIERS = {
    *("index", "idx", "id", "row", "rownum", "rowid", "no", "nr", "num", "number", "key", "level0"),
    *("numero", "identifiant", "identifier", "uuid", "guid", "cle"),
}
_ID_WORDS = {"id", "identifiant", "identifier", "uuid", "guid"}
_FEW_VALUES = 20


def is_identifier(name: str) -> bool:
    """Return whether a column is named as a row number or a key, such as `Unnamed: 0`."""
    words = plain_words(name).split()
    if re.fullmatch(r"unnamed: ?\d+(\.\d+)?|\.{3}\d+|n ?[°º]", name.strip().casefold()):
        return True
    return "".join(words) in _IDENTIFIERS or bool(words and {words[0], words[-1]} & _ID_WORDS)


def doubtful_columns(
    table: pd.DataFrame, portfolio: Portfolio, codes: Mapping[str, str]
) -> list[str]:
    """Return a note for each column of numbers that may be codes.

    Parameters
    ----------
    table : DataFrame
    portfolio : Portfolio
    codes : mapping of str to str
        Columns whose text has leading zeros, each with an example.
    """
    notes = []
    for name in feature_columns(table, portfolio):
        if name in portfolio.kinds or kind_of(table[name]) != "number":
            continue
        if name in codes:
            why = f"has leading zeros, such as {codes[name]!r}"
        elif says(CODE_NAME, name) and _has_few(present_values(table[name])):
            why = "has few different whole numbers"
        else:
            continue
        key = key_text(name)
        notes.append(
            f"column {name} is read as numbers, but {why}: if it holds codes, add [kinds] {key} = "
            f'"category"; if not, {key} = "number" ends this note'
        )
    return notes


def _has_few(present: "pd.Series[Any]") -> bool:
    return are_whole(present) and present.nunique() <= max(_FEW_VALUES, len(present) // 20)
