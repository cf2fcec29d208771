"""How the report writes numbers, and the shape of its tables and sections."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from train.statistics import Interval

PER_CENT = "\N{NO-BREAK SPACE}%"
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    header : tuple of str
    rows : sequence of tuple of str
    caption : str
        Above the table; may be empty.
    texts : int
        The first so many columns hold words, the others numbers.
    folded : bool
        Whether it opens on a click: for long ones.
    """

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    caption: str = ""
    texts: int = 1
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the report.

    Attributes
    ----------
    anchor, title : str
    words : tuple of str
        Paragraphs: what the pictures say.
    pictures : tuple of str
        Their names, in order.
    tables : tuple of Table
    """

    anchor: str
    title: str
    words: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return NOTHING if math.isnan(share) else f"{share * 100:,.{digits}f}{PER_CENT}"


def whole(number: float) -> str:
    """Return a count with its thousands apart."""
    return f"{number:,.0f}"


def plain(number: float) -> str:
    """Return a cost or a measure with three decimals, a sum of money with as many as it needs."""
    if math.isnan(number):
        return NOTHING
    digits = 3 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    return f"{number:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def between(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return the bounds of an interval as `a to b`."""
    if interval is None:
        return NOTHING
    # one sign of the unit is enough
    return f"{write(interval.low).removesuffix(PER_CENT)} to {write(interval.high)}"


def value_of(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return a figure with its bounds in brackets."""
    return NOTHING if interval is None else f"{write(interval.value)} ({between(interval, write)})"


def stacked(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return a figure with its bounds under it: for tables, which are narrow."""
    return NOTHING if interval is None else f"{write(interval.value)}\n{between(interval, write)}"


def listed(items: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
