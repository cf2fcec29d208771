"""Print what each column of a table was taken for."""

import shutil
from collections.abc import Callable, Mapping, Sequence

from train.draft.columns import TableColumn, as_text

_HEADING = ("column", "role", "kind", "missing", "levels or range", "examples")
_WIDTHS = (28, 13, 8, 8, 40, 40)
_MOST_LEVELS = 4
# where the output is no terminal, no line is longer
_LONGEST_LINE = 160


def show_columns(
    columns: Sequence[TableColumn], role_of: Callable[[str], str], kinds: Mapping[str, str]
) -> str:
    """Return a table with one line for each column, no wider than the terminal.

    Parameters
    ----------
    columns : sequence of TableColumn
    role_of : callable
        Returns the role of a column by its name.
    kinds : mapping of str to str
        Kinds that the portfolio names.
    """
    rows = [
        _HEADING,
        *(_row(c, role_of(c.name), kinds.get(c.name, c.kind)) for c in columns),
    ]
    cut = [[_cut(cell, most) for cell, most in zip(row, _WIDTHS, strict=True)] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*cut, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cut
    ]
    most = shutil.get_terminal_size((_LONGEST_LINE, 0)).columns
    return "\n".join(line if len(line) <= most else f"{line[: most - 1]}…" for line in lines)


def _row(column: TableColumn, role: str, kind: str) -> tuple[str, ...]:
    missing = f"{column.missing / max(column.rows, 1):.1%}" if column.missing else "none"
    examples = ", ".join(column.examples)
    return column.name, role, kind, missing, _content(column, kind), examples


def _content(column: TableColumn, kind: str) -> str:
    if column.kind == "empty":
        return ""
    if column.kind in ("number", "date") and (kind != "category" or not column.levels):
        return f"{as_text(column.low)} to {as_text(column.high)}"
    shown = ", ".join(level for level, _ in column.levels[:_MOST_LEVELS])
    return shown if column.distinct <= _MOST_LEVELS else f"{column.distinct:,}: {shown}"


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
