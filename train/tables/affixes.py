"""Texts around numbers in cells, such as currency signs, percent signs and stray characters."""

import re
from collections import Counter
from collections.abc import Sequence

_CELL = re.compile(
    r"^[+\-\u2212]?\s*(?P<before>[^\d\s.,+\-\u2212]{0,4}?)\s*[+\-\u2212]?"
    r"(?P<body>\d[\d.,'\u2019_\s]*\d|\d)(?P<after>\D*)$"
)
_MARKS = set("$\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9%\u2030_*\"'~^")
_CURRENCIES = {
    *("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "INR", "CNY", "RMB", "BRL", "MXN"),
    *("SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "ZAR", "TWD", "SGD", "HKD", "MAD", "TND", "XOF"),
    *("KR", "RS", "ZŁ", "FR", "R$", "US$", "NT$", "A$", "C$", "HK$", "S$"),
}
# these change the size of the number, so nearly every cell must have them
_SCALES = {"%", "\u2030"}
_NEARLY_ALL = 0.9
# a unit such as km or months is a text around a number only if the numbers differ; a category such
# as "36 months" has few levels
_MOST_LEVELS = 20
_LONGEST_UNIT = 12


def find_affixes(cells: Sequence[str]) -> list[str]:
    """Return the texts before and after the numbers in some cells, the most frequent first.

    Parameters
    ----------
    cells : sequence of str
        Cells with a value. Cells that are no number with something around it count as others.
    """
    counts: Counter[str] = Counter()
    units: Counter[str] = Counter()
    bodies = set()
    for cell in cells:
        if not (found := _CELL.match(cell.strip())):
            continue
        bodies.add(found["body"])
        counts.update(filter(None, {found["before"].strip(), found["after"].strip()}))
        units.update(filter(None, [found["after"].strip()]))
    most = _NEARLY_ALL * len(cells)
    return [
        text
        for text, count in counts.most_common()
        if (_is_mark(text) and (count >= most or not _SCALES & set(text)))
        or (units[text] >= most and len(bodies) > _MOST_LEVELS and _is_unit(text))
    ]


def _is_mark(text: str) -> bool:
    return set(text) <= _MARKS or text.strip(".").upper() in _CURRENCIES


def _is_unit(text: str) -> bool:
    letters = text.replace(" ", "").replace(".", "")
    # 941xx is a code with hidden digits
    return len(text) <= _LONGEST_UNIT and letters.isalpha() and set(letters.casefold()) != {"x"}
