"""`TableColumn`: what one column of a table holds."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

ColumnKind = Literal["number", "category", "date", "yes/no", "empty"]
# as many levels are kept of a category, the most frequent first
MOST_LEVELS = 30
EXAMPLES = 3
_FIRST_ROWS = 200
_LEADING_ZEROS = "^0[0-9]+$"
# a text with at least this many words per value is written by a person
_TEXT_WORDS = 3.0
_WORDS_SAMPLE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """What one column of a table holds.

    Attributes
    ----------
    name : str
    kind : str
        `number`, `category`, `date`, `yes/no` or `empty`.
    cells : pyarrow.ChunkedArray, shape (rows,)
        The values as this kind: doubles or whole numbers, texts, dates or booleans.
    missing : int
        Number of missing values.
    distinct : int
        Number of different values.
    levels : tuple of (str, int)
        The most frequent values, and the rows of each; empty for numbers and dates with many.
    low, high : object
        The least and the greatest number or date; None for other kinds.
    examples : tuple of str
        The first different values, as texts.
    has_zeros : bool
        Whether a text of digits begins with zero.
    """

    name: str
    kind: ColumnKind
    cells: pa.ChunkedArray
    missing: int
    distinct: int
    levels: tuple[tuple[str, int], ...] = ()
    low: object = None
    high: object = None
    examples: tuple[str, ...] = ()
    has_zeros: bool = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.cells)

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value of its own."""
        return not self.missing and self.distinct == self.rows > 1

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        if self.kind != "number" or pa.types.is_integer(self.cells.type):
            return self.kind == "number"
        return bool(pc.all(pc.equal(self.cells, pc.floor(self.cells))).as_py())

    @property
    def counts_rows(self) -> bool:
        """Whether the numbers are unique, whole and consecutive."""
        if not self.is_unique or not self.is_whole:
            return False
        return float(self.high) - float(self.low) == self.rows - 1  # type: ignore[arg-type]

    @property
    def words_per_value(self) -> float:
        """Mean number of words of the first texts that are not missing."""
        texts = [v for v in self.cells[: 10 * _WORDS_SAMPLE].to_pylist() if v][:_WORDS_SAMPLE]
        return sum(len(str(text).split()) for text in texts) / max(len(texts), 1)

    @property
    def is_free_text(self) -> bool:
        """Whether people wrote the values, each in their own words."""
        return (
            self.kind == "category"
            and self.distinct > MOST_LEVELS
            and self.words_per_value >= _TEXT_WORDS
        )


def describe_column(name: str, values: pa.ChunkedArray) -> TableColumn:
    """Return what a column holds.

    Parameters
    ----------
    name : str
    values : pyarrow.ChunkedArray
        With its type, or standard text (see `train.tables.standardise`).
    """
    has_zeros = _is_text(values.type) and _has_zeros(values)
    kind, typed = _find_kind(values)
    # a code is shown with its zeros
    counted = pc.value_counts(_with_null(pc.utf8_trim_whitespace(values)) if has_zeros else typed)
    distinct = len(counted) - bool(counted.field("values").null_count)
    low = high = None
    levels: tuple[tuple[str, int], ...] = ()
    if kind in ("number", "date"):
        low, high = pc.min_max(typed).as_py().values()
    if kind == "category" or distinct <= MOST_LEVELS:
        levels = _most_frequent(counted)
    return TableColumn(
        name,
        kind,
        typed,
        missing=typed.null_count,
        distinct=distinct,
        levels=levels,
        low=low,
        high=high,
        examples=_first_values(counted),
        has_zeros=has_zeros,
    )


def as_text(value: object) -> str:
    """Return a value as people read it: no needless decimals, yes/no as true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    return str(value)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _has_zeros(values: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, _LEADING_ZEROS)).as_py())


def _find_kind(cells: pa.ChunkedArray) -> tuple[ColumnKind, pa.ChunkedArray]:
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if cells.null_count == len(cells):
        return "empty", cells
    kind = cells.type
    if _is_text(kind):
        return _find_kind_of_text(pc.utf8_trim_whitespace(cells))
    if pa.types.is_boolean(kind):
        return "yes/no", cells
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = cells.cast(pa.float64())
        # NaN is a missing value
        cells = pc.if_else(pc.is_nan(numbers), None, numbers)
        return ("empty" if cells.null_count == len(cells) else "number"), cells
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return "date", cells.cast(pa.date32(), safe=False)
    return ("number", cells) if pa.types.is_integer(kind) else ("category", _as_texts(cells))


def _as_texts(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [None if value is None else str(value) for value in cells.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _with_null(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _find_kind_of_text(texts: pa.ChunkedArray) -> tuple[ColumnKind, pa.ChunkedArray]:
    texts = _with_null(texts)
    for kind, target in (
        ("number", pa.int64()),
        ("number", pa.float64()),
        ("date", pa.date32()),
        ("date", pa.timestamp("us")),
        ("yes/no", pa.bool_()),
    ):
        # Arrow would read 1 and 0 as booleans, but they are numbers before
        if (typed := _cast(texts, target)) is not None:
            return kind, typed.cast(pa.date32()) if kind == "date" else typed  # type: ignore[return-value]
    return "category", texts


def _cast(texts: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray | None:
    try:
        # a column of another kind usually fails in its first rows
        texts[:_FIRST_ROWS].cast(kind)
        typed = texts.cast(kind)
    except pa.ArrowInvalid:
        return None
    return typed if typed.null_count < len(typed) else None


def _most_frequent(counted: pa.StructArray) -> tuple[tuple[str, int], ...]:
    values, counts = counted.field("values"), counted.field("counts")
    order = pc.array_sort_indices(counts, order="descending")[: MOST_LEVELS + 1]
    pairs = zip(values.take(order).to_pylist(), counts.take(order).to_pylist(), strict=True)
    return tuple((as_text(v), n) for v, n in pairs if v is not None)[:MOST_LEVELS]


def _first_values(counted: pa.StructArray) -> tuple[str, ...]:
    first = counted.field("values")[: EXAMPLES + 1].to_pylist()
    return tuple(as_text(value) for value in first if value is not None)[:EXAMPLES]
