"""`parse_json`: the bytes of a body as JSON values, strictly."""

import json
from collections.abc import Collection, Iterable
from typing import Any, NoReturn

import orjson

from scoring_model.encoding import NOT_FINITE
from scoring_model.errors import FieldProblem, InvalidRequest

DUPLICATE = "is given twice"
_NOT_JSON = "the body is not valid JSON in UTF-8"


def parse_json(body: bytes) -> Any:
    """Parse a body that must be JSON as RFC 8259 has it: UTF-8, no NaN, no number beyond a double.

    Raises
    ------
    InvalidRequest
        The body is not such JSON; where the cause is one field, it is named.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        _explain(body)


def refuse_duplicates(body: bytes, fields: int, values: Iterable[Collection[Any]]) -> None:
    """Refuse a body in which an object has the same key twice.

    Parameters
    ----------
    body : bytes
        Has been parsed.
    fields : int
        Fields of all the objects in it, as parsed: of two with one key, one is left.
    values : iterable of collection
        All values in it but objects and arrays.

    Notes
    -----
    A key is followed by a colon and stands between two quotes; a text may hold more of both. So as
    many colons as fields, or as many quotes as fields and texts need, prove that no field was
    lost. Only otherwise the body is read again, slowly.
    """
    if body.count(b":") == fields:
        return
    texts = sum(list(map(type, some)).count(str) for some in values)
    if body.count(b'"') != 2 * (fields + texts):
        _parse_slowly(body)


def _explain(body: bytes) -> NoReturn:
    """Say what is wrong with a body that is not JSON."""
    _parse_slowly(body)
    raise InvalidRequest(_NOT_JSON)


def _parse_slowly(body: bytes) -> Any:
    """Parse with Python's own parser, which tells keys and texts of numbers apart."""
    reader = _Reader()
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=reader.build_object,
            parse_float=_read_float,
            parse_int=_read_float,
            parse_constant=_Unreadable,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(_NOT_JSON) from error
    problems = list(reader.problems)
    if isinstance(value, _Unreadable) and not problems:
        raise InvalidRequest(f"the body {NOT_FINITE}")
    if problems:
        raise InvalidRequest.from_problems(problems)
    return value


class _Unreadable:
    """A number that JSON or a double does not have: NaN, Infinity, 1e400."""

    def __init__(self, _text: str = "") -> None:
        pass


def _read_float(text: str) -> float | _Unreadable:
    number = float(text)
    return number if number - number == 0.0 else _Unreadable()


class _Reader:
    """Builds objects and collects what is wrong with their fields.

    Objects are built from the inside out, in the order in which they end: in an array of
    applicants, the count of finished objects is the row.
    """

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []
        self._finished = 0

    def build_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return the pairs as an object and note repeated names and unreadable numbers."""
        row, self._finished = self._finished, self._finished + 1
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen:
                self.problems.append(FieldProblem(row, _printable(name), DUPLICATE))
            elif _holds_unreadable(value):
                self.problems.append(FieldProblem(row, _printable(name), NOT_FINITE))
            seen[name] = value
        return seen


def _holds_unreadable(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, _Unreadable) for item in value)
    return isinstance(value, _Unreadable)


def _printable(name: str) -> str:
    """Return a name without lone surrogates, which no answer could carry."""
    return name.encode("utf-8", "replace").decode()
