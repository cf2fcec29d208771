"""`ValueRule`: the rule that decides whether one value of a field is valid."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from scoring_model.contract.days import NOT_A_DATE, parse_day
from scoring_model.contract.documents import NOT_FINITE
from scoring_model.contract.notices import NEVER_SEEN, UNUSUAL, KnownLevels

REQUIRED = "is required"
NOT_A_NUMBER = "must be a number"
NOT_TEXT = "must be text"
NOT_TRUE_OR_FALSE = "must be true or false"
# every whole number up to this one is a double, but the next one is not
MOST_WHOLE = 2**53
NOT_EXACT = f"must be a whole number that a double can hold (up to {MOST_WHOLE})"
UNKNOWN = "is not a field of this model"
# the JSON parser rounds whole numbers beyond 64 bits: all below this one are exact
LEAST_LONG = 2.0**63

# The code of each level. `true` and `false` can also be looked up as True and False. Look up only
# text and booleans, because the number 1 equals True.
Codes = Mapping[Any, float]

# A value as a number (NaN if it is missing, unseen or refused), the rule that it breaks, and what
# there is to know about it; the texts are mostly empty.
Judged = tuple[float, str, str]
_MISSING: Judged = (math.nan, "", "")


@dataclass(frozen=True)
class ValueRule:
    """Which values a field takes, and which of them are worth a remark.

    Attributes
    ----------
    kind : {"number", "category", "yes/no", "date"}
        A date becomes a day number.
    nullable : bool
        Whether a value may be missing.
    codes : mapping of level to float
        The code of each level that training saw; empty for numbers and dates.
    minimum, maximum : float
        A number beyond them is refused.
    least_usual, most_usual : float
        A number beyond them is remarked on.
    easy_types : frozenset of type
        The JSON types that need no rule for each value; of them, only numbers may be wrong.
    is_bounded : bool
        Whether there are limits or a usual range.
    """

    kind: Literal["number", "category", "yes/no", "date"]
    nullable: bool
    codes: Codes = field(default_factory=dict)
    minimum: float = -math.inf
    maximum: float = math.inf
    least_usual: float = -math.inf
    most_usual: float = math.inf
    # read for each column of each request: plain attributes are faster than computed ones
    easy_types: frozenset[type] = field(init=False)
    is_bounded: bool = field(init=False)

    def __post_init__(self) -> None:
        easy = {"number": {float, int}, "date": set()}.get(self.kind, {str, bool})
        if self.nullable and easy:
            easy.add(type(None))
        object.__setattr__(self, "easy_types", frozenset(easy))
        bounds = (self.minimum, self.maximum, self.least_usual, self.most_usual)
        object.__setattr__(self, "is_bounded", any(map(math.isfinite, bounds)))

    def judge(self, value: Any) -> Judged:
        """Return a JSON value as a number, the rule that it breaks, and what there is to know.

        Empty text for a category or a date is missing, unless it is a level of an older contract.
        """
        if value is None:
            return _MISSING if self.nullable else (math.nan, REQUIRED, "")
        if self.kind == "number":
            return self._judge_number(value)
        if self.kind == "category":
            return self._judge_level(value)
        if value == "" and type(value) is str:
            return self.judge(None)
        return self._judge_yes_no(value) if self.kind == "yes/no" else _judge_date(value)

    @cached_property
    def ordinary(self) -> tuple[float, float]:
        """The bounds between which a double is valid, exact and not worth a remark."""
        least = max(self.minimum, self.least_usual)
        most = min(self.maximum, self.most_usual)
        return (
            max(math.nextafter(least, -math.inf), -LEAST_LONG),
            min(math.nextafter(most, math.inf), LEAST_LONG),
        )

    @cached_property
    def limits_text(self) -> str:
        """The problem of a number beyond the limits."""
        low, high = map(_write_number, (self.minimum, self.maximum))
        if self.maximum == math.inf:
            return f"must be at least {low}"
        if self.minimum == -math.inf:
            return f"must be at most {high}"
        return f"must be from {low} to {high}"

    @cached_property
    def padded_levels(self) -> Mapping[str, str]:
        """The level with leading zeros that a whole number stands for, by the number's digits.

        Programs that take codes for numbers lose the zeros: 01 becomes 1. Digits that are a level
        themselves, or that stand for several, are left out.
        """
        padded: dict[str, list[str]] = {}
        for level in self.codes:
            if isinstance(level, str) and level.isascii() and level.isdigit():
                padded.setdefault(level.lstrip("0") or "0", []).append(level)
        return {digits: only for digits, (only, *more) in padded.items() if not more}

    @cached_property
    def _known(self) -> KnownLevels:
        return KnownLevels(level for level in self.codes if isinstance(level, str))

    def _judge_number(self, value: Any) -> Judged:
        number = encode_number(value, self.nullable)
        # a whole number may be refused for both reasons, and in JSON it may have been rounded
        is_finite = type(number) is float or number is NOT_EXACT
        if is_finite and not self.minimum <= value <= self.maximum:
            return math.nan, self.limits_text, ""
        if isinstance(number, str):
            return math.nan, number, ""
        is_usual = self.least_usual <= number <= self.most_usual
        return number, "", "" if is_usual else UNUSUAL

    def _judge_level(self, value: Any) -> Judged:
        if type(value) is not str and type(value) is not bool:
            return math.nan, NOT_TEXT, ""
        code = self.codes.get(value)
        if code is not None:
            return code, "", ""
        if value == "":
            return self.judge(None)
        return math.nan, "", NEVER_SEEN if type(value) is bool else self._known.remark(value)

    def _judge_yes_no(self, value: Any) -> Judged:
        text = value.lower() if type(value) is str else value
        if text not in ("true", "false") and type(text) is not bool:
            return math.nan, NOT_TRUE_OR_FALSE, ""
        code = self.codes.get(text)
        return (math.nan, "", NEVER_SEEN) if code is None else (code, "", "")


def _judge_date(value: Any) -> Judged:
    day = parse_day(value) if type(value) is str else None
    return (math.nan, NOT_A_DATE, "") if day is None else (day, "", "")


def encode_number(value: Any, nullable: bool) -> float | str:
    """Return the value as a float, NaN if it is missing, or the rule that it breaks.

    Parameters
    ----------
    value : Any
        A JSON value.
    nullable : bool
        Whether it may be missing.
    """
    kind = type(value)
    if kind is int:
        return float(value) if -MOST_WHOLE <= value <= MOST_WHOLE else _encode_large(value)
    if kind is float:
        return value if math.isfinite(value) else NOT_FINITE
    if value is None:
        return math.nan if nullable else REQUIRED
    return NOT_A_NUMBER


def _encode_large(value: int) -> float | str:
    try:
        number = float(value)
    except OverflowError:
        return NOT_FINITE
    return number if number == value else NOT_EXACT


def _write_number(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < MOST_WHOLE else repr(number)
