"""`DatabaseReader`: reads a decision log in PostgreSQL."""

import itertools
import re
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import psycopg

from scoring_model.decision_log.postgres.connection import connect_log, reported_errors
from scoring_model.decision_log.postgres.tables import Connection, read_log_name
from scoring_model.decision_log.reading import (
    ID_PATTERN,
    FolderReader,
    LoggedPair,
    LoggedSegment,
    PersonalPart,
)
from scoring_model.settings import to_masked_line

_ROWS_AT_A_TIME = 2000
_PAIRS = """
SELECT r.record, p.id::text, p.leaf, p.salt, p.values, p.erased::text
FROM decision_log_records r LEFT JOIN decision_log_personal p ON p.id = r.id
"""
# from each segment to the next one in the index: a million records need not be read for it
_SEGMENTS = """
WITH RECURSIVE found AS (
    (SELECT writer, segment FROM decision_log_records ORDER BY writer, segment LIMIT 1)
    UNION ALL
    SELECT next.writer, next.segment FROM found CROSS JOIN LATERAL (
        SELECT writer, segment FROM decision_log_records r
        WHERE (r.writer, r.segment) > (found.writer, found.segment)
        ORDER BY writer, segment LIMIT 1
    ) next
)
SELECT writer, segment, seal FROM found FULL JOIN decision_log_seals USING (writer, segment)
ORDER BY writer, segment
"""


class DatabaseReader:
    """Reads a log in PostgreSQL as it is when the reading begins; implements `LogReader`.

    Parameters
    ----------
    url : str
        Names the database.

    Attributes
    ----------
    log : str
        Name of the log.
    shown : str
        The URL without user and password.

    Raises
    ------
    LogFormatError
        The database holds no decision log, or one of a newer format.
    ConnectionError
        It cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.shown = to_masked_line(url)
        self._names = itertools.count()
        with reported_errors(url):
            self._connection: Connection = connect_log(url)
            try:
                # one transaction: all that is read is of one moment
                self._connection.autocommit = False
                self._connection.read_only = True
                self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                self.log = read_log_name(self._connection, self.shown)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def segments(self) -> Iterator[LoggedSegment]:
        """Yield all segments, sorted by writer and number."""
        for writer, number, seal in self._read(_SEGMENTS):
            yield LoggedSegment(writer, number, None if seal is None else seal.encode())

    def pairs(self, segment: LoggedSegment) -> Iterator[LoggedPair]:
        """Yield the decisions of a segment in the order in which they were written."""
        query = f"{_PAIRS} WHERE r.writer = %s AND r.segment = %s ORDER BY r.number"
        return map(_to_pair, self._read(query, segment.writer, segment.number))

    def counts(self) -> Iterator[dict[str, Any]]:
        """Yield the numbers of refused, simulated and unlogged requests."""
        return self._documents("decision_log_counts")

    def shadows(self) -> Iterator[dict[str, Any]]:
        """Yield what the version in the shadow would have decided."""
        return self._documents("decision_log_shadows")

    def _documents(self, table: str) -> Iterator[dict[str, Any]]:
        query = f"SELECT document::text FROM {table} ORDER BY writer, position"
        return (orjson.loads(text) for (text,) in self._read(query))

    def find(self, identifier: str) -> LoggedPair:
        """Return one decision; (None, None) if the log does not hold it."""
        if not re.fullmatch(ID_PATTERN, identifier):
            return None, None
        rows = list(self._read(f"{_PAIRS} WHERE r.id = %s", identifier))
        return _to_pair(rows[0]) if rows else (None, None)

    def find_shadow(self, identifier: str) -> dict[str, Any] | None:
        """Return what the version in the shadow would have decided; None if it did not score."""
        query = "SELECT document::text FROM decision_log_shadows WHERE document->>'id' = %s"
        found = next(iter(list(self._read(query, identifier))), None)
        if found is None:
            return None
        shadow: dict[str, Any] = orjson.loads(found[0])
        del shadow["id"]
        return shadow

    def _read(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        # a cursor of the server sends some rows at a time
        with (
            reported_errors(self._url),
            self._connection.cursor(f"rows_{next(self._names)}") as cursor,
        ):
            cursor.itersize = _ROWS_AT_A_TIME
            yield from cursor.execute(query, values)


def _to_pair(row: tuple[Any, ...]) -> LoggedPair:
    record, identifier, leaf, salt, values, erased = row
    part = PersonalPart(identifier, leaf, salt or "", values or "", erased or "")
    return record.encode(), None if identifier is None else part


def find_decision(
    spool: Path, url: str, identifier: str
) -> tuple[LoggedPair, dict[str, Any] | None]:
    """Return a decision and its shadow from a spool or its database; None for what is in neither.

    Parameters
    ----------
    spool : Path
    url : str
        Names the database.
    identifier : str

    Raises
    ------
    LogFormatError, ConnectionError
        The decision is not in the spool, and the database cannot be read.
    """
    shadow = None
    # a segment may be removed in the middle of a look
    with suppress(FileNotFoundError):
        waiting = FolderReader(spool)
        shadow = waiting.find_shadow(identifier)
        record, personal = waiting.find(identifier)
        # what has been shipped was overwritten
        if record is not None and personal is not None and not personal.erased:
            return (record, personal), shadow
    with closing(DatabaseReader(url)) as reader:
        return reader.find(identifier), shadow or reader.find_shadow(identifier)
