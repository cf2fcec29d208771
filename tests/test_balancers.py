"""Servers behind nginx and HAProxy, with the configurations that the documentation shows."""

import hashlib
import json
import re
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.balancers import HAPROXY, NGINX, read_example, run_haproxy, run_nginx
from tests.certificates import Certificates, make_certificates
from tests.conftest import ROOT
from tests.scoring_model.planted import EXAMPLE, save_model, train_scorer
from tests.scoring_model.processes import Server, find_free_port, start_server

KEY = "a-key"
BEARER = {"Authorization": f"Bearer {KEY}"}
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
MANY = [{**EXAMPLE, "amount_01": float(number)} for number in range(10_000)]
CALLERS = [f"branch-{number}" for number in range(400)]
WAIT_SECONDS = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hostile("callers through nginx and HAProxy, plain and with TLS"),
]
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed")
needs_haproxy = pytest.mark.skipif(not HAPROXY, reason="HAProxy is not installed")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of two versions."""
    return [
        save_model(train_scorer(trees=trees, rows=2000), tmp_path_factory.mktemp("version"))
        for trees in (50, 20)
    ]


def start_keyed(stack: ExitStack, model: Path, folder: Path) -> Server:
    folder.mkdir()
    environment = {"SCORING_API_KEYS": DIGEST, "DRAIN_SECONDS": "5"}
    return stack.enter_context(start_server(model, folder, environment))


@pytest.fixture(scope="module")
def keyed(models: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with a key."""
    with ExitStack() as stack:
        yield start_keyed(stack, models[0], tmp_path_factory.mktemp("servers") / "keyed")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def example_site(server: Server, certificates: Certificates, port: int) -> str:
    places = {
        "127.0.0.1:8000": f"127.0.0.1:{server.address[1]}",
        "listen 443": f"listen 127.0.0.1:{port}",
        " server.pem": f" {certificates.server}",
        " server.key": f" {certificates.server.with_suffix('.key')}",
        " authority.pem": f" {certificates.authority}",
    }
    return read_example("nginx.conf", places)


@pytest.fixture(scope="module")
def encrypted(
    keyed: Server, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Start nginx with TLS in front of the server, and return a client of it."""
    port = find_free_port()
    site = example_site(keyed, certificates, port)
    url, context = f"https://127.0.0.1:{port}", certificates.of_client()
    with run_nginx(site, tmp_path_factory.mktemp("nginx"), port):  # noqa: SIM117
        with httpx.Client(base_url=url, verify=context, headers=BEARER, timeout=60) as http:
            yield http


@needs_nginx
def test_nginx_with_tls_gives_the_servers_own_answers(
    encrypted: httpx.Client, keyed: Server
) -> None:
    for body in (EXAMPLE, [EXAMPLE] * 3, MANY):
        answer = encrypted.post("/predict", json=body)
        assert answer.status_code == 200
        direct = keyed.http.post("/predict", json=body, headers=BEARER)
        assert answer.json() == direct.json()
        assert answer.headers["x-model-version"] == direct.headers["x-model-version"]
    for path in ("/ping", "/ready", "/version", "/metrics", "/openapi.json", "/docs"):
        assert encrypted.get(path).status_code == 200
    wrong = encrypted.post("/predict", json=EXAMPLE, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401


@needs_nginx
def test_a_body_that_is_too_large_is_refused_by_the_server_itself(encrypted: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    answer = encrypted.post("/predict", content=b" " * (8 * 2**20 + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


@needs_nginx
def test_nginx_keeps_its_connections_to_the_server(encrypted: httpx.Client, keyed: Server) -> None:
    """As many requests as these would need as many ports without it."""
    before = connections_to(keyed)
    for _ in range(100):
        assert encrypted.post("/predict", json=EXAMPLE).status_code == 200
    assert connections_to(keyed) - before <= 2


def connections_to(server: Server) -> int:
    """Return how many connections to a server are open, or were closed a short time ago."""
    port = f":{server.address[1]:04X} "
    return Path("/proc/net/tcp").read_text().count(port)


@pytest.mark.hostile("a body that trickles in and never ends")
@needs_nginx
def test_a_slow_caller_of_nginx_is_answered_and_holds_no_request_of_the_server(
    encrypted: httpx.Client, certificates: Certificates, keyed: Server
) -> None:
    body = json.dumps(EXAMPLE).encode()
    head = (
        f"POST /predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    address = (encrypted.base_url.host, encrypted.base_url.port or 443)
    before = keyed.read_log().count('"route":"/predict"')
    with (
        socket.create_connection(address, timeout=WAIT_SECONDS) as plain,
        certificates.of_client().wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        for place in range(0, len(head), 20):
            connection.sendall(head[place : place + 20])
            time.sleep(0.01)
        for place in range(0, len(body), 50):
            # nginx sends the request on when it is complete
            assert keyed.read_log().count('"route":"/predict"') == before
            connection.sendall(body[place : place + 50])
            time.sleep(0.01)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


@needs_nginx
def test_nginx_asks_callers_for_a_certificate(
    keyed: Server, certificates: Certificates, tmp_path: Path
) -> None:
    port = find_free_port()
    site = example_site(keyed, certificates, port).replace("#ssl_", "ssl_")
    url = f"https://127.0.0.1:{port}/predict"

    def ask(context: ssl.SSLContext) -> int:
        with httpx.Client(verify=context, headers=BEARER, timeout=60) as http:
            return http.post(url, json=EXAMPLE).status_code

    with run_nginx(site, tmp_path, port):
        assert ask(certificates.of_client(with_certificate=True)) == 200
        assert ask(certificates.of_client()) == 400


@pytest.mark.hostile("a proxy in front of a server without keys")
@needs_nginx
def test_a_bare_proxy_needs_keys_at_the_server(
    models: list[Path], keyed: Server, tmp_path: Path
) -> None:
    """A bare `proxy_pass` looks like a caller on this machine, so only keys keep others out."""
    with start_server(models[0], tmp_path) as open_server:
        for server, expected in ((open_server, 200), (keyed, 401)):
            port = find_free_port()
            site = "server {{ listen 127.0.0.1:{}; location / {{ proxy_pass {}; }} }}\n"
            site = site.format(port, f"http://127.0.0.1:{server.address[1]}")
            url = f"http://127.0.0.1:{port}/predict"
            with run_nginx(site, tmp_path, port):
                answer = httpx.post(url, json=EXAMPLE, headers={"Host": "scoring.example"})
                assert answer.status_code == expected
            # a proxy that names the caller, or the host that was asked, is noticed
            for header in (
                "Host $host",
                "X-Forwarded-For $remote_addr",
                "X-Real-IP $remote_addr",
            ):
                more = site.replace("location /", f"proxy_set_header {header}; location /")
                with run_nginx(more, tmp_path, port):
                    answer = httpx.post(url, json=EXAMPLE, headers={"Host": "scoring.example"})
                    assert answer.status_code == 401


@pytest.fixture
def split(models: list[Path], tmp_path: Path) -> Iterator[tuple[list[Server], str]]:
    """Start two servers of two versions behind HAProxy; return them and HAProxy's address."""
    port = find_free_port()
    with ExitStack() as stack:
        servers = [start_keyed(stack, m, tmp_path / str(n)) for n, m in enumerate(models)]
        places = {
            "127.0.0.1:8080": f"127.0.0.1:{port}",
            "127.0.0.1:8001": f"127.0.0.1:{servers[0].address[1]}",
            "127.0.0.1:8002": f"127.0.0.1:{servers[1].address[1]}",
        }
        stack.enter_context(run_haproxy(read_example("haproxy.cfg", places), tmp_path, port))
        yield servers, f"http://127.0.0.1:{port}"


def version_of(http: httpx.Client, caller: str) -> str:
    answer = http.post("/predict", json=EXAMPLE, headers={"X-Client": caller})
    assert answer.status_code == 200
    return answer.headers["x-model-version"]


@needs_haproxy
def test_haproxy_splits_callers_between_two_versions(split: tuple[list[Server], str]) -> None:
    servers, url = split
    with httpx.Client(base_url=url, headers=BEARER, timeout=60) as http:
        assert http.post("/predict", json=EXAMPLE).status_code == 400
        large = http.post("/predict", json=MANY, headers={"X-Client": "large"})
        assert large.status_code == 200
        assert len(large.json()) == len(MANY)
        versions = {caller: version_of(http, caller) for caller in CALLERS}
        counts = Counter(versions.values())
        assert len(counts) == 2
        # about one of ten callers is asked of the second version
        assert 0.03 < min(counts.values()) / len(CALLERS) < 0.2
        assert {caller: version_of(http, caller) for caller in CALLERS} == versions
    with httpx.Client(base_url=url, headers=BEARER, timeout=60) as another:
        assert {caller: version_of(another, caller) for caller in CALLERS} == versions
    # the versions answer differently, and each server gives its own version only
    direct = [server.http.post("/predict", json=EXAMPLE, headers=BEARER) for server in servers]
    assert {answer.headers["x-model-version"] for answer in direct} == set(counts)
    assert direct[0].json() != direct[1].json()


@needs_haproxy
def test_no_caller_of_haproxy_notices_that_a_server_stops(split: tuple[list[Server], str]) -> None:
    servers, url = split
    statuses: Counter[int] = Counter()
    stop = threading.Event()

    def call(number: int) -> None:
        with httpx.Client(base_url=url, headers=BEARER, timeout=60) as http:
            while not stop.is_set():
                headers = {"X-Client": CALLERS[number]}
                statuses[http.post("/predict", json=EXAMPLE, headers=headers).status_code] += 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    while statuses[200] < 200:
        time.sleep(0.01)
    servers[0].process.terminate()
    assert servers[0].process.wait(WAIT_SECONDS) == 0
    reached = statuses[200]
    while statuses[200] < reached + 200:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert set(statuses) == {200}


def test_the_documentation_shows_the_configurations_that_are_tested() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    shown = re.findall(r"literalinclude\} \.\./deploy/(\S+)", page)
    assert sorted(shown) == sorted(path.name for path in (ROOT / "deploy").glob("*.c*"))
