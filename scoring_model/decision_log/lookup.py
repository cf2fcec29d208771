"""`look_up`: all that a log has about one decision."""

from pathlib import Path
from typing import Any

import orjson

from scoring_model.decision_log.log_place import DATABASES
from scoring_model.decision_log.reading import FolderReader, LoggedPair
from scoring_model.decision_log.segments import LogFormatError
from scoring_model.errors import LogUnavailable


def look_up(folder: Path, place: str, identifier: str) -> dict[str, object] | None:
    """Return all that a log has about a decision.

    Parameters
    ----------
    folder : Path
        The log, or the spool of its database.
    place : str
        What `DECISION_LOG` names.
    identifier : str

    Returns
    -------
    dict or None
        The fields of the record and, unless they are erased, those of the personal part; `shadow`,
        if another version has scored too. None if there is no such decision.

    Raises
    ------
    LogUnavailable
        The log cannot be read, or the decision is damaged.
    """
    try:
        (record, personal), shadow = _find(folder, place, identifier)
        if record is None:
            return None
        found: dict[str, object] = orjson.loads(record)
        values: dict[str, object] = {}
        if personal is not None:
            erased = personal.erased
            values = {"erased": erased} if erased else orjson.loads(personal.values)
    except (LogFormatError, OSError) as error:
        raise LogUnavailable("the decision log cannot be read") from error
    except ValueError as error:
        raise LogUnavailable("the decision is damaged: run python -m monitoring verify") from error
    return found | ({"shadow": shadow} if shadow else {}) | values


def _find(folder: Path, place: str, identifier: str) -> tuple[LoggedPair, dict[str, Any] | None]:
    if place.startswith(DATABASES):
        from scoring_model.decision_log.postgres import find_decision

        return find_decision(folder, place, identifier)
    reader = FolderReader(folder)
    return reader.find(identifier), reader.find_shadow(identifier)
