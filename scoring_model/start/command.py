"""`start`: what `python -m scoring_model` does."""

import contextlib
import errno
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from scoring_model.settings import ServerSettings, read_settings
from scoring_model.start.listening import listen
from scoring_model.start.options import Options, StartError, parse_options

_WRONG = 2


def start(arguments: Sequence[str]) -> int:
    """Check options and settings, and serve until a signal; return the exit status.

    Parameters
    ----------
    arguments : sequence of str
        The arguments of the command line.
    """
    # until the server handles these signals itself
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_early)
    with contextlib.ExitStack() as stack:
        try:
            options = parse_options(arguments)
            settings = read_settings(os.environ)
            if settings.keys_file is not None:
                _check_keys(settings.keys_file)
            if settings.decision_log:
                _check_log(settings)
            opened = stack.enter_context(listen(options, settings))
        except (StartError, ValueError) as error:
            sys.stderr.write(f"error: {error}\n")
            return _WRONG
        _share_folder(settings, stack)
        sys.stderr.write(f"starting on {_name(options)}; Ctrl+C stops the server\n")
        # uvicorn is imported only now, so that an error is shown at once
        if options.workers > 1:
            from scoring_model.start.workers import run_workers

            return run_workers(options, settings, opened)
        from scoring_model.start.draining_server import DrainingServer

        DrainingServer(options, settings, stack.close).run([opened])
    return 0


def _check_keys(path: Path) -> None:
    # imported only here: it takes a second, and most starts need it in the workers only
    from scoring_model.http.guard import KeysFile

    KeysFile(path).read()


def _check_log(settings: ServerSettings) -> None:
    # imported only here, as above; it raises `ValueError`
    from scoring_model.decision_log import open_decision_log

    open_decision_log(settings)


def _end_early(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _share_folder(settings: ServerSettings, stack: contextlib.ExitStack) -> None:
    """Make a private folder for what all workers count, unless the user has named one.

    It holds the metrics, and also the limits of keys, which need it even without metrics.
    """
    if settings.metrics_directory is not None:
        return
    try:
        folder = tempfile.mkdtemp(prefix="scoring-metrics-")
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        sys.stderr.write(f"no temporary folder: each worker counts for itself ({reason})\n")
        return
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def _name(options: Options) -> str:
    scheme = "https" if options.ssl_certfile else "http"
    host = f"[{options.host}]" if ":" in options.host else options.host
    return str(options.uds or f"{scheme}://{host}:{options.port}")
