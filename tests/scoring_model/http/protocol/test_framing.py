"""What breaks a rule of HTTP is refused with the project's error, and never runs as a request."""

import json
import re
import socket

import pytest

from tests.scoring_model.http.protocol.test_http_protocol import (
    BODY,
    PATIENCE_SECONDS,
    WHOLE,
    exchange,
    make_head,
    read_to_end,
    statuses,
)
from tests.scoring_model.processes import Server
from tests.scoring_model.telemetry.test_telemetry import events

pytestmark = pytest.mark.hostile("requests that break the framing of HTTP or have a wrong Host")

GET = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = (
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
CHUNK = b"%x\r\n%s\r\n" % (len(BODY), BODY)

REFUSED = {
    "not HTTP": (b"what is this\r\n\r\n", 400),
    "leading space": (b" " + WHOLE, 400),
    "bare line feeds": (GET.replace(b"\r\n", b"\n"), 400),
    "bare line feed after a header": (b"GET /ready HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n", 400),
    "bare carriage return": (make_head("A: b\rc") + BODY, 400),
    "folded header": (make_head("A: b", " c") + BODY, 400),
    "space before a colon": (make_head("A : b") + BODY, 400),
    "no name": (make_head(": b") + BODY, 400),
    "NUL in a header": (make_head("A: b\0c") + BODY, 400),
    "NUL in the path": (WHOLE.replace(b"/predict", b"/pre\0dict"), 400),
    "text beyond ASCII in the path": (WHOLE.replace(b"/predict", b"/pr\xc3\xa9dict"), 400),
    "no version": (b"GET /ready\r\n\r\n", 400),
    "HTTP/0.9": (WHOLE.replace(b"HTTP/1.1", b"HTTP/0.9"), 400),
    "HTTP/2.0": (WHOLE.replace(b"HTTP/1.1", b"HTTP/2.0"), 400),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "unknown method": (WHOLE.replace(b"POST", b"BREW"), 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "no host": (WHOLE.replace(b"Host: localhost\r\n", b""), 400),
    "two hosts": (make_head("Host: localhost") + BODY, 400),
    "empty host": (WHOLE.replace(b"Host: localhost", b"Host:"), 400),
    "host with a path": (WHOLE.replace(b"Host: localhost", b"Host: localhost/there"), 400),
    "host with a space": (WHOLE.replace(b"Host: localhost", b"Host: localhost there"), 400),
    "host with a user": (WHOLE.replace(b"Host: localhost", b"Host: me@here"), 400),
    "host with a bad port": (WHOLE.replace(b"Host: localhost", b"Host: localhost:http"), 400),
    "two content types": (make_head("Content-Type: text/csv") + BODY, 400),
    "two keys": (make_head("Authorization: Bearer a", "Authorization: Bearer b") + BODY, 400),
    "two lengths": (make_head(f"Content-Length: {len(BODY)}") + BODY, 400),
    "list of lengths": (WHOLE.replace(b"%d\r\n" % len(BODY), b"406, 406\r\n"), 400),
    "length with a sign": (WHOLE.replace(b"Length: ", b"Length: +"), 400),
    "huge length": (WHOLE.replace(b"Length: ", b"Length: 9999999999999999999999"), 400),
    "length and chunks": (make_head("Transfer-Encoding: chunked") + CHUNK + b"0\r\n\r\n", 400),
    "chunks in HTTP/1.0": (
        CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNK + b"0\r\n\r\n",
        400,
    ),
    "chunks twice": (CHUNKED[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "compressed chunks": (CHUNKED.replace(b"chunked", b"gzip, chunked") + CHUNK, 400),
    "other coding": (CHUNKED.replace(b"chunked", b"identity") + CHUNK, 400),
    "chunk with a line feed": (CHUNKED + CHUNK.replace(b"\r\n", b"\n", 1), 400),
    "chunk with a bad size": (CHUNKED + b"0x5\r\n", 400),
    "chunk longer than its size": (CHUNKED + b"2\r\n{}}\r\n", 400),
    "length among the trailers": (CHUNKED + CHUNK + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    "unknown expectation": (make_head("Expect: a-miracle") + BODY, 417),
    "tunnel": (b"CONNECT here:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "tunnel to a path": (WHOLE.replace(b"POST", b"CONNECT"), 405),
    "tunnel with another wish": (
        b"CONNECT here:443 HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        405,
    ),
    "no path": (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "target of another scheme": (WHOLE.replace(b"/predict", b"ftp://here/predict"), 400),
    "target with a user": (WHOLE.replace(b"/predict", b"http://me@here/predict"), 400),
}


def errors_of(answers: list[list[bytes]]) -> list[dict[str, object]]:
    bodies = [line for answer in answers for line in answer if line.startswith(b"{")]
    return [json.loads(body)["error"] for body in bodies]


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=list(REFUSED))
def test_it_is_refused_and_the_connection_is_closed(
    sent: bytes, status: int, server: Server
) -> None:
    # what follows would be answered if the connection went on
    answers = exchange(server, sent + b"\r\n" + GET)
    assert statuses(answers) == [b"%d" % status]
    assert b"connection: close" in answers[0]
    assert b"the connection is closed" in answers[0]
    (error,) = errors_of(answers)
    assert set(error) == {"code", "message", "fields"}
    assert error["fields"] == []


@pytest.mark.parametrize("name", ["not HTTP", "two hosts", "chunk with a bad size", "tunnel"])
def test_it_is_refused_byte_by_byte_too(name: str, server: Server) -> None:
    sent, status = REFUSED[name]
    answers = exchange(server, *(sent[index : index + 1] for index in range(len(sent))))
    assert statuses(answers) == [b"%d" % status]


def test_requests_before_it_are_answered_first(server: Server) -> None:
    array = make_head(length=len(BODY) + 2) + b"[" + BODY + b"]"
    for before, expected in ((WHOLE, [b"200"]), (array + GET, [b"200", b"200"])):
        answers = exchange(server, before + b"what is this\r\n\r\n")
        assert statuses(answers) == [*expected, b"400"]


def test_refusals_are_counted_and_logged(server: Server) -> None:
    def count() -> float:
        line = r'^scoring_requests_total\{route="other",status="417"\} (\S+)$'
        found = re.search(line, server.http.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    before = count()
    (answer,) = exchange(server, REFUSED["unknown expectation"][0])
    assert answer
    assert count() == before + 1
    logged = [event for event in events(server) if event.get("status") == 417]
    assert logged[-1]["route"] == logged[-1]["method"] == "other"


UPGRADES = {
    "curl": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    "a browser": ("Connection: Upgrade", "Upgrade: websocket"),
    "in lower case": ("connection: keep-alive, upgrade", "upgrade: h2c"),
}


@pytest.mark.hostile("a request hidden in a body after Upgrade")
@pytest.mark.parametrize("lines", UPGRADES.values(), ids=list(UPGRADES))
def test_a_wish_for_another_protocol_is_ignored(lines: tuple[str, ...], server: Server) -> None:
    head = make_head(*lines)
    ready = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n" + "\r\n".join([*lines, "", ""]).encode()
    for parts in (
        (head + BODY,),
        (head, BODY),
        (head + BODY[:50], BODY[50:]),
        (head[:70], head[70:] + BODY[:1], BODY[1:]),
    ):
        assert statuses(exchange(server, *parts, ends=True)) == [b"200"]
    # the connection goes on, and each request may have the wish
    assert statuses(exchange(server, 3 * (head + BODY + ready) + WHOLE)) == 7 * [b"200"]


@pytest.mark.hostile("a request hidden in a body after Upgrade")
def test_a_body_is_never_run_as_a_request(server: Server) -> None:
    hidden = b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for lines in UPGRADES.values():
        head = make_head(*lines, length=len(hidden))
        for parts in ((head + hidden,), (head, hidden), (head, hidden[:9], hidden[9:])):
            assert statuses(exchange(server, *parts, ends=True)) == [b"400"]


@pytest.mark.hostile("a request hidden in a body after Upgrade")
def test_thousands_of_wishes_in_one_segment_are_answered(server: Server) -> None:
    one = b"GET /x HTTP/1.1\r\nHost: localhost\r\nUpgrade: b\r\nConnection: upgrade\r\n\r\n"
    with socket.create_connection(server.address, timeout=60) as connection:
        connection.sendall(3000 * one + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = read_to_end(connection)
    assert received.count(b"HTTP/1.1 404 ") == 3000
    assert received.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.hostile("trailers that pose as headers")
def test_trailers_do_not_become_headers(server: Server) -> None:
    trailers = b"0\r\nContent-Type: text/csv\r\nX-Request-ID: from-a-trailer\r\n\r\n"
    for parts in (
        (CHUNKED + CHUNK + trailers,),
        (CHUNKED, CHUNK, trailers),
        (CHUNKED + CHUNK + b"0\r\n", trailers[3:]),
    ):
        with socket.create_connection(server.address, timeout=60) as connection:
            for part in parts:
                connection.sendall(part)
            received = read_to_end(connection, PATIENCE_SECONDS)
        assert received.startswith(b"HTTP/1.1 200 ")
        assert b"from-a-trailer" not in received


def test_targets_in_absolute_form_work(server: Server) -> None:
    for target in (b"http://localhost/predict", b"HTTP://localhost:8000/predict"):
        assert statuses(exchange(server, WHOLE.replace(b"/predict", target))) == [b"200"]
    # without a path the target is `/`, which takes GET
    assert statuses(exchange(server, WHOLE.replace(b"/predict", b"http://localhost"))) == [b"405"]
    assert statuses(exchange(server, WHOLE.replace(b"/predict", b"http://[::1]:8/docs?a"))) == [
        b"405"
    ]


def test_hosts_that_are_valid_are_taken(server: Server) -> None:
    for host in (b"localhost", b"127.0.0.1:8000", b"[::1]:8000"):
        assert statuses(exchange(server, WHOLE.replace(b"localhost", host), ends=True)) == [b"200"]
    # valid, but without keys only loopback is answered
    for host in (b"a-b.example", b"under_score:"):
        assert statuses(exchange(server, WHOLE.replace(b"localhost", host), ends=True)) == [b"401"]


def test_http_1_0_needs_no_host(server: Server) -> None:
    assert statuses(exchange(server, b"GET /ready HTTP/1.0\r\n\r\n")) == [b"200"]
    # without keys, a caller must name a loopback host
    second = WHOLE.replace(b"Host: localhost\r\n", b"").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert statuses(exchange(server, WHOLE + second)) == [b"200", b"401"]


@pytest.mark.hostile("a probe that asks with HEAD")
@pytest.mark.parametrize("path", ["/ping", "/health", "/ready"])
def test_head_is_answered_as_get_without_a_body(path: str, server: Server) -> None:
    got, headed = server.http.get(path), server.http.head(path)
    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    same = ("content-type", "content-length")
    assert [headed.headers[name] for name in same] == [got.headers[name] for name in same]
    # the connection goes on
    assert server.http.get(path).content == got.content


@pytest.mark.hostile("a probe that asks with HEAD")
def test_head_of_another_path_is_refused(server: Server) -> None:
    assert server.http.head("/predict").status_code == 405
    assert server.http.head("/docs").status_code == 405
