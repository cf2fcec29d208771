"""TLS with the options of the start command, also with certificates of the callers."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.certificates import Certificates, make_certificates
from tests.scoring_model.http.protocol.test_http_protocol import count_given_up, make_head
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, start_server
from tests.scoring_model.start.callers import ONE, WAIT_SECONDS, busy_callers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def options(certificates: Certificates) -> tuple[str, ...]:
    certificate = certificates.server
    key = certificate.with_suffix(".key")
    return ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))


@pytest.fixture(scope="module")
def secure(
    model_folder: Path, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Start a server that speaks TLS."""
    with start_server(
        model_folder,
        tmp_path_factory.mktemp("secure"),
        {"DRAIN_SECONDS": "1", "HEADER_SECONDS": "2"},
        options(certificates),
        tls=certificates.of_client(),
    ) as running:
        yield running


def connect(server: Server) -> ssl.SSLSocket:
    plain = socket.create_connection(server.address, timeout=WAIT_SECONDS)
    assert server.tls
    return server.tls.wrap_socket(plain, server_hostname="localhost")


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_answers_are_those_of_plain_http(secure: Server, server: Server) -> None:
    for query, body in (("", EXAMPLE), ("", [EXAMPLE] * 1000), ("?explain=true", EXAMPLE)):
        answer = secure.http.post(f"/predict{query}", json=body)
        assert answer.status_code == 200
        assert answer.json() == server.http.post(f"/predict{query}", json=body).json()
    body = {"dataframe_records": [EXAMPLE]}
    assert secure.http.post("/invocations", json=body).status_code == 200


def test_the_fast_path_answers_over_tls_too(secure: Server) -> None:
    """It does if the head and the body come in one record of TLS."""
    before = count_given_up(secure)
    with connect(secure) as connection:
        for _ in range(5):
            connection.sendall(make_head() + ONE.encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
    assert count_given_up(secure) == before


@pytest.mark.hostile("callers of TLS who close early")
def test_a_client_that_closes_its_side_is_answered(secure: Server) -> None:
    with connect(secure) as connection:
        connection.sendall(make_head() + ONE.encode())
        answer = connection.recv(65536)
        # waits for the server, which closes its side too
        connection.unwrap().close()
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_several_requests_at_once_are_answered_in_order(secure: Server) -> None:
    with connect(secure) as connection:
        closing = make_head("Connection: close") + ONE.encode()
        connection.sendall((make_head() + ONE.encode()) * 3 + closing)
        assert read_all(connection).count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.hostile("callers of TLS who do not speak TLS")
def test_what_is_not_tls_is_closed(secure: Server) -> None:
    for sent in (b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01", b""):
        with socket.create_connection(secure.address, timeout=WAIT_SECONDS) as connection:
            connection.sendall(sent)
            # the time for a handshake is HEADER_SECONDS: a silent caller is closed after it
            assert b"HTTP" not in read_all(connection)
    with pytest.raises(httpx.TransportError), httpx.Client() as http:
        http.get(f"http://127.0.0.1:{secure.address[1]}/ping")
    assert secure.http.get("/ready").status_code == 200


@pytest.mark.hostile("callers of TLS without the certificate asked for")
def test_callers_need_a_certificate_if_authorities_are_named(
    model_folder: Path, certificates: Certificates, tmp_path: Path
) -> None:
    with start_server(
        model_folder,
        tmp_path,
        options=(*options(certificates), "--ssl-ca-certs", str(certificates.authority)),
        tls=certificates.of_client(with_certificate=True),
    ) as running:
        assert running.http.post("/predict", json=EXAMPLE).status_code == 200
        stranger = httpx.Client(base_url=running.http.base_url, verify=certificates.of_client())
        with stranger, pytest.raises(httpx.TransportError):
            stranger.post("/predict", json=EXAMPLE)
        assert running.http.get("/ready").status_code == 200


@pytest.mark.hostile("a stop while 16 kept connections send requests")
def test_no_request_is_lost_when_the_server_stops(
    model_folder: Path, certificates: Certificates, tmp_path: Path
) -> None:
    with start_server(
        model_folder,
        tmp_path,
        {"DRAIN_SECONDS": "1"},
        options(certificates),
        tls=certificates.of_client(),
    ) as running:
        with busy_callers(running.address, running.tls) as callers:
            running.process.terminate()
        assert [caller.error for caller in callers if caller.error] == []
        assert running.process.wait(WAIT_SECONDS) == 0
