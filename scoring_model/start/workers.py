"""`run_workers`: several workers on one socket, and the parent that looks after them."""

import multiprocessing
import signal
import sys
import time
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from socket import socket
from types import FrameType

from uvicorn.config import STARTUP_FAILURE

from scoring_model.settings import ServerSettings
from scoring_model.start.draining_server import DrainingServer
from scoring_model.start.options import Options

_TICK_SECONDS = 0.2
# a worker that cannot live would otherwise be replaced without end and without pause
_PAUSE_SECONDS = 1.0


def run_workers(options: Options, settings: ServerSettings, opened: socket) -> int:
    """Run the workers until a signal; return the exit status.

    A worker that ends by itself is replaced. If it could not start, all workers are stopped.
    """
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    # a new process, not a copy of this one, as a copy would share its threads and locks
    context = multiprocessing.get_context("spawn")
    workers: list[BaseProcess] = []
    status = 0
    while not signals and status == 0:
        for worker in [worker for worker in workers if not worker.is_alive()]:
            sys.stderr.write(f"worker {worker.pid} ended with status {worker.exitcode}\n")
            workers.remove(worker)
            if worker.exitcode == STARTUP_FAILURE:
                status = STARTUP_FAILURE
            time.sleep(_PAUSE_SECONDS)
        while len(workers) < options.workers and status == 0:
            workers.append(context.Process(target=_serve, args=(options, settings, opened)))
            workers[-1].start()
        wait([worker.sentinel for worker in workers], _TICK_SECONDS)
    # when the workers have closed it too, nobody can connect any more
    opened.close()
    return _stop(workers, signals) or status


def _stop(workers: list[BaseProcess], signals: list[int]) -> int:
    """Let the workers drain and end; end them at once on a second signal."""
    for worker in workers:
        worker.terminate()
    while any(worker.is_alive() for worker in workers):
        if len(signals) > 1:
            for worker in workers:
                worker.kill()
        wait([worker.sentinel for worker in workers if worker.is_alive()], _TICK_SECONDS)
    return 128 + signals[1] if len(signals) > 1 else 0


def _serve(options: Options, settings: ServerSettings, opened: socket) -> None:
    # until the server handles it: Ctrl+C reaches every process of a terminal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    DrainingServer(options, settings).run([opened])
