"""`standardise`: rewrite the text cells of a table into the standard form, as the settings say.

Standard text has a decimal point, no sign between thousands, dates such as 2021-12-31, `true` and
`false` for yes and no, and null for a missing value. All code after it reads standard text only.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract import CSV_MISSING
from train.portfolio.sections import ReadSettings
from train.tables.date_cells import standardise_dates
from train.tables.number_cells import read_plain, standardise_numbers


def standardise(
    records: pa.RecordBatch, kinds: Mapping[str, str], read: ReadSettings
) -> pa.RecordBatch:
    """Rewrite the text columns of some rows.

    Parameters
    ----------
    records : pyarrow.RecordBatch
    kinds : mapping of str to str
        `number`, `category`, `date` or `yes/no` for each column to rewrite. Columns that are not
        text stay as they are.
    read : ReadSettings

    Returns
    -------
    pyarrow.RecordBatch
        A cell that cannot be read as its kind stays as it is. If it would read as another number
        in standard form, it gets a question mark, so that it is refused later. Columns whose cells
        are all numbers become doubles, so that they are parsed once.
    """
    columns = [
        _standardise_column(column, kinds[name], read) if name in kinds else column
        for name, column in zip(records.schema.names, records.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, records.schema.names)


def standardise_cells(column: pa.Array, kind: str, read: ReadSettings) -> pa.Array:
    """Rewrite one column; see `standardise`.

    Parameters
    ----------
    column : pyarrow.Array
        A column that is not text is returned as it is.
    kind : str
    read : ReadSettings
    """
    if not is_text_type(column.type) or (kind == "category" and not read.missing):
        return column
    text = _as_strings(column)
    if kind == "category":
        return _blank(text, read.missing)
    if kind == "number":
        is_plain = _read_plain_column(text, read) is not None
        return text if is_plain else _rewrite_numbers(text, read)
    # each different text is rewritten once
    coded = text.dictionary_encode()
    different = _blank(coded.dictionary, (*CSV_MISSING, *read.missing))
    if kind == "date":
        different = standardise_dates(different, read.dates)
    else:
        different = _standardise_yes_no(different, read)
    return text if different.equals(coded.dictionary) else different.take(coded.indices)


def is_text_type(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds text; text may be stored as a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_view(kind)


def yes_no_words(read: ReadSettings) -> dict[str, str]:
    """Return `true` or `false` by each word for yes and no, in lower case."""
    words = dict.fromkeys(("true", *read.yes), "true") | dict.fromkeys(("false", *read.no), "false")
    return {word.strip().casefold(): meaning for word, meaning in words.items()}


def _standardise_column(column: pa.Array, kind: str, read: ReadSettings) -> pa.Array:
    if kind != "number" or not is_text_type(column.type):
        return standardise_cells(column, kind, read)
    text = _as_strings(column)
    numbers = _read_plain_column(text, read)
    return _rewrite_numbers(text, read) if numbers is None else numbers


def _read_plain_column(text: pa.Array, read: ReadSettings) -> pa.Array | None:
    # most columns are plain: to look for words in them takes longer than to parse them
    has_digits = any(sign.isdigit() for word in read.missing for sign in word)
    return None if has_digits else read_plain(text, read)


def _rewrite_numbers(text: pa.Array, read: ReadSettings) -> pa.Array:
    return standardise_numbers(_blank(text, (*CSV_MISSING, *read.missing)), read)


def _as_strings(column: pa.Array) -> pa.Array:
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind))


def _blank(text: pa.Array, words: tuple[str, ...]) -> pa.Array:
    """Make the cells null that hold one of the words, with or without spaces around it."""
    is_missing = pc.is_in(pc.utf8_trim_whitespace(text), value_set=pa.array(words, pa.string()))
    if not pc.any(is_missing).as_py():
        return text
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), text)


def _standardise_yes_no(text: pa.Array, read: ReadSettings) -> pa.Array:
    words = yes_no_words(read)
    cells = text.to_pylist()
    return pa.array(
        [None if cell is None else words.get(cell.strip().casefold(), cell) for cell in cells],
        pa.string(),
    )
