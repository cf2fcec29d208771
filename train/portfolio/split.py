"""`[split]` of a portfolio: which rows are test rows."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn


@dataclass(frozen=True, slots=True)
class DateSplit:
    """Out of time: rows decided on or after `test_from` are the test rows."""

    test_from: datetime.date


@dataclass(frozen=True, slots=True)
class ColumnSplit:
    """A column of the table says `train` or `test`."""

    column: str


@dataclass(frozen=True, slots=True)
class RandomSplit:
    """A stratified share `test_size` in (0, 1) of the rows, drawn with `seed`, is the test rows."""

    test_size: float
    seed: int


Split = DateSplit | ColumnSplit | RandomSplit


def read_split(
    section: Mapping[str, Any], decision_date: str | None, fail: Callable[[str], NoReturn]
) -> Split:
    """Read and check the section; `fail` is called with the first rule that is broken."""
    method = section["method"]
    wanted = {"date": ("test_from",), "column": ("column",), "random": ("test_size", "seed")}
    if method not in wanted:
        fail(f"[split] method must be date, column or random, got {method!r}")
    for key in wanted[method]:
        if key not in section:
            fail(f"missing key [split] {key}, which method = {method!r} needs")
    for key in section:
        if key not in ("method", *wanted[method]):
            fail(f"[split] {key} does not go with method = {method!r}")
    if method == "date":
        if decision_date is None:
            fail("[split] method = 'date' needs [portfolio] decision_date")
        return _date_split(section["test_from"], fail)
    if method == "column":
        if not isinstance(section["column"], str):
            fail(f"[split] column must be text, got {section['column']!r}")
        return ColumnSplit(section["column"])
    return _random_split(section["test_size"], section["seed"], fail)


def _date_split(test_from: Any, fail: Callable[[str], NoReturn]) -> DateSplit:
    # a datetime is a date to isinstance, but its time of day would be dropped in silence
    if type(test_from) is not datetime.date:
        fail(f"[split] test_from must be a date, got {test_from!r}")
    return DateSplit(test_from)


def _random_split(test_size: Any, seed: Any, fail: Callable[[str], NoReturn]) -> RandomSplit:
    if type(test_size) is not float or not 0.0 < test_size < 1.0:
        fail(f"[split] test_size must lie in (0, 1), got {test_size!r}")
    if type(seed) is not int or seed < 0:
        fail(f"[split] seed must be a whole number from 0, got {seed!r}")
    return RandomSplit(test_size, seed)
