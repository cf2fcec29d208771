"""`open_decision_log`: the decision log of a server."""

from scoring_model.decision_log.decision_log import DecisionLog
from scoring_model.decision_log.log_place import LogSettings, describe_error
from scoring_model.decision_log.segments import LogFormatError
from scoring_model.settings import ServerSettings, to_masked_line


def open_decision_log(settings: ServerSettings) -> DecisionLog | None:
    """Return the log of a server; None if it logs nothing.

    Parameters
    ----------
    settings : ServerSettings

    Raises
    ------
    ValueError
        `DECISION_LOG` cannot be used.
    """
    found = LogSettings.from_server(settings)
    if found is None:
        return None
    try:
        return DecisionLog(found)
    except LogFormatError as error:
        raise ValueError(f"DECISION_LOG: {error}") from error
    except OSError as error:
        reason = describe_error(error)
        raise ValueError(f"DECISION_LOG: {found.folder} cannot be written: {reason}") from error


def describe_log(settings: ServerSettings) -> str:
    """Return what the start of a server says about its log."""
    if not settings.decision_log:
        return "decisions are not logged: DECISION_LOG is not set"
    return f"decisions are logged in {to_masked_line(settings.decision_log)}"
