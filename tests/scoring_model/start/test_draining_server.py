"""A server that stops tells its callers first, and loses no request."""

import contextlib
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, start_server
from tests.scoring_model.start.callers import ONE, WAIT_SECONDS, busy_callers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hostile("a stop while 16 kept connections send requests"),
]


@contextlib.contextmanager
def start_draining(
    model_folder: Path, folder: Path, seconds: int, *options: str
) -> Iterator[Server]:
    """Start a server whose temporary files lie in the folder `temporary`."""
    temporary = folder / "temporary"
    temporary.mkdir()
    environment = {"DRAIN_SECONDS": str(seconds), "TMPDIR": str(temporary)}
    with start_server(model_folder, folder, environment, options) as running:
        assert list(temporary.glob("scoring-metrics-*"))
        yield running


def ask_ready(server: Server) -> httpx.Response:
    with server.another_client() as http:
        return http.get("/ready")


def wait_until_draining(server: Server) -> httpx.Response:
    deadline = time.monotonic() + WAIT_SECONDS
    while (answer := ask_ready(server)).status_code == 200:
        assert time.monotonic() < deadline
    return answer


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_no_request_of_sixteen_kept_connections_is_lost(
    sent: signal.Signals, model_folder: Path, tmp_path: Path
) -> None:
    with start_draining(model_folder, tmp_path, 1) as server:
        with busy_callers(server.address) as callers:
            server.process.send_signal(sent)
        assert [caller.error for caller in callers if caller.error] == []
        assert all(caller.was_told for caller in callers)
        assert server.process.wait(WAIT_SECONDS) == 0
    assert list((tmp_path / "temporary").glob("scoring-metrics-*")) == []


def test_a_draining_server_says_so_and_still_answers(model_folder: Path, tmp_path: Path) -> None:
    with start_draining(model_folder, tmp_path, 5) as server:
        server.process.terminate()
        answer = wait_until_draining(server)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "draining"
        for path in ("/ping", "/health"):
            with server.another_client() as client:
                answer = client.get(path)
            assert answer.status_code == 200
            assert answer.headers["connection"] == "close"
        for body in (EXAMPLE, [EXAMPLE], {}):
            with server.another_client() as client:
                answer = client.post("/predict", json=body)
            assert answer.status_code == (200 if body else 400)
            assert answer.headers["connection"] == "close"
        assert server.process.wait(WAIT_SECONDS) == 0
        with pytest.raises(httpx.ConnectError):
            ask_ready(server)


@contextlib.contextmanager
def begin_request(server: Server) -> Iterator[socket.socket]:
    """Send the head of a request and the first bytes of its body, which is `ONE`."""
    head = (
        "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(ONE)}\r\n\r\n"
    )
    with socket.create_connection(server.address, timeout=WAIT_SECONDS) as connection:
        connection.sendall(head.encode() + ONE[:10].encode())
        # the server has read it when it answers a later request
        ask_ready(server)
        yield connection


def read_answer(connection: socket.socket) -> tuple[int, str]:
    """Return status and body of the last answer of a connection."""
    with contextlib.closing(http.client.HTTPResponse(connection)) as answer:
        answer.begin()
        assert answer.getheader("connection") == "close"
        return answer.status, answer.read().decode()


def test_a_request_in_work_is_finished_after_the_socket_is_closed(
    model_folder: Path, tmp_path: Path
) -> None:
    with (
        start_draining(model_folder, tmp_path, 0) as server,
        begin_request(server) as connection,
    ):
        server.process.terminate()
        while is_listening(server):
            time.sleep(0.01)
        connection.sendall(ONE[10:].encode())
        assert read_answer(connection)[0] == 200
        assert server.process.wait(WAIT_SECONDS) == 0


@pytest.mark.slow
def test_a_request_that_takes_too_long_does_not_hold_the_end(
    model_folder: Path, tmp_path: Path
) -> None:
    with (
        start_draining(model_folder, tmp_path, 0) as server,
        begin_request(server) as connection,
    ):
        server.process.terminate()
        status, body = read_answer(connection)
        assert status == 503
        assert '"code":"draining"' in body
        assert server.process.wait(WAIT_SECONDS) == 0
        assert "Traceback" not in server.log.read_text()


def is_listening(server: Server) -> bool:
    try:
        socket.create_connection(server.address, timeout=WAIT_SECONDS).close()
    except ConnectionError:
        return False
    return True


def test_a_second_signal_ends_the_server_at_once(model_folder: Path, tmp_path: Path) -> None:
    with start_draining(model_folder, tmp_path, 600) as server:
        server.process.terminate()
        wait_until_draining(server)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        server.process.terminate()
        assert server.process.wait(WAIT_SECONDS) == 128 + signal.SIGTERM
    assert list((tmp_path / "temporary").glob("scoring-metrics-*")) == []
