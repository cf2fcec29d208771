"""Access by key, from loopback and through proxies; and what answers reveal."""

import base64
import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring_model.errors import Unauthorized
from scoring_model.http.guard.access import Guard, is_loopback, is_proxied, names_loopback
from scoring_model.settings import ServerSettings, read_settings
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import UVICORN, Server, start_server

pytestmark = pytest.mark.hostile("callers without a key, or with a wrong one")

OLD, NEW = "an-old-key", "a-new-key"
OPEN = ("/ping", "/health", "/ready")
CLOSED = ("/version", "/metrics", "/openapi.json", "/docs", "/docs/docs.js", "/nothing")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@pytest.fixture(scope="module")
def keyed(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server that knows two keys."""
    keys = {"SCORING_API_KEYS": f"{digest(OLD)}, {digest(NEW).upper()}"}
    environment = keys | {"WRONG_KEYS_PER_MINUTE": "0"}
    with start_server(model_folder, tmp_path_factory.mktemp("keyed"), environment) as running:
        yield running


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"any:{key}".encode()).decode()}


@pytest.mark.parametrize("headers", [bearer(OLD), bearer(NEW), basic(OLD), basic(NEW)])
def test_each_key_gives_access_to_every_path(keyed: Server, headers: dict[str, str]) -> None:
    assert keyed.http.post("/predict", json=EXAMPLE, headers=headers).status_code == 200
    body = {"dataframe_records": [EXAMPLE]}
    assert keyed.http.post("/invocations", json=body, headers=headers).status_code == 200
    for path in CLOSED[:-1]:
        assert keyed.http.get(path, headers=headers).status_code == 200
    assert keyed.http.get("/nothing", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("a-wrong-key"),
        bearer("?"),
        basic("a-wrong-key"),
        bearer(digest(OLD)),
        {"Authorization": OLD},
        {"Authorization": f"Digest {OLD}"},
        {"Authorization": "Basic ?"},
        {"Authorization": "Basic " + base64.b64encode(OLD.encode()).decode()},
    ],
)
def test_without_a_key_only_the_open_paths_answer(keyed: Server, headers: dict[str, str]) -> None:
    for path in CLOSED:
        answer = keyed.http.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthorized"
        assert "Bearer" in answer.headers["www-authenticate"]
    for path in ("/predict", "/invocations"):
        assert keyed.http.post(path, json=EXAMPLE, headers=headers).status_code == 401
    for path in OPEN:
        assert keyed.http.get(path, headers=headers).status_code == 200


def test_a_caller_without_key_learns_no_version_or_path(keyed: Server) -> None:
    for path in (*OPEN, *CLOSED):
        answer = keyed.http.get(path)
        shown = answer.text + str(answer.headers)
        for secret in ("uvicorn", "mlflow", "python", "/tmp", "x-model-version"):
            assert secret not in shown.lower()


def test_every_answer_has_the_security_headers(server: Server) -> None:
    for answer in (
        server.http.post("/predict", json=EXAMPLE),
        server.http.post("/predict", json={}),
        server.http.get("/docs"),
        server.http.get("/nothing"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers


@pytest.mark.hostile("a proxy in front of a server without keys")
def test_loopback_is_answered_without_keys_but_not_through_a_proxy(server: Server) -> None:
    assert server.http.post("/predict", json=EXAMPLE).status_code == 200
    for name, value in (
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
    ):
        answer = server.http.post("/predict", json=EXAMPLE, headers={name: value})
        assert answer.status_code == 401
    assert server.http.get("/ping", headers={"Forwarded": "for=1.2.3.4"}).status_code == 200


@pytest.mark.hostile("a proxy in front of a server without keys")
def test_a_proxy_that_uvicorn_trusts_does_not_make_a_caller_local(
    model_folder: Path, tmp_path: Path
) -> None:
    options = ("--proxy-headers", "--forwarded-allow-ips", "*")
    with start_server(model_folder, tmp_path, options=options, program=UVICORN) as running:
        for address in ("127.0.0.1", "203.0.113.7"):
            headers = {"X-Forwarded-For": address}
            answer = running.http.post("/predict", json=EXAMPLE, headers=headers)
            assert answer.status_code == 401
        assert running.http.post("/predict", json=EXAMPLE).status_code == 200


def test_a_caller_beyond_loopback_needs_a_key_or_allow_anonymous() -> None:
    for peer in ("203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", None, "testclient"):
        with pytest.raises(Unauthorized):
            Guard(ServerSettings("model")).check(peer, {})
        Guard(ServerSettings("model", allow_anonymous=True)).check(peer, {b"forwarded": b"for=_x"})
    for peer in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        Guard(ServerSettings("model")).check(peer, {b"host": b"127.0.0.1:8000"})
    assert is_loopback("127.0.0.1")
    assert is_proxied({b"x-forwarded-host": b"example.org"})
    assert not is_proxied({b"host": b"example.org"})


@pytest.mark.hostile("a web page that reaches the server by DNS rebinding")
def test_a_loopback_caller_needs_a_loopback_host(server: Server) -> None:
    """A page of another site, whose name leads to 127.0.0.1, gets no answer."""
    for host in ("rebound.example", "localhost.example:8000", "127.0.0.1.example", "10.0.0.1"):
        assert server.http.post("/predict", json=EXAMPLE, headers={"Host": host}).status_code == 401
        assert not names_loopback(host.encode())
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.8.8.8", "[::1]", "[::1]:8000"):
        assert server.http.post("/predict", json=EXAMPLE, headers={"Host": host}).status_code == 200
    with pytest.raises(Unauthorized):
        Guard(ServerSettings("model")).check("127.0.0.1", {})


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("SCORING_API_KEYS", "my-plain-key", "SHA-256 digest of 64 hex digits"),
        ("SCORING_ALLOW_ANONYMOUS", "yes", "must be 0 or 1"),
        ("MAX_ROWS", "0", "whole number of at least 1"),
        ("MAX_BODY_BYTES", "8MB", "whole number of at least 1"),
        ("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", "-1", "whole number of at least 1"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule) as caught:
        read_settings({name: value})
    assert name in str(caught.value)
    assert "my-plain-key" not in str(caught.value)


def test_malformed_http_is_answered_with_a_4xx_status(server: Server) -> None:
    for request in (
        b"NONSENSE\r\n\r\n",
        b"GET /ping HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n",
    ):
        with socket.create_connection(server.address, timeout=10) as connection:
            connection.sendall(request)
            answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 4")
