"""`take_over_output`: whatever the process would write goes through the server's log."""

import logging
import os
import sys
import threading

from scoring_model.telemetry.log_queue import write_event

# their messages name no caller's value; those of other libraries may
_TRUSTED = ("scoring_model", "uvicorn")


class EventHandler(logging.Handler):
    """Writes messages of Python's logging as events of the server.

    A library other than uvicorn gives its name only: its text may repeat a caller's column
    names, or hold a path.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        message = f"a message of {record.name}"
        if record.name.partition(".")[0] in _TRUSTED:
            try:
                message = record.getMessage().strip()
            except (TypeError, ValueError):
                message += " with wrong arguments"
        write_event(record.levelname.lower(), message)


def take_over_output() -> None:
    """Send the messages of all libraries to the log, which never waits for its reader.

    Standard error may be a pipe that nobody reads, and a write to it would then stop the server.
    """
    # without this, MLflow gives its loggers a handler of their own when it is imported
    os.environ["MLFLOW_CONFIGURE_LOGGING"] = "false"
    logging.captureWarnings(capture=True)
    # the server writes one JSON line per request instead of uvicorn's line
    access_log, root = logging.getLogger("uvicorn.access"), logging.getLogger()
    loggers = [
        item for item in root.manager.loggerDict.values() if isinstance(item, logging.Logger)
    ]
    for logger in (root, *loggers):
        logger.handlers.clear()
        logger.propagate = logger is not access_log
    root.addHandler(EventHandler())
    # progress bars and what else is printed
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.excepthook = lambda kind, *_: _report(kind)
    threading.excepthook = lambda hook: _report(hook.exc_type)
    sys.unraisablehook = lambda hook: _report(hook.exc_type)


def _report(kind: type[BaseException]) -> None:
    write_event("error", f"{kind.__name__} outside any request, which is a bug")
