"""`BulkChild`: a child process that answers large requests, seen from the server."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import scoring_model
from scoring_model.decision_log import LogSettings
from scoring_model.errors import ArtifactError, TooSlow
from scoring_model.http.answers import RequestLimits
from scoring_model.http.bulk.frames import BulkAnswer, BulkTask, Frame, receive_frame
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import write_event
from scoring_model.version import VersionContent

# the child's own alarm comes first; this ends one that does not even obey its alarm
_GRACE_SECONDS = 3.0
_END_SECONDS = 5.0
_BUFFER_BYTES = 1 << 20
_ROOT = str(Path(scoring_model.__file__).parents[1])
_RUNNING: "set[BulkChild]" = set()


class BulkChild:
    """A child process with a version in it, which answers one request at a time.

    Parameters
    ----------
    content : VersionContent
    settings : ServerSettings

    Raises
    ------
    ArtifactError
        The version fails a check, ends the process, or takes too long to load.
    """

    def __init__(self, content: VersionContent, settings: ServerSettings) -> None:
        self._limits = RequestLimits.from_settings(settings)
        self._log = LogSettings.from_server(settings)
        self._connection, theirs = socket.socketpair()
        with theirs:
            for end in (self._connection, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
            command = [sys.executable, "-P", "-m", "scoring_model.http.bulk", str(theirs.fileno())]
            self._process = subprocess.Popen(  # noqa: S603  # nothing in it comes from a caller
                command,
                env=_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # what a library prints may hold a value or a path, and nobody may read the pipe
                stderr=subprocess.DEVNULL,
                # a signal to the server's group must not end a request that is being answered; in
                # a session of its own it would get as much of the processor as the server
                process_group=0,
            )
        _RUNNING.add(self)
        try:
            self._load(content, settings.load_seconds)
        except BaseException:
            self.end()
            raise

    def _load(self, content: VersionContent, seconds: float) -> None:
        files = content.files
        head = {
            "version": content.version,
            "names": list(files),
            "sizes": list(map(len, files.values())),
            "limits": list(self._limits),
            "seconds": seconds,
            "log": None if self._log is None else list(self._log),
            "name": list(content.name),
        }
        self._connection.settimeout(seconds)
        try:
            Frame(head, list(files.values())).send(self._connection)
            problem = receive_frame(self._connection).head["problem"]
        except TimeoutError as error:
            raise ArtifactError(
                f"the version must be loaded and checked within {seconds} seconds"
                " (MODEL_LOAD_SECONDS)"
            ) from error
        except (EOFError, OSError) as error:
            raise ArtifactError(
                f"loading the version ended the process that tried it ({self._find_cause()})"
            ) from error
        if problem:
            raise ArtifactError(problem)

    def ask(self, task: BulkTask, deadline: float) -> BulkAnswer:
        """Have a request answered; after any error the child must be ended.

        Parameters
        ----------
        task : BulkTask
        deadline : float
            When the time limit has passed, on the clock of `time.monotonic`.

        Raises
        ------
        TooSlow
            The time limit has passed, and the work has been stopped.
        TooLarge
            The request took more memory than it may, or ended the process in another way.
        """
        seconds = max(deadline - time.monotonic(), 0.0)
        self._connection.settimeout(seconds + _GRACE_SECONDS)
        try:
            task.to_frame(seconds).send(self._connection)
            return BulkAnswer.from_frame(receive_frame(self._connection))
        except TimeoutError as error:
            raise TooSlow from error
        except (EOFError, OSError) as error:
            cause = self._find_cause()
            if cause == signal.SIGALRM.name:
                raise TooSlow from error
            write_event("error", f"a large request ended its process ({cause})")
            raise self._limits.memory_error() from error

    def _find_cause(self) -> str:
        """Return the signal that ended the process, or its exit status."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its connection"
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def is_running(self) -> bool:
        """Return whether the process has not ended."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process at once, whatever it does."""
        _RUNNING.discard(self)
        self._process.kill()
        self._process.wait()
        self._connection.close()


def end_children() -> None:
    """End all child processes of this process, when the server ends."""
    for child in list(_RUNNING):
        child.end()


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]),
        # other allocators reserve a gigabyte at once, which the limit of memory would count
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        # threads would only take memory: a child works on one request at a time
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
