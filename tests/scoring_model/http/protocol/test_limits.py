"""No client can hold a connection, fill the memory, or keep others out."""

import contextlib
import http.client
import itertools
import json
import resource
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.scoring_model.http.protocol.test_http_protocol import (
    BODY,
    WHOLE,
    make_head,
    read_to_end,
)
from tests.scoring_model.processes import START, UVICORN, Server, start_server, wait_until
from tests.scoring_model.telemetry.test_telemetry import events

# these start servers of their own, and wait for limits to pass
pytestmark = pytest.mark.slow

HEADER_BYTES, HEADERS, BODY_BYTES = 4096, 20, 100_000
LIMITS = {
    "MAX_HEADER_BYTES": str(HEADER_BYTES),
    "MAX_HEADERS": str(HEADERS),
    "MAX_BODY_BYTES": str(BODY_BYTES),
    "HEADER_SECONDS": "2",
    "KEEP_ALIVE_SECONDS": "4",
    "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "3",
    "MAX_CONNECTIONS": "20",
}
# far longer than any limit: a test that waits so long has failed
DEADLINE_SECONDS = 60.0
READY = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = (
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def strict(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with low limits."""
    with start_server(model_folder, tmp_path_factory.mktemp("strict"), LIMITS) as server:
        yield server


def connect(server: Server) -> socket.socket:
    return socket.create_connection(server.address, timeout=DEADLINE_SECONDS)


def send_without_end(connection: socket.socket, part: bytes, most: int = 100_000_000) -> int:
    """Send a part again and again until the server answers or closes; return the bytes sent."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < most and not select.select([connection], [], [], 0)[0]:
            sent += connection.send(part)
    return sent


ENDLESS = {
    "path": (b"GET /", b"a" * 1000),
    "header": (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: ", b"a" * 1000),
    "name of a header": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"a" * 1000),
    "headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", 99 * b"A: b\r\n"),
    "blank lines": (b"", b"\r\n" * 500),
    "trailer": (CHUNKED + b"2\r\n{}\r\n0\r\nA: ", b"a" * 1000),
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"A: b\r\n" * 99),
    "extension of a chunk": (CHUNKED + b"2;", b"a" * 1000),
    "header after a request": (WHOLE + b"GET / HTTP/1.1\r\nHost: localhost\r\nA: ", b"a" * 1000),
}


@pytest.mark.hostile("a header, a path or a trailer that never ends")
@pytest.mark.parametrize(("start", "part"), ENDLESS.values(), ids=list(ENDLESS))
def test_what_never_ends_is_refused(start: bytes, part: bytes, strict: Server) -> None:
    process = psutil.Process(strict.process.pid)
    before = process.memory_info().rss
    with connect(strict) as connection:
        connection.sendall(start)
        if start.startswith(WHOLE):
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        sent = send_without_end(connection, part)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(65536).startswith(b"HTTP/1.1 431 ")
    assert sent < 20_000_000
    assert process.memory_info().rss - before < 20e6
    assert strict.http.get("/ready").status_code == 200


@pytest.mark.hostile("too many headers, or too long ones")
def test_the_limits_of_a_head_are_exact(strict: Server) -> None:
    rest = HEADER_BYTES - len(make_head("A: "))
    for more, status in ((0, b"200"), (100, b"431")):
        with connect(strict) as connection:
            connection.sendall(make_head("A: " + (rest + more) * "a") + BODY)
            assert connection.recv(65536).split()[1] == status
    for count, status in ((HEADERS, b"200"), (HEADERS + 1, b"431")):
        with connect(strict) as connection:
            connection.sendall(make_head(*((count - 3) * ["A: b"])) + BODY)
            assert connection.recv(65536).split()[1] == status


@pytest.mark.hostile("too many headers, or too long ones")
def test_a_body_does_not_count_as_head(strict: Server) -> None:
    body = BODY + b" " * (10 * HEADER_BYTES)
    head = make_head(length=len(body))
    for parts in ((head + body,), (head[:40], head[40:] + body), (head + body + head, body)):
        with connect(strict) as connection:
            for part in parts:
                connection.sendall(part)
            answers = connection.recv(65536)
            assert answers.startswith(b"HTTP/1.1 200 ")
            assert b" 431 " not in answers


def seconds_until_closed(connection: socket.socket, trickle: bytes = b"") -> tuple[float, bytes]:
    """Return the seconds until the server closes, and what it sends; send a byte now and then."""
    started, received = time.monotonic(), b""
    connection.settimeout(0.2)
    while time.monotonic() < started + DEADLINE_SECONDS:
        try:
            part = connection.recv(65536)
        except TimeoutError:
            if trickle:
                with contextlib.suppress(ConnectionError):
                    connection.send(trickle[:1])
                trickle = trickle[1:]
            continue
        if not part:
            return time.monotonic() - started, received
        received += part
    raise TimeoutError("the server did not close the connection")


@pytest.mark.hostile("connections that say nothing")
def test_a_connection_that_says_nothing_is_closed_without_an_answer(strict: Server) -> None:
    with connect(strict) as connection:
        seconds, received = seconds_until_closed(connection)
    assert received == b""
    assert seconds >= 1.9


@pytest.mark.hostile("headers that come byte by byte")
@pytest.mark.parametrize("before", [b"", WHOLE], ids=["first", "next"])
@pytest.mark.parametrize(
    "trickle", [b"", 100 * b"a", 100 * b"\n"], ids=["silence", "one by one", "blank lines"]
)
def test_a_head_that_does_not_end_gets_408(before: bytes, trickle: bytes, strict: Server) -> None:
    with connect(strict) as connection:
        if before:
            connection.sendall(before)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        start = b"\n" if trickle.startswith(b"\n") else b"GET / HTTP/1.1\r\nHost: localhost\r\nA: "
        connection.sendall(start)
        seconds, received = seconds_until_closed(connection, trickle)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in received
    # the limit counts from the first byte, and not from the last one
    assert 1.9 <= seconds < DEADLINE_SECONDS / 2


@pytest.mark.hostile("connections that say nothing")
def test_a_kept_connection_is_closed_after_a_while(strict: Server) -> None:
    with connect(strict) as connection:
        for _ in range(3):
            connection.sendall(WHOLE)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            # longer than the limit of a head
            time.sleep(2.5)
        connection.sendall(READY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        seconds, received = seconds_until_closed(connection)
    assert received == b""
    assert seconds >= 3.9


@pytest.mark.hostile("a body that trickles in and never ends")
def test_a_body_that_trickles_in_ends_at_the_time_limit(strict: Server) -> None:
    with connect(strict) as connection:
        connection.sendall(make_head() + BODY[:10])
        _, received = seconds_until_closed(connection, 300 * b" ")
    assert received.startswith(b"HTTP/1.1 504 ")
    assert b"connection: close" in received


def peers_of(server: Server) -> set[int]:
    """Return the ports of the clients whose connections the server holds."""
    connections = psutil.Process(server.process.pid).net_connections()
    return {connection.raddr.port for connection in connections if connection.raddr}


@pytest.mark.hostile("a client that reads no answer")
def test_a_client_that_reads_nothing_is_cut_off(strict: Server) -> None:
    array = b"[" + b",".join(100 * [BODY]) + b"]"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(strict.address)
        connection.settimeout(1)
        request = make_head(length=len(array)) + array
        with contextlib.suppress(TimeoutError):
            for _ in range(2000):
                connection.sendall(request)
        port = connection.getsockname()[1]
        assert port in peers_of(strict)
        wait_until(lambda: port not in peers_of(strict))


def open_silent(server: Server, count: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    """Open silent connections, and wait until the server has accepted them."""
    silent = [stack.enter_context(connect(server)) for _ in range(count)]
    assert ask_ready(stack.enter_context(connect(server)))
    return silent


def ask_ready(connection: socket.socket) -> bool:
    connection.sendall(READY)
    return connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.hostile("more connections than the limit")
def test_the_connection_that_is_silent_longest_makes_room(strict: Server) -> None:
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(connect(strict))
        assert ask_ready(kept)
        silent = open_silent(strict, 15, stack)
        assert ask_ready(kept)
        silent += open_silent(strict, 15, stack)
        assert silent[0].recv(65536) == b""
        assert ask_ready(kept)
        assert len(peers_of(strict)) <= 20


@pytest.mark.hostile("more connections than the limit")
def test_a_connection_with_a_request_in_work_is_closed_last(strict: Server) -> None:
    array = b"[" + b",".join(230 * [BODY]) + b"]"
    line = "POST /predict?explain=true HTTP/1.1"
    with contextlib.ExitStack() as stack:
        working = stack.enter_context(connect(strict))
        working.sendall(make_head(length=len(array), line=line) + array)
        # it has no answer yet when others have taken all places
        open_silent(strict, 40, stack)
        assert not select.select([working], [], [], 0)[0]
        assert working.recv(65536).startswith(b"HTTP/1.1 200 ")


@contextlib.contextmanager
def most_files(count: int) -> Iterator[None]:
    """Let processes that are started in the block open so many files only."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.hostile("3,300 silent connections under ulimit -n 1024")
@pytest.mark.parametrize(
    "program", [START, (*UVICORN, "--loop", "asyncio")], ids=["start command", "asyncio"]
)
@pytest.mark.usefixtures("many_files")
def test_silent_connections_keep_no_probe_out(
    program: tuple[str, ...], model_folder: Path, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        with most_files(1024):
            entered = start_server(model_folder, tmp_path, program=program)
            server = stack.enter_context(entered)
        for _ in range(3):
            for _ in range(1100):
                stack.enter_context(connect(server))
            for path in ("/ping", "/ready"):
                with server.another_client() as client:
                    assert client.get(path).status_code == 200
        assert psutil.Process(server.process.pid).num_fds() < 1024
        started = [event["message"] for event in events(server) if event["event"] == "start"]
        assert any(text.startswith("MAX_CONNECTIONS is 824:") for text in started)


UNREAD = {
    "too large": (("POST", "/predict", "application/json"), 413),
    "wrong type": (("POST", "/predict", "text/plain"), 415),
    "no such path": (("POST", "/nothing", "application/json"), 404),
    "wrong method": (("PUT", "/predict", "application/json"), 405),
}


@pytest.mark.hostile("a body that goes on after the error")
@pytest.mark.parametrize(("call", "status"), UNREAD.values(), ids=list(UNREAD))
def test_an_error_reaches_a_client_that_is_still_sending(
    call: tuple[str, str, str], status: int, strict: Server
) -> None:
    method, path, media_type = call
    for size in (BODY_BYTES + 1, 2 * BODY_BYTES):
        client = http.client.HTTPConnection(*strict.address, timeout=DEADLINE_SECONDS)
        with contextlib.closing(client):
            client.putrequest(method, path)
            client.putheader("Content-Type", media_type)
            client.putheader("Content-Length", str(size))
            client.endheaders()
            for _ in range(0, size, 50_000):
                client.send(b" " * 50_000)
                time.sleep(0.01)
            answer = client.getresponse()
            assert answer.status == status
            assert answer.headers["Connection"] == "close"
            assert "error" in json.loads(answer.read())


@pytest.mark.hostile("a body that goes on after the error")
@pytest.mark.parametrize("trickle", [b"", 1000 * b" "], ids=["silence", "trickle"])
def test_what_follows_an_error_is_read_for_a_while(trickle: bytes, strict: Server) -> None:
    with connect(strict) as connection:
        connection.sendall(make_head(length=BODY_BYTES + 1))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        port = connection.getsockname()[1]
        waiting = iter(trickle)

        def is_closed() -> bool:
            with contextlib.suppress(ConnectionError):
                connection.send(bytes(itertools.islice(waiting, 1)))
            return port not in peers_of(strict)

        wait_until(is_closed)


@pytest.mark.hostile("a body that goes on after the error")
def test_what_follows_an_error_is_read_up_to_a_limit(strict: Server) -> None:
    with connect(strict) as connection:
        connection.sendall(make_head(length=10**12))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 1_000_000_000:
                sent += connection.send(b" " * 65536)
        # the buffers of the kernel come on top of the limit
        assert sent < 4 * BODY_BYTES + 20_000_000


@pytest.mark.hostile("a body that goes on after the error")
def test_a_client_that_waits_for_100_continue_gets_its_error_at_once(strict: Server) -> None:
    with connect(strict) as connection:
        connection.sendall(make_head("Expect: 100-continue", length=BODY_BYTES + 1))
        connection.settimeout(DEADLINE_SECONDS)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).endswith(b"the connection is closed")
