"""Write numbers for the report; define its tables and sections."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from train.statistics import Interval

PER_CENT = "\N{NO-BREAK SPACE}%"
NOTHING = "\N{EN DASH}"
INTERVAL = f"95{PER_CENT} interval"
MILLION = 1_000_000
# out-of-fold rows, in the words of the report
UNSEEN = "past loans that the model had not seen"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    header : tuple of str
    rows : sequence of tuple of str
    caption : str
        Text above the table; may be empty.
    texts : int
        Number of columns, from the left, that hold words. The others hold numbers.
    folded : bool
        Whether the table is folded and opens on a click. Long tables are folded.
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
        Paragraphs.
    pictures : tuple of str
        Names of the pictures, in order.
    tables : tuple of Table
    appendix : tuple of Table
        Tables with technical terms. They stand in the appendix of the page.
    """

    anchor: str
    title: str
    words: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    appendix: tuple[Table, ...] = ()


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return NOTHING if math.isnan(share) else f"{share * 100:,.{digits}f}{PER_CENT}"


def whole(number: float) -> str:
    """Return a count with commas between the thousands."""
    return f"{number:,.0f}"


def counted(number: int, noun: str) -> str:
    """Return a count with its noun in the singular or the plural."""
    return f"{whole(number)} {noun}{'' if number == 1 else 's'}"


def large(number: float) -> str:
    """Return a sum of money, in millions if it is large."""
    if abs(number) < MILLION:
        return whole(number)
    millions = number / MILLION
    return f"{millions:,.{1 if abs(millions) < 100 else 0}f} million"


def plain(number: float) -> str:
    """Return a number under 10 with three decimals, a larger one with fewer."""
    if math.isnan(number):
        return NOTHING
    digits = 3 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    return f"{number:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def precise(number: float) -> str:
    """Return a cost with one decimal more, for small differences between two costs."""
    if abs(number) >= 10:
        return plain(number)
    return f"{number:.4f}".replace("-", "\N{MINUS SIGN}")


def short_number(number: float) -> str:
    """Return a number for the axis of a picture: 250k, 1.5M."""
    for scale, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= scale:
            return f"{number / scale:.3g}{unit}".replace("-", "\N{MINUS SIGN}")
    return f"{number:.3g}".replace("-", "\N{MINUS SIGN}")


def between(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return the bounds of an interval as `a to b`."""
    if interval is None:
        return NOTHING
    # write the per cent sign once, after the second bound
    return f"{write(interval.low).removesuffix(PER_CENT)} to {write(interval.high)}"


def value_of(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return a figure with its bounds in brackets."""
    return NOTHING if interval is None else f"{write(interval.value)} ({between(interval, write)})"


def stacked(interval: Interval | None, write: Callable[[float], str] = plain) -> str:
    """Return a figure with its bounds on the next line, for a narrow column of a table."""
    return NOTHING if interval is None else f"{write(interval.value)}\n{between(interval, write)}"


def listed(items: Sequence[str]) -> str:
    """Return words as a list in a sentence."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def in_currency(currency: str | None) -> str:
    """Return the currency of a portfolio's amounts, as words that follow a figure."""
    return f"in {currency or 'the currency of the portfolio'}"


def cost_unit(false_positive_cost: float) -> str:
    """Return the unit of costs that are the same for all loans, as words that follow a figure."""
    if false_positive_cost == 1.0:
        return "times the cost of refusing one good client"
    return f"where refusing one good client costs {false_positive_cost:g}"
