"""`open_decisions`: the reader of a log in a folder or in a database, and what can read it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from scoring_model.decision_log import (
    DATABASES,
    FolderReader,
    LogFormatError,
    LogReader,
    folder_of,
)
from train.errors import InputError


@contextmanager
def open_decisions(place: str) -> Iterator[LogReader]:
    """Yield the reader of a decision log.

    Parameters
    ----------
    place : str
        What `DECISION_LOG` of the server names: a folder, or the URL of a PostgreSQL database.

    Raises
    ------
    InputError
        There is no log, it cannot be read, or a newer release wrote it.
    """
    try:
        if place.startswith(DATABASES):
            # the driver takes a part of a second to import
            from scoring_model.decision_log.postgres import DatabaseReader, check_database_url

            check_database_url(place)
            with closing(DatabaseReader(place)) as reader:
                yield reader
        else:
            yield FolderReader(folder_of(place))
    except (LogFormatError, OSError) as error:
        raise InputError(f"decisions: {error}") from error


def check_engine(place: str, engine: str) -> None:
    """Raise `InputError` if an engine cannot read a log.

    Parameters
    ----------
    place : str
        A folder, or the URL of a database.
    engine : {"local", "spark"}
    """
    if engine == "spark" and place.startswith(DATABASES):
        raise InputError("decisions: a database needs engine=local")
