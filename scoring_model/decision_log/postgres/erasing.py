"""`erase_rows`: removes personal data from a log in PostgreSQL."""

from datetime import UTC, datetime

from scoring_model.decision_log.postgres.connection import connect_log, reported_errors
from scoring_model.decision_log.postgres.copying import to_column_text
from scoring_model.decision_log.postgres.tables import read_log_name
from scoring_model.settings import to_masked_line

_COUNT = "SELECT count(*) FROM decision_log_personal WHERE erased IS NOT NULL"
_ERASE = """
UPDATE decision_log_personal p SET salt = NULL, values = NULL, reference = NULL,
    reference_digest = NULL, erased = %s
WHERE p.erased IS NULL AND
"""
_BY_REFERENCE = "(p.reference = %s OR p.reference_digest = %s)"
_OLDER = "p.id IN (SELECT r.id FROM decision_log_records r WHERE r.time < %s)"


def erase_rows(
    url: str, *, reference: str = "", digest: str = "", before: datetime | None = None
) -> tuple[int, int]:
    """Remove salt and values of decisions in a database.

    Parameters
    ----------
    url : str
    reference : str, optional
        Erase the decisions with this reference.
    digest : str, optional
        Erase the decisions with this digest of a reference, from `PersonalValues.identify`; with
        `reference`, those with either.
    before : datetime, optional
        Erase the decisions that were made before this moment, in place of a reference.

    Returns
    -------
    tuple of int
        How many decisions were erased now, and how many had been before.

    Raises
    ------
    ValueError
        There must be a reference, a digest or both; or a moment with its time zone.
    LogFormatError, ConnectionError
        The database cannot be read or written.
    """
    if bool(reference or digest) == bool(before and before.tzinfo):
        raise ValueError("erase_rows needs a reference, its digest or both; or a moment")
    values: list[object]
    if before:
        rule, values = _OLDER, [before]
    else:
        # an empty text would find the decisions whose reference is empty
        rule, values = _BY_REFERENCE, [to_column_text(reference) or None, digest or None]
    today = datetime.now(UTC).date()
    with reported_errors(url), connect_log(url) as connection:
        read_log_name(connection, to_masked_line(url))
        with connection.transaction():
            (erased_before,) = connection.execute(_COUNT).fetchone() or (0,)
            made = connection.execute(_ERASE + rule, [today, *values])
        return made.rowcount, erased_before
