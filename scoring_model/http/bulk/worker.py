"""`run_worker`: what a child process does. It answers large requests one by one."""

import contextlib
import fcntl
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scoring_model.decision_log import DecisionLog, LogSettings, Origin, VersionName
from scoring_model.errors import ArtifactError, FeatureError, ScoringError
from scoring_model.features import ApplicantFeatures
from scoring_model.http.answers import (
    RequestLimits,
    answer_invocation,
    log_many,
    make_warning_headers,
    predict_many,
)
from scoring_model.http.bulk.frames import BulkAnswer, BulkTask, Frame, receive_frame
from scoring_model.http.bulk.priority import lower_priority
from scoring_model.http.messages import error_reply
from scoring_model.version import Scorer, TimedScoring, check_scorer, make_scorer

# the scoring itself looks at the clock between its steps; the alarm stops everything else
_ALARM_SECONDS = 1.0
# memory to load and check a version: enough for the largest booster, not for what SQL can ask for
_LOAD_BYTES = 2 << 30


def run_worker(descriptor: int) -> None:
    """Load the version that the server sends, then answer its requests until it has gone.

    Parameters
    ----------
    descriptor : int
        The socket to the server.
    """
    # only the server ends this process: a signal to all processes must not end an open request
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    lower_priority()
    with (
        socket.socket(fileno=descriptor) as connection,
        # the server has gone
        contextlib.suppress(EOFError, ConnectionError),
    ):
        worker = _load(connection)
        if worker is not None:
            with contextlib.closing(worker):
                _serve(worker, connection)


def _serve(worker: "_Worker", connection: socket.socket) -> None:
    """Answer requests until the server has gone, or this process must end."""
    goes_on = True
    while goes_on:
        frame = receive_frame(connection)
        seconds = frame.head["seconds"]
        with _alarm(seconds):
            with _ends_with_server(connection):
                answer = worker.answer(BulkTask.from_frame(frame), seconds)
            del frame
            answer.to_frame().send(connection)
        goes_on = not answer.is_last


def _load(connection: socket.socket) -> "_Worker | None":
    """Return the worker for the version that the server sends, or None if it is refused."""
    head, (content,), _ = receive_frame(connection)
    worker, problem = None, ""
    with _alarm(head["seconds"]):
        try:
            files = _split(content, dict(zip(head["names"], head["sizes"], strict=True)))
            worker = _Worker(files, head["version"], RequestLimits(*head["limits"]))
            if head["log"] is not None:
                worker.log_decisions(LogSettings(*head["log"]), VersionName(*head["name"]))
        except ScoringError as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001  # any error in the content of a file
            problem = f"the version cannot be loaded: {type(error).__name__}"
    Frame({"problem": problem}).send(connection)
    return worker


def _split(content: bytes, sizes: Mapping[str, int]) -> dict[str, bytes]:
    files, start = {}, 0
    for name, size in sizes.items():
        files[name] = content[start : start + size]
        start += size
    return files


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Let the system end this process if the block takes longer, even if the server has gone."""
    signal.setitimer(signal.ITIMER_REAL, seconds + _ALARM_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)


@contextlib.contextmanager
def _ends_with_server(connection: socket.socket) -> Iterator[None]:
    """Let the system end this process if the server goes away during the block.

    The server sends nothing while it waits for an answer. So the signal (SIGIO) can only mean that
    its end of the connection is closed. On Linux its default action ends the process; elsewhere the
    alarm does, later.
    """
    flags = fcntl.fcntl(connection, fcntl.F_GETFL)
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, flags | os.O_ASYNC)
    yield
    fcntl.fcntl(connection, fcntl.F_SETFL, flags)


class _Worker:
    """Answers requests with one version, within limits of time and memory."""

    def __init__(self, files: Mapping[str, bytes], version: str, limits: RequestLimits) -> None:
        _limit_memory(_LOAD_BYTES)
        self._scorer = make_scorer(files, version)
        check_scorer(files, self._scorer)
        self._histories = _prepare_histories(self._scorer)
        self._limits = limits
        self._log: DecisionLog | None = None
        self._name: VersionName | None = None
        # the version stays for long, so the garbage collector need not scan it each time
        gc.collect()
        gc.freeze()
        _limit_memory(limits.memory_bytes)

    def log_decisions(self, settings: LogSettings, name: VersionName) -> None:
        """Log the decisions from now on, into a part of the log that is this process's own."""
        self._log, self._name = DecisionLog(settings), name

    def close(self) -> None:
        """Seal the part of the log."""
        if self._log is not None:
            self._log.close()

    def answer(self, task: BulkTask, seconds: float) -> BulkAnswer:
        scoring = TimedScoring(time.monotonic() + seconds, is_logged=task.asked is not None)
        try:
            content = self._answer(task, scoring)
            ids = self._log_all(task, scoring)
        except ScoringError as error:
            reply = error_reply(error)
            return BulkAnswer(reply.status, reply.body)
        except MemoryError:
            reply = error_reply(self._limits.memory_error())
            # a new process starts with all its memory
            return BulkAnswer(reply.status, reply.body, is_last=True)
        except Exception as error:  # noqa: BLE001  # its text may contain an applicant's value
            reply = error_reply(ScoringError("the request could not be answered"))
            return BulkAnswer(reply.status, reply.body, fault=type(error).__name__)
        rows = scoring.rows
        unseen = rows.count_unseen() if rows else {}
        # an answer of `/predict` holds its warnings itself
        notices = rows.notices if rows and task.media_type is not None else ()
        headers = make_warning_headers(notices)
        return BulkAnswer(200, content, scoring.decisions, unseen, headers, ids=ids)

    def _log_all(self, task: BulkTask, scoring: TimedScoring) -> Sequence[str]:
        """Log the decisions of a request; return their ids."""
        asked, log, name = task.asked, self._log, self._name
        if asked is None or log is None or name is None:
            return ()
        decided = log_many(log.values, self._scorer.contract, scoring, asked.reference)
        ids = log.add_many(Origin(name, asked.route, asked.key), decided)
        return ids if log.commit() else ()

    def _answer(self, task: BulkTask, scoring: TimedScoring) -> bytes:
        scorer, limits, body = self._scorer, self._limits, b"".join(task.body)
        if task.media_type is not None:
            return answer_invocation(scorer, task.media_type, body, limits, scoring)
        return predict_many(scorer, self._histories, body, limits, scoring, task.explanation)


def _prepare_histories(scorer: Scorer) -> ApplicantFeatures | None:
    if scorer.features is None:
        return None
    try:
        return ApplicantFeatures(scorer.features, scorer.contract)
    except FeatureError as error:
        raise ArtifactError(f"the SQL of the version cannot be run: {error}") from error


def _limit_memory(more: int) -> None:
    """Let this process take only so many bytes more than it has now; on Linux only."""
    if sys.platform != "linux":
        return
    import resource

    [line] = [
        line
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmData:")
    ]
    most = int(line.split()[1]) * 1024 + more
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    if allowed == resource.RLIM_INFINITY or most < allowed:
        resource.setrlimit(resource.RLIMIT_DATA, (most, allowed))
