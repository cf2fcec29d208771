"""`parse_json`: parse the bytes of a body as strict JSON; `parse_exactly` keeps long numbers."""

import itertools
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NoReturn

import numpy as np
import orjson

from scoring_model.errors import FieldProblem, InvalidRequest, Problems

DUPLICATE = "is given twice"
NOT_FINITE = "must be finite and fit into a double"
_LONG_BYTES = 1 << 14
_NOT_JSON = "the body is not valid JSON in UTF-8"


def parse_json(body: bytes, wrappers: Collection[str] = ()) -> Any:
    """Parse a body as strict JSON (RFC 8259): UTF-8, no NaN, no number beyond a double.

    Parameters
    ----------
    body : bytes
    wrappers : collection of str
        Names of fields that may enclose the applicants. Errors give the place of a problem inside
        of them.

    Raises
    ------
    InvalidRequest
        The body is not strict JSON. If a field is the cause, the error names it.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        _explain(body, wrappers)


def parse_exactly(body: bytes) -> Any:
    """Parse a body again that `parse_json` has accepted, with whole numbers of any length.

    The fast parser rounds whole numbers beyond 64 bits to doubles. Its other values are the same.
    """
    try:
        return json.loads(body)
    except RecursionError as error:
        raise InvalidRequest(_NOT_JSON) from error


def refuse_duplicates(
    body: bytes,
    fields: int,
    values: Iterable[Collection[Any]],
    wrappers: Collection[str] = (),
) -> None:
    """Refuse a body in which an object has the same key twice.

    Parameters
    ----------
    body : bytes
        Must be valid JSON.
    fields : int
        Number of fields of all objects after parsing, which keeps only one field of each key.
    values : iterable of collection
        All values in the body except objects and arrays.
    wrappers : collection of str
        See `parse_json`.

    Notes
    -----
    Each key has one colon and two quotes, and each text has two quotes. Texts may contain more
    colons and quotes. If there are exactly as many colons as fields, or exactly as many quotes as
    fields and texts need, no field was lost. Otherwise the body is parsed again, slowly.
    """
    if _count(body, b":") == fields:
        return
    texts = list(map(type, itertools.chain.from_iterable(values))).count(str)
    if _count(body, b'"') != 2 * (fields + texts):
        _parse_slowly(body, wrappers)


def _count(body: bytes, character: bytes) -> int:
    """Count a character; `bytes.count` is slow in a long body that has it often."""
    if len(body) < _LONG_BYTES:
        return body.count(character)
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == character[0]))


def _explain(body: bytes, wrappers: Collection[str]) -> NoReturn:
    """Raise an error that says why a body is not JSON."""
    _parse_slowly(body, wrappers)
    raise InvalidRequest(_NOT_JSON)


def _parse_slowly(body: bytes, wrappers: Collection[str]) -> None:
    """Parse with Python's own parser, which shows repeated keys and the text of numbers."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_Object,
            parse_float=_read_float,
            parse_int=_read_float,
            parse_constant=_Unreadable,
        )
        problems = Problems()
        for problem in _find_problems(value, wrappers):
            problems.append(problem)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(_NOT_JSON) from error
    problems.require_none()
    if isinstance(value, _Unreadable):
        raise InvalidRequest(f"the body {NOT_FINITE}")


class _Unreadable:
    """A number that JSON or a double cannot represent: NaN, Infinity, 1e400."""

    def __init__(self, _text: str = "") -> None:
        pass


def _read_float(text: str) -> float | _Unreadable:
    number = float(text)
    return number if number - number == 0.0 else _Unreadable()


class _Object:
    """The fields of an object, including those that are given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


def _find_problems(value: Any, wrappers: Collection[str]) -> Iterator[FieldProblem]:
    """Yield repeated names and unreadable numbers, with the applicant and the place in it."""
    if isinstance(value, _Object) and len(value.pairs) == 1:
        [(name, within)] = value.pairs
        if name in wrappers and not isinstance(within, _Unreadable):
            value = within
    applicants = value if isinstance(value, list) else [value]
    for row, applicant in enumerate(applicants):
        for place, problem in _find_within(applicant, ""):
            yield FieldProblem(row, place, problem)


def _find_within(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            # report an array of numbers once, not each of its numbers
            if isinstance(item, _Unreadable):
                yield place, NOT_FINITE
                return
            yield from _find_within(item, f"{place}[{number}]")
    elif isinstance(value, _Object):
        seen: set[str] = set()
        for name, item in value.pairs:
            inner = f"{place}.{_printable(name)}" if place else _printable(name)
            if name in seen:
                yield inner, DUPLICATE
            elif isinstance(item, _Unreadable):
                yield inner, NOT_FINITE
            else:
                yield from _find_within(item, inner)
            seen.add(name)


def _printable(name: str) -> str:
    """Return a name without lone surrogates, which an answer in UTF-8 cannot contain."""
    return name.encode("utf-8", "replace").decode()
