"""`erase_decisions`: erases decisions, wherever the log is stored."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from monitoring.decisions import open_decisions
from monitoring.erasure.choices import Choice
from monitoring.erasure.erasure import Erasure
from monitoring.erasure.folder import erase_in_folder
from scoring_model.decision_log import DATABASES


def erase_decisions(place: str, choice: Choice, say: Callable[[str], None]) -> Erasure:
    """Erase the values and the salt of decisions.

    It may run while the log is being written, and again after it was interrupted.

    Parameters
    ----------
    place : str
        What `DECISION_LOG` of the server names.
    choice : Choice
    say : callable
        Called with a line about each repair of the log.

    Raises
    ------
    InputError
        There is no such log, or it cannot be written.
    """
    # first: what cannot be read is reported in the same way for every command
    with open_decisions(place):
        if place.startswith(DATABASES):
            return _erase_in_database(place, choice)
        day = datetime.now(UTC).date().isoformat()
        return erase_in_folder(Path(place), choice, day, say)


def _erase_in_database(url: str, choice: Choice) -> Erasure:
    from scoring_model.decision_log.postgres import erase_rows

    erased, before = erase_rows(
        url, reference=choice.reference, digest=choice.digest, before=choice.before
    )
    return Erasure(erased, before)
