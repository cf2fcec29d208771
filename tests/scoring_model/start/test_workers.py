"""Several workers share a socket and a folder of metrics, and drain together."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.scoring_model.processes import Server, wait_until
from tests.scoring_model.start.callers import WAIT_SECONDS, busy_callers
from tests.scoring_model.start.test_draining_server import (
    ask_ready,
    is_listening,
    start_draining,
    wait_until_draining,
)

# these start servers of their own, and wait for limits to pass
pytestmark = pytest.mark.slow


def workers_of(server: Server) -> list[psutil.Process]:
    """Return the processes of the server that hold its socket, but not their parent."""
    port = server.address[1]
    found = []
    for child in psutil.Process(server.process.pid).children():
        listened = [c.laddr.port for c in child.net_connections() if c.status == "LISTEN"]
        found += [child] if port in listened else []
    return found


def both_are_ready(server: Server) -> bool:
    """Return whether two workers have loaded the model, by the lines of their log."""
    return server.log.read_text().count('"event":"loaded"') >= 2 and len(workers_of(server)) == 2


@pytest.mark.hostile("a stop while 16 kept connections send requests")
@pytest.mark.parametrize("group", [False, True], ids=["to the parent", "to every process"])
def test_two_workers_drain_and_lose_no_request(
    group: bool, model_folder: Path, tmp_path: Path
) -> None:
    with start_draining(model_folder, tmp_path, 1, "--workers", "2") as server:
        wait_until(lambda: both_are_ready(server))
        everyone = [server.process.pid, *(worker.pid for worker in workers_of(server))]
        with busy_callers(server.address) as callers:
            # a platform such as Heroku sends the signal to every process
            for pid in everyone if group else everyone[:1]:
                os.kill(pid, signal.SIGTERM)
            assert wait_until_draining(server).json()["error"]["code"] == "draining"
        assert [caller.error for caller in callers if caller.error] == []
        assert server.process.wait(WAIT_SECONDS) == 0
    assert list((tmp_path / "temporary").glob("scoring-metrics-*")) == []


@pytest.mark.hostile("a worker or its parent that is killed")
def test_a_worker_that_is_killed_is_replaced_and_a_second_signal_ends_all(
    model_folder: Path, tmp_path: Path
) -> None:
    with start_draining(model_folder, tmp_path, 600, "--workers", "2") as server:
        wait_until(lambda: both_are_ready(server))
        assert server.http.get("/metrics").text.count("scoring_model_loaded_timestamp") >= 1
        first, second = workers_of(server)
        first.kill()
        wait_until(lambda: first not in workers_of(server) and len(workers_of(server)) == 2)
        assert second in workers_of(server)
        wait_until(lambda: ask_ready(server).status_code == 200)
        server.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        server.process.terminate()
        assert server.process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
        assert not is_listening(server)


@pytest.mark.hostile("a worker or its parent that is killed")
def test_workers_end_when_their_parent_is_killed(model_folder: Path, tmp_path: Path) -> None:
    with start_draining(model_folder, tmp_path, 0, "--workers", "2") as server:
        wait_until(lambda: both_are_ready(server))
        workers = workers_of(server)
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(worker.is_running() for worker in workers))
        assert not is_listening(server)
