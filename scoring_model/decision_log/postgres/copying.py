"""`LogCopier`: sends lines of a spool into the tables; what is there already stays as it is."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import psycopg

from scoring_model.decision_log.postgres.tables import Connection
from scoring_model.decision_log.reading import PersonalPart, read_personal_line
from scoring_model.decision_log.records import ID_PLACE

# a record begins with `{"id":"<36>","number":<digits>,"time":"<27>"`
_NUMBER = ID_PLACE.stop + len('","number":')
_TIME, _TIME_LENGTH = len(',"time":"'), 27
_RECORDS, _PERSONAL = "decision_log_records", "decision_log_personal"
_INCOMING = "decision_log_incoming"
_COLUMNS = {
    _RECORDS: "id, writer, segment, number, time, record",
    _PERSONAL: "id, leaf, salt, values, reference, reference_digest, erased",
}

Row = tuple[Any, ...]


class LogCopier:
    """Writes into the tables on one connection.

    Parameters
    ----------
    connection : psycopg.Connection
        The tables must be there.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        for table in _COLUMNS:
            connection.execute(
                f"CREATE TEMPORARY TABLE {_to_incoming(table)} (LIKE {table}) ON COMMIT DELETE ROWS"
            )

    def copy_decisions(
        self, writer: str, segment: int, records: Sequence[bytes], personal: Sequence[bytes]
    ) -> int:
        """Write decisions; return how many cannot be written because a line of them is damaged.

        Parameters
        ----------
        writer : str
        segment : int
        records, personal : sequence of bytes
            Lines with their ends, in the same order.

        Raises
        ------
        psycopg.Error
            The database cannot be reached, or refuses the rows.
        """
        try:
            record_rows = [_to_record_row(writer, segment, line[:-1]) for line in records]
            personal_rows = [_to_personal_row(read_personal_line(line[:-1])) for line in personal]
            with self._connection.transaction():
                self._copy(_RECORDS, record_rows)
                self._copy(_PERSONAL, personal_rows)
        except (ValueError, TypeError, AttributeError, psycopg.DataError):
            if len(records) == 1:
                return 1
            # the others are written one by one
            return sum(
                self.copy_decisions(writer, segment, [record], [line])
                for record, line in zip(records, personal, strict=True)
            )
        return 0

    def _copy(self, table: str, rows: Iterable[Row]) -> None:
        columns, incoming = _COLUMNS[table], _to_incoming(table)
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {incoming} ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        self._connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming} "
            "ON CONFLICT DO NOTHING"
        )

    def add_seal(self, writer: str, segment: int, seal: bytes) -> None:
        """Write the seal of a segment."""
        self._connection.execute(
            "INSERT INTO decision_log_seals VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [writer, segment, seal.decode()],
        )

    def add_documents(self, table: str, writer: str, lines: Iterable[tuple[int, bytes]]) -> None:
        """Write lines from beside the segments, with their positions; damaged ones are left out."""
        rows = [(writer, position, line.decode()) for position, line in lines if _is_json(line)]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", rows
            )


def _to_incoming(table: str) -> str:
    return table.replace("decision_log", _INCOMING)


def _to_record_row(writer: str, segment: int, line: bytes) -> Row:
    end = line.index(b",", _NUMBER)
    start = end + _TIME
    text = line.decode()
    # all before the route is ASCII, so that positions in bytes are those in characters
    time = text[start : start + _TIME_LENGTH]
    return text[ID_PLACE], writer, segment, int(text[_NUMBER:end]), time, text


def _to_personal_row(part: PersonalPart | None) -> Row:
    if part is None:
        raise ValueError
    if part.erased:
        return part.identifier, part.leaf, None, None, None, None, part.erased
    reference = digest = None
    # only then it is worth to parse them
    if '"reference' in part.values:
        values = orjson.loads(part.values)
        reference, digest = values.get("reference"), values.get("reference_digest")
    found = None if reference is None else to_column_text(reference)
    return part.identifier, part.leaf, part.salt, part.values, found, digest, None


def to_column_text(reference: str) -> str:
    """Return a reference as its column holds it: a text of PostgreSQL has no character 0."""
    return reference.replace("\0", "\ufffd")


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True
