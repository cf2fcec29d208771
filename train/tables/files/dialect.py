"""`find_dialect`: delimiter, encoding, heading and decimal sign of a CSV, from its beginning."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from train.portfolio.sections import ReadSettings
from train.tables.files.encodings import codec_of, find_encoding

_SAMPLE_BYTES = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {"\t": "tab", " ": "space"}
# of a table's rows, as many must have the number of cells that is most frequent
_LEAST_REGULAR = 0.9
MOST_TITLE_LINES = 20

_SPACES = " \u00a0\u202f"
_WITH_COMMA = re.compile(rf"[-+]?(\d+|\d{{1,3}}([.'{_SPACES}]\d{{3}})+),\d+")
_WITH_POINT = re.compile(rf"[-+]?(\d+|\d{{1,3}}([,'{_SPACES}]\d{{3}})+)\.\d+")
# one of these alone does not say which sign is the decimal sign
_UNSURE = re.compile(r"[-+]?\d{1,3}[,.]\d{3}")


class Dialect(NamedTuple):
    """How a CSV file is written.

    Attributes
    ----------
    read : ReadSettings
        The given settings, with what was found filled in.
    skipped : int
        Number of lines above the heading.
    found : tuple of str
        What was found and differs from commas, UTF-8 and a heading in line 1.
    """

    read: ReadSettings
    skipped: int
    found: tuple[str, ...]


class _Layout(NamedTuple):
    """The cells of a sample under one delimiter: its table begins at the heading's line.

    `above` is the most cells with text in a line above the heading.
    """

    delimiter: str
    width: int
    heading: int
    skipped: int
    regular: float
    above: int
    rows: list[list[str]]


def find_dialect(opens: Callable[[], Any], read: ReadSettings, ending: str = "") -> Dialect:
    """Find what the settings do not say about a CSV file.

    Parameters
    ----------
    opens : callable
        Opens the bytes of the file as a stream.
    read : ReadSettings
        A delimiter or encoding that is given is not looked for.
    ending : str
        Ending of the file's name. In `.tsv`, cells are separated by tabs if these fit.

    Raises
    ------
    InputError
        `[read] encoding` is unknown.
    ValueError
        There is no single sure reading. The message names the lines for `[read]`.
    """
    encoding = codec_of(read.encoding) if read.encoding else find_encoding(opens)
    lines = _sample(opens, encoding)
    layout = _find_layout(lines, read.delimiter, ending)
    if layout.above > max(1, layout.width / 2):
        raise ValueError(
            f"its heading is not certain: its lines have {layout.width} cells, but a line above "
            f"line {layout.heading} has {layout.above}: give each column a name, or delete the "
            "lines above the heading"
        )
    found = []
    if layout.delimiter != (read.delimiter or ","):
        found.append(f"delimiter {_NAMES.get(layout.delimiter, layout.delimiter)}")
    if not read.encoding and encoding != "utf-8":
        found.append(f"encoding {encoding}")
    if layout.skipped:
        found.append(f"heading in line {layout.heading}")
    read = replace(read, delimiter=layout.delimiter, encoding=encoding)
    if read.decimal is None and layout.delimiter in (";", "\t"):
        cells = (cell.strip() for row in layout.rows for cell in row)
        read = with_decimal_comma(read, cells)
        if read.decimal:
            found.append("decimal comma")
    return Dialect(read, layout.skipped, tuple(found))


def find_heading(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return the index of the heading: the first row with more cells than a title has.

    Parameters
    ----------
    rows : sequence of sequences of str
        The cells of the first rows; an empty text is an empty cell.
    width : int
        Number of columns of the table.
    """
    most = 0 if width < 3 else max(1, width // 4)
    for index, row in enumerate(rows[: MOST_TITLE_LINES + 1]):
        if len(row) == width and sum(1 for cell in row if cell.strip()) > most:
            return index
    return 0


def with_decimal_comma(read: ReadSettings, cells: Iterable[str]) -> ReadSettings:
    """Return the settings with a decimal comma, and thousands, if the cells leave no doubt."""
    groups: set[str] = set()
    has_comma = False
    for cell in cells:
        if _UNSURE.fullmatch(cell):
            continue
        if _WITH_POINT.fullmatch(cell):
            return read
        if match := _WITH_COMMA.fullmatch(cell):
            has_comma = True
            groups |= {match[2][0]} if match[2] else set()
    if not has_comma:
        return read
    if read.thousands is None and len(groups) == 1:
        sign: Any = groups.pop()
        read = replace(read, thousands=" " if sign in _SPACES else sign)
    return read if read.thousands == "," else replace(read, decimal=",")


def _sample(opens: Callable[[], Any], encoding: str) -> list[str]:
    """Return the first whole lines of a text."""
    with opens() as stream:
        content = bytes(stream.read(_SAMPLE_BYTES))
    # the last letter may be cut
    text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = list(io.StringIO(text, newline=""))
    return lines[:-1] if len(content) == _SAMPLE_BYTES and len(lines) > 1 else lines


def _find_layout(lines: list[str], delimiter: str | None, ending: str) -> _Layout:
    if delimiter:
        given = _lay_out(lines, delimiter) or _as_it_stands(lines, delimiter)
        # a version's delimiter that splits nothing is not this file's
        found = [x for x in (_lay_out(lines, s) for s in _DELIMITERS) if x and given.width == 1]
        return found[0] if len(found) == 1 else given
    layouts = [fitting for sign in _DELIMITERS if (fitting := _lay_out(lines, sign))]
    if ending == ".tsv" and any(layout.delimiter == "\t" for layout in layouts):
        return next(layout for layout in layouts if layout.delimiter == "\t")
    if not layouts:
        first = next((line for line in lines if line.strip()), "")
        others = [sign for sign in _DELIMITERS[1:] if first.count(sign)]
        if "," not in first and others:
            raise ValueError(
                "its lines do not have the same number of cells under any delimiter: add to "
                f"[read] {_choices(others)}"
            )
        return _as_it_stands(lines, ",")
    top = min(layout.heading for layout in layouts)
    layouts = [layout for layout in layouts if layout.heading == top]
    if len(layouts) > 1:
        layouts = [x for x in layouts if x.regular == 1] or layouts
    if len(layouts) > 1:
        signs = [layout.delimiter for layout in layouts]
        raise ValueError(f"its delimiter is not certain: add to [read] {_choices(signs)}")
    return layouts[0]


def _choices(signs: Sequence[str]) -> str:
    shown = ["\\t" if sign == "\t" else sign for sign in signs]
    return " or ".join(f'delimiter = "{sign}"' for sign in shown)


def _lay_out(lines: list[str], delimiter: str) -> _Layout | None:
    """Return the table that a delimiter makes of the lines; None if it makes no regular one."""
    reader = csv.reader(lines, delimiter=delimiter)
    rows, ends = [], [0]
    try:
        for row in reader:
            if row:
                rows.append(row)
                ends.append(reader.line_num)
    except csv.Error:
        # a cell of more than 128 KiB: an open quote
        return None
    if not rows:
        return None
    width = Counter(map(len, rows)).most_common(1)[0][0]
    heading = next((at for at, row in enumerate(rows) if len(row) == width), 0)
    heading += find_heading(rows[heading:], width)
    below = rows[heading:]
    regular = sum(len(row) == width for row in below) / len(below)
    if width < 2 or regular < _LEAST_REGULAR or heading > MOST_TITLE_LINES:
        return None
    start = ends[heading] if heading else 0
    line = start + _blank_lines(lines[start:]) + 1
    above = max((sum(1 for cell in row if cell.strip()) for row in rows[:heading]), default=0)
    return _Layout(delimiter, width, line, start, regular, above, below[1:])


def _as_it_stands(lines: list[str], delimiter: str) -> _Layout:
    """Return the layout of a file whose first line is the heading, whatever the others are."""
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    return _Layout(delimiter, len(rows[0]) if rows else 0, 1, 0, 1.0, 0, rows[1:])


def _blank_lines(lines: list[str]) -> int:
    return next((at for at, line in enumerate(lines) if line.strip()), 0)
