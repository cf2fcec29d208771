"""Find how the texts of a whole table are written: `[read]`, one for all of its columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from train.columns import is_yes
from train.draft.columns import ColumnKind
from train.portfolio.sections import ReadSettings
from train.tables import Reading, find_readings

# as many different words for missing are believed
_MOST_WORDS = 3
_SAMPLE_ROWS = 20_000


@dataclass(slots=True)
class HowWritten:
    """How a table's texts are written.

    Attributes
    ----------
    settings : ReadSettings
    kinds : dict of str to str
        `number`, `date` or `yes/no`: columns of text that are read so. Others are categories.
    unlike : dict of str to str
        Columns that cannot be read with the settings of the others, each with its first cell.
    questions : list of (str, str)
        A key of `[read]`, and what the table does not say about it.
    """

    settings: ReadSettings
    kinds: dict[str, ColumnKind] = field(default_factory=dict)
    unlike: dict[str, str] = field(default_factory=dict)
    questions: list[tuple[str, str]] = field(default_factory=list)


def find_how_written(texts: Mapping[str, pa.ChunkedArray], given: ReadSettings) -> HowWritten:
    """Find the settings that read the most columns of text.

    Parameters
    ----------
    texts : mapping of str to pyarrow.ChunkedArray
        The columns that are not plain numbers or booleans.
    given : ReadSettings
        What is known already.
    """
    found = HowWritten(given)
    some = {name: _some(column) for name, column in texts.items()}
    first = {name: find_readings(column, given) for name, column in some.items()}
    # certain columns decide for those that can be read in several ways
    for name in sorted(first, key=lambda name: len(first[name])):
        if not first[name]:
            _read_words(name, texts[name], found)
            continue
        readings = find_readings(some[name], found.settings)
        if not readings:
            found.unlike[name] = first[name][0].cell
            continue
        _take(name, readings, found)
    return found


def read_again(name: str, column: pa.ChunkedArray, found: HowWritten) -> None:
    """Read all cells of a column, some of which did not fit: rare words may mean missing."""
    readings = find_readings(column, found.settings)
    before = found.settings
    if readings:
        _take(name, readings[:1], found)
    if found.settings == before:
        cell = readings[0].misfits[0][1] if readings and readings[0].misfits else "other text"
        found.unlike[name] = cell


def _some(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column, or evenly spaced rows of a long one."""
    step = len(column) // _SAMPLE_ROWS
    return column.take(pa.array(range(0, len(column), step))) if step > 1 else column


def _take(name: str, readings: list[Reading], found: HowWritten) -> None:
    best = readings[0]
    settings: dict[str, Any] = dict(best.settings)
    found.kinds[name] = best.kind
    if len(readings) > 1:
        other = "; ".join(", ".join(reading.lines) or "no line" for reading in readings[1:])
        key = next(iter(settings or readings[1].settings))
        found.questions.append(
            (key, f"column {name!r}: {best.cell!r} can also be read by: {other}")
        )
    words = tuple(cell for _, cell in best.misfits)
    if words and len(words) <= _MOST_WORDS:
        settings["missing"] = tuple(dict.fromkeys((*found.settings.missing, *words)))
        question = f"column {name!r}: does {', '.join(map(repr, words))} mean missing?"
        found.questions.append(("missing", question))
    found.settings = replace(found.settings, **settings)


def _read_words(name: str, column: pa.ChunkedArray, found: HowWritten) -> None:
    """Add the words for yes and no of a column that holds nothing else."""
    words = pc.unique(column[:10_000]).drop_null()
    if len(words) > 2 or len(words := pc.unique(column).drop_null()) > 4:
        return
    spellings = {word.strip().casefold() for word in words.to_pylist() if word.strip()}
    meanings = {word: is_yes(word) for word in spellings}
    if len(spellings) != 2 or set(meanings.values()) != {True, False}:
        return
    found.kinds[name] = "yes/no"
    if spellings == {"true", "false"}:
        return
    yes, no = (
        tuple(w for w, is_true in meanings.items() if is_true is side) for side in (True, False)
    )
    settings = found.settings
    found.settings = replace(
        settings,
        yes=tuple(dict.fromkeys((*settings.yes, *yes))),
        no=tuple(dict.fromkeys((*settings.no, *no))),
    )
