"""While the server drains, each answer closes its connection; another application may wrap it."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from scoring_model.http import create_app
from scoring_model.http.messages import Asgi, Receive, Scope, Send
from scoring_model.http.server import ScoringApp
from scoring_model.http_protocol import HttpProtocol
from scoring_model.settings import ServerSettings
from tests.scoring_model.http.protocol.test_http_protocol import (
    BODY,
    WHOLE,
    make_head,
    read_to_end,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hostile("a stop while 16 kept connections send requests"),
]

Address = tuple[str, int]


@contextlib.contextmanager
def serve_in_thread(app: Asgi) -> Iterator[Address]:
    """Run a server in a thread until the block ends."""
    config = uvicorn.Config(app, http=HttpProtocol, access_log=False, log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: Address = listener.getsockname()
        thread = threading.Thread(target=asyncio.run, args=(server.serve([listener]),))
        thread.start()
        try:
            wait_until_ready(f"http://127.0.0.1:{address[1]}/ready")
            yield address
        finally:
            server.should_exit = True
            thread.join()


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the server did not start")


@pytest.fixture(scope="module")
def running(
    model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ScoringApp, Address]]:
    """Run a server within this process: only from there can it be told to drain."""
    settings = ServerSettings(
        str(model_folder), metrics_directory=tmp_path_factory.mktemp("metrics"), request_log=False
    )
    app = create_app(settings)
    with serve_in_thread(app) as address:
        yield app, address


@pytest.fixture
def draining(running: tuple[ScoringApp, Address]) -> Iterator[tuple[ScoringApp, Address]]:
    """Give back a server that does not drain."""
    yield running
    running[0].draining = False


def connect(address: Address) -> socket.socket:
    return socket.create_connection(address, timeout=60)


@pytest.mark.parametrize(
    "sent", [WHOLE, WHOLE.replace(b"/predict", b"/predict?explain=true"), make_head(length=0)]
)
def test_each_answer_closes_its_connection(
    sent: bytes, draining: tuple[ScoringApp, Address]
) -> None:
    app, address = draining
    with connect(address) as connection:
        connection.sendall(sent)
        assert b"connection: close" not in connection.recv(65536)
        app.draining = True
        # a connection that is idle stays open until it has had its answer
        time.sleep(1)
        connection.sendall(sent)
        received = read_to_end(connection)
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in received
    assert received.endswith(b"the connection is closed")


def test_the_answer_in_work_closes_its_connection_too(
    draining: tuple[ScoringApp, Address],
) -> None:
    app, address = draining
    array = b"[" + b",".join(900 * [BODY]) + b"]"
    line = "POST /predict?explain=true HTTP/1.1"
    with connect(address) as connection:
        connection.sendall(make_head(length=len(array), line=line) + array)
        time.sleep(0.2)
        app.draining = True
        received = read_to_end(connection)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in received
    assert received.endswith(b"the connection is closed")


def test_an_application_that_another_one_wraps_has_the_limits_of_the_environment(
    running: tuple[ScoringApp, Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_HEADERS", "10")

    async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await running[0](scope, receive, send)

    with serve_in_thread(wrapper) as address:
        for count, status in ((5, b"200"), (15, b"431")):
            with connect(address) as connection:
                connection.sendall(make_head(*(count * ["A: b"])) + BODY)
                assert connection.recv(65536).split()[1] == status
