"""`prepare_tables`: the tables of a decision log in PostgreSQL."""

import uuid
from typing import Any

import psycopg

from scoring_model.decision_log.segments import FORMAT_VERSION, LogFormatError

# an arbitrary number: of several processes, one makes the tables
_MAKING = 4_172_993_061

_TABLES = """
CREATE TABLE decision_log_format (
    format_version integer NOT NULL,
    log text NOT NULL,
    made timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE decision_log_records (
    id uuid PRIMARY KEY,
    writer text COLLATE "C" NOT NULL,
    segment integer NOT NULL,
    number bigint NOT NULL,
    time timestamptz NOT NULL,
    record text NOT NULL,
    UNIQUE (writer, segment, number)
);
CREATE INDEX decision_log_records_time ON decision_log_records USING brin (time);
CREATE TABLE decision_log_personal (
    id uuid PRIMARY KEY,
    leaf text NOT NULL,
    salt text,
    values text,
    reference text,
    reference_digest text,
    erased date
);
CREATE INDEX decision_log_personal_reference ON decision_log_personal USING hash (reference);
CREATE INDEX decision_log_personal_digest ON decision_log_personal USING hash (reference_digest);
CREATE TABLE decision_log_seals (
    writer text COLLATE "C" NOT NULL,
    segment integer NOT NULL,
    seal text NOT NULL,
    PRIMARY KEY (writer, segment)
);
CREATE TABLE decision_log_shadows (
    writer text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (writer, position)
);
CREATE INDEX decision_log_shadows_id ON decision_log_shadows USING hash ((document->>'id'));
CREATE TABLE decision_log_counts (
    writer text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (writer, position)
);
CREATE VIEW decisions AS
SELECT r.id, r.writer, r.segment, r.number, r.time, f.decided_on, f.route, f.key, f.model,
    f.version, f.manifest, f.probability, f.threshold, f.score, f.commitment,
    p.reference, p.reference_digest, p.values, p.erased
FROM decision_log_records r
CROSS JOIN LATERAL json_to_record(r.record::json) AS f(
    decided_on date, route text, key text, model text, version text, manifest text,
    probability double precision, threshold double precision, score integer, commitment text
)
LEFT JOIN decision_log_personal p ON p.id = r.id;
"""

Connection = psycopg.Connection[Any]


def prepare_tables(connection: Connection, shown: str) -> None:
    """Make the tables if there are none, and check their format.

    Parameters
    ----------
    connection : psycopg.Connection
    shown : str
        How messages name the database.

    Raises
    ------
    LogFormatError
        A newer release made the tables, or the database cannot hold every text.
    psycopg.Error
        The database cannot be reached, or the user may not make tables.
    """
    (encoding,) = connection.execute("SHOW server_encoding").fetchone() or ("",)
    if encoding != "UTF8":
        raise LogFormatError(f"{shown} has the encoding {encoding}: a decision log needs UTF8")
    if not _has_tables(connection):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
            # another process may have made them in the meantime
            if not _has_tables(connection):
                connection.execute(_TABLES)
                connection.execute(
                    "INSERT INTO decision_log_format VALUES (%s, %s)",
                    [FORMAT_VERSION, str(uuid.uuid4())],
                )
    read_log_name(connection, shown)


def _has_tables(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('decision_log_format')").fetchone()
    return row is not None and row[0] is not None


def read_log_name(connection: Connection, shown: str) -> str:
    """Return the name of the log in a database, after a check of its format.

    Parameters
    ----------
    connection : psycopg.Connection
    shown : str
        How messages name the database.

    Raises
    ------
    LogFormatError
        The database holds no decision log, or one of a newer format.
    """
    row = None
    if _has_tables(connection):
        row = connection.execute("SELECT format_version, log FROM decision_log_format").fetchone()
    if row is None:
        raise LogFormatError(f"{shown} holds no decision log")
    if row[0] > FORMAT_VERSION:
        raise LogFormatError(
            f"{shown} has format {row[0]}, this release reads {FORMAT_VERSION}: use a newer release"
        )
    return str(row[1])
