"""The fast path gives the answers of uvicorn's normal path, in order and without delay."""

import contextlib
import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil
import pytest

from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import UVICORN, Server, start_server
from tests.scoring_model.telemetry.test_telemetry import events

BODY = json.dumps(EXAMPLE).encode()
# how long the first bytes may take, and how long silence after them means that there are no more
DEADLINE_SECONDS, PATIENCE_SECONDS = 60.0, 1.0
# the buffers of the kernel and of the server hold far less than this
MOST_SENT_BYTES = 100_000_000


def make_head(*more: str, length: int = len(BODY), line: str = "POST /predict HTTP/1.1") -> bytes:
    lines = [line, "Host: localhost", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *more, "", ""]).encode()


WHOLE = make_head() + BODY
WRONG = make_head(length=2) + b"{}"
ARRAY = make_head(length=len(BODY) + 2) + b"[" + BODY + b"]"
REASONS = make_head(line="POST /predict?explain=true HTTP/1.1") + BODY
CLOSING = make_head("Connection: close") + BODY


@pytest.fixture(scope="module")
def plain(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the same server with uvicorn's own protocol, without the fast path."""
    folder = tmp_path_factory.mktemp("plain")
    with start_server(
        model_folder, folder, options=("--http", "httptools"), program=UVICORN
    ) as server:
        yield server


@pytest.fixture(scope="module")
def prefixed(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with a path prefix, a small limit of bodies and a short keep-alive time."""
    folder = tmp_path_factory.mktemp("prefixed")
    options = ("--root-path", "/scoring")
    environment = {"MAX_BODY_BYTES": "1000", "KEEP_ALIVE_SECONDS": "1"}
    with start_server(model_folder, folder, environment, options) as server:
        yield server


def read_to_end(connection: socket.socket, patience: float = DEADLINE_SECONDS) -> bytes:
    """Return what comes until the end, or until a silence after the first bytes."""
    parts = []
    connection.settimeout(DEADLINE_SECONDS)
    try:
        while part := connection.recv(65536):
            parts.append(part)
            connection.settimeout(patience)
    except TimeoutError:
        return b"".join(parts)
    return b"".join([*parts, b"\r\nthe connection is closed"])


def exchange(server: Server, *parts: bytes, ends: bool = False) -> list[list[bytes]]:
    """Send parts one by one, and with `ends` close the client's side of the connection.

    Returns the sorted lines of each answer, without the date and the request's id.
    """
    with socket.create_connection(server.address, timeout=DEADLINE_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        received = read_to_end(connection, PATIENCE_SECONDS)
    received = re.sub(rb"(date|x-request-id): [^\r]*\r\n", b"", received)
    return [sorted(answer.splitlines()) for answer in re.split(rb"(?=HTTP/1\.1 )", received)[1:]]


REQUESTS = {
    "one": (WHOLE,),
    "in pieces": (WHOLE[:30], WHOLE[30:90], WHOLE[90:-40], WHOLE[-40:]),
    "byte by byte": tuple(WHOLE[index : index + 1] for index in range(len(WHOLE))),
    "two": (WHOLE, WHOLE),
    "two and a half": (2 * WHOLE + WHOLE[:-10], WHOLE[-10:]),
    "an error between": (WHOLE + WRONG + WHOLE,),
    "an array between": (WHOLE + ARRAY + WHOLE,),
    "another path between": (WHOLE + b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n" + WHOLE,),
    "reasons": (REASONS,),
    "one that closes": (WHOLE + CLOSING,),
    "nothing after one that closes": (CLOSING + WHOLE,),
    "HTTP/1.0": (make_head(line="POST /predict HTTP/1.0") + BODY,),
    "no body": (make_head(length=0),),
    "chunked": (
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    ),
    "another kind": (WHOLE.replace(b"application/json", b"text/csv"),),
    "another method": (make_head(line="PUT /predict HTTP/1.1") + BODY,),
    "compressed": (make_head("Content-Encoding: gzip") + BODY,),
    "a proxy's": (make_head("X-Forwarded-For: 127.0.0.1") + BODY,),
    "not JSON": (make_head(length=5) + b"{nan}",),
}


@pytest.mark.parametrize("parts", REQUESTS.values(), ids=list(REQUESTS))
def test_every_request_is_answered_as_by_uvicorn(
    parts: tuple[bytes, ...], server: Server, plain: Server
) -> None:
    answers = exchange(server, *parts)
    assert answers
    assert answers == exchange(plain, *parts)


def test_a_request_before_malformed_http_is_answered(server: Server) -> None:
    first, second = exchange(server, WHOLE + b"what is this\r\n\r\n")
    assert b"HTTP/1.1 200 OK" in first
    assert b"HTTP/1.1 400 Bad Request" in second


def test_head_and_body_arrive_together(server: Server) -> None:
    for request in (WHOLE, WRONG):
        with socket.create_connection(server.address, timeout=10) as connection:
            connection.sendall(request)
            assert isinstance(json.loads(connection.recv(65536).partition(b"\r\n\r\n")[2]), dict)


@pytest.mark.hostile("a body in hundreds of thousands of chunks of one byte")
@pytest.mark.parametrize("count", [1, 20])
def test_a_body_in_chunks_of_one_byte_is_read_as_a_whole(server: Server, count: int) -> None:
    body = json.dumps([EXAMPLE] * count).encode()
    whole = exchange(server, make_head(length=len(body)) + body)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = make_head().replace(b"Content-Length: %d" % len(BODY), b"Transfer-Encoding: chunked")
    assert b"chunked" in head
    assert exchange(server, head + chunks + WHOLE) == whole + exchange(server, WHOLE)


def test_a_client_that_expects_100_continue_gets_it(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(make_head("Expect: 100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_each_of_many_connections_in_a_burst_gets_its_own_answer(server: Server) -> None:
    connections = [socket.create_connection(server.address, timeout=10) for _ in range(100)]
    for number, connection in enumerate(connections):
        connection.sendall(make_head(f"X-Request-ID: number-{number}") + BODY)
    for number, connection in enumerate(connections):
        assert b"x-request-id: number-%d\r\n" % number in connection.recv(65536)
        connection.close()


def test_the_logged_time_of_a_request_includes_its_wait_in_the_burst(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        for number in range(32):
            ask([connection], f"alone-{number}")
    connections = [socket.create_connection(server.address, timeout=10) for _ in range(32)]
    for turn in range(10):
        # a stopped server reads most of the requests in one turn of its loop when it goes on
        server.process.send_signal(signal.SIGSTOP)
        try:
            ask(connections, f"together-{turn}", server)
        finally:
            server.process.send_signal(signal.SIGCONT)
    for connection in connections:
        connection.close()
    assert server.http.get("/ping").status_code == 200
    alone = median(milliseconds(server, "alone-"))
    assert max(median(milliseconds(server, f"together-{n}-")) for n in range(10)) > 5 * alone


def ask(connections: list[socket.socket], name: str, stopped: Server | None = None) -> None:
    """Send a request on each connection, continue a stopped server, and read the answers."""
    for number, connection in enumerate(connections):
        connection.sendall(make_head(f"X-Request-ID: {name}-{number}") + BODY)
    if stopped is not None:
        stopped.process.send_signal(signal.SIGCONT)
    for connection in connections:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def milliseconds(server: Server, prefix: str) -> list[float]:
    lines = (event for event in events(server) if "request_id" in event)
    return [e["milliseconds"] for e in lines if e["request_id"].startswith(prefix)]


@pytest.mark.hostile("clients that reset their connections")
def test_a_client_that_resets_its_connection_does_not_disturb_others(server: Server) -> None:
    for _ in range(50):
        with socket.create_connection(server.address, timeout=10) as connection:
            # with this option the connection is reset: the server cannot send any more
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(WHOLE)
    assert server.http.post("/predict", json=EXAMPLE).status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(WHOLE, [b"200"], id="one"),
        pytest.param(WRONG, [b"400"], id="an error"),
        pytest.param(ARRAY, [b"200"], id="an array"),
        pytest.param(REASONS + WHOLE + ARRAY, [b"200"] * 3, id="three"),
    ],
)
def test_a_client_that_closes_its_side_is_answered(
    sent: bytes, expected: list[bytes], server: Server
) -> None:
    answers = exchange(server, sent, ends=True)
    assert statuses(answers) == expected
    assert b"the connection is closed" in answers[-1]


def statuses(answers: list[list[bytes]]) -> list[bytes]:
    return [line.split()[1] for answer in answers for line in answer if line.startswith(b"HTTP/")]


def test_a_connection_with_a_half_sent_request_is_not_idle(prefixed: Server) -> None:
    with socket.create_connection(prefixed.address, timeout=10) as connection:
        connection.sendall(WHOLE + WHOLE[:-1])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        # longer than the server keeps an idle connection
        time.sleep(1.5)
        connection.sendall(WHOLE[-1:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert connection.recv(65536) == b""


def test_the_fast_path_keeps_the_limit_of_a_body(prefixed: Server) -> None:
    fitting = BODY + b" " * (1000 - len(BODY))
    assert statuses(exchange(prefixed, make_head(length=1000) + fitting)) == [b"200"]
    assert statuses(exchange(prefixed, make_head(length=1001) + fitting + b" ")) == [b"413"]


def test_paths_are_found_when_a_proxy_strips_the_prefix(prefixed: Server) -> None:
    assert prefixed.http.get("/ready").status_code == 200
    body = {"dataframe_records": [EXAMPLE]}
    assert prefixed.http.post("/invocations", json=body).status_code == 200
    for chunks in ([BODY], [BODY[:9], BODY[9:]]):
        headers = {"Content-Type": "application/json"}
        answer = prefixed.http.post("/predict", content=iter(chunks), headers=headers)
        assert answer.status_code == 200
    assert prefixed.http.get("/scoring/ready").status_code == 404
    # the page has relative links, so that a browser keeps the prefix
    page = prefixed.http.get("/docs").text
    assert re.findall(r'(?:href|src)="([^"]*)"', page) == [
        "docs/docs.css",
        "docs/docs.js",
        "openapi.json",
    ]


@pytest.mark.hostile("a client that reads no answer")
def test_the_server_stops_reading_from_a_client_that_reads_nothing(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.connect(server.address)
        connection.settimeout(PATIENCE_SECONDS)
        sent = send_until_blocked(connection, 100 * WHOLE)
        grown = process.memory_info().rss - before
        answered = read_to_end(connection, PATIENCE_SECONDS).count(b"HTTP/1.1 200 OK")
    # a queued request takes ten times its bytes in memory
    assert sent < MOST_SENT_BYTES
    assert grown < 50e6
    assert answered == sent // len(WHOLE)


def send_until_blocked(connection: socket.socket, data: bytes) -> int:
    """Send data again and again until it blocks; return how many bytes were sent."""
    view, sent = memoryview(data), 0
    with contextlib.suppress(TimeoutError):
        while sent < MOST_SENT_BYTES:
            sent += connection.send(view[sent % len(data) :])
    return sent


# by how much a request raises the counter of each cause; empty if the fast path answers
GIVEN_UP = {
    "one": {},
    "two": {},
    # the request after the array finds the connection busy
    "an array between": {"array": 1, "connection": 1},
    "not JSON": {"refused": 1},
    "another kind": {"content_type": 1},
    "compressed": {"content_type": 1},
    "HTTP/1.0": {"connection": 1},
    "one that closes": {"connection": 1},
    # a request for reasons has another URL, so that the fast path does not count it
    "reasons": {},
}


def count_given_up(server: Server) -> dict[str, float]:
    found = re.findall(
        r'^scoring_fast_path_given_up_total\{cause="(\w+)"\} (\S+)$',
        server.http.get("/metrics").text,
        re.MULTILINE,
    )
    return {cause: float(count) for cause, count in found}


@pytest.mark.parametrize("name", GIVEN_UP)
def test_the_metrics_count_why_the_fast_path_gave_up(name: str, server: Server) -> None:
    before = count_given_up(server)
    exchange(server, *REQUESTS[name])
    after = count_given_up(server)
    changes = {cause: after[cause] - before[cause] for cause in after}
    assert {cause: change for cause, change in changes.items() if change} == GIVEN_UP[name]
    assert after["fault"] == 0


def test_a_request_in_pieces_is_counted(server: Server) -> None:
    before = count_given_up(server)["in_pieces"]
    with socket.create_connection(server.address, timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(WHOLE[:-40])
        while count_given_up(server)["in_pieces"] == before:
            time.sleep(0.01)
        connection.sendall(WHOLE[-40:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert count_given_up(server)["in_pieces"] == before + 1


def test_requests_that_uvicorn_must_see_are_counted_as_watched(
    model_folder: Path, tmp_path: Path
) -> None:
    options = ("--limit-concurrency", "100")
    with start_server(model_folder, tmp_path, options=options, program=UVICORN) as watched:
        assert exchange(watched, WHOLE)
        assert count_given_up(watched)["watched"] == 1
