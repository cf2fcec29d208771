"""Behind nginx and HAProxy callers get the same answers, errors with unread bodies too."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, find_free_port, start_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hostile("callers through nginx and HAProxy, plain and with TLS"),
]

KEY = "a-key"
BODY_BYTES = 1_000_000
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} {user}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;
  upstream server {{ server 127.0.0.1:{server}; keepalive 16; }}
  server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
}}
"""
# as nginx does by default, and as its documentation advises for connections that are kept
CLOSING = "proxy_pass http://server; proxy_http_version 1.0; proxy_set_header Connection close;"
KEEPING = (
    'proxy_pass http://server; proxy_http_version 1.1; proxy_set_header Connection "";'
    "proxy_request_buffering off;"
)
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 70s
  timeout server 70s
frontend callers
  bind 127.0.0.1:{port}
  default_backend server
backend server
  http-reuse always
  option httpchk
  http-check send meth HEAD uri /ready ver HTTP/1.1 hdr Host here
  server one 127.0.0.1:{server} check
"""
PROXIES = {
    "nginx, closing": ("nginx", NGINX.replace("{location}", CLOSING)),
    "nginx, keeping": ("nginx", NGINX.replace("{location}", KEEPING)),
    "HAProxy": ("haproxy", HAPROXY),
}


@contextlib.contextmanager
def start_proxy(program: str, configuration: str, folder: Path, server: int) -> Iterator[str]:
    """Run a proxy in front of a server until the block ends."""
    port = find_free_port()
    file = folder / "proxy.conf"
    # started by root, nginx would work as another user, who may not write into the folder
    user = "user root;" if os.getuid() == 0 else ""
    file.write_text(configuration.format(folder=folder, port=port, server=server, user=user))
    options = ["-c", str(file), "-e", str(folder / "error.log")]
    process = subprocess.Popen(
        [program, *(options if program == "nginx" else ["-f", str(file)])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_passes_requests(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_until_it_passes_requests(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/ping").status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError("the proxy did not start")


@pytest.fixture(scope="module")
def locked(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with a key and a limit of bodies that a test can send quickly."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    environment = {"SCORING_API_KEYS": digest, "MAX_BODY_BYTES": str(BODY_BYTES)}
    with start_server(model_folder, tmp_path_factory.mktemp("locked"), environment) as server:
        yield server


@pytest.mark.parametrize(("program", "configuration"), PROXIES.values(), ids=list(PROXIES))
def test_callers_behind_a_proxy_get_their_answers(
    program: str, configuration: str, locked: Server, tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")
    right, wrong = {"Authorization": f"Bearer {KEY}"}, {"Authorization": "Bearer another"}
    with start_proxy(program, configuration, tmp_path, locked.address[1]) as url:
        path = f"{url}/predict"
        with httpx.Client(headers=right, timeout=60) as client:
            for _ in range(20):
                assert client.post(path, json=EXAMPLE).status_code == 200
                assert client.post(path, json=500 * [EXAMPLE]).status_code == 200
        text = {"Content-Type": "application/json"}
        for _ in range(20):
            for headers, body, status in (
                (right | text, b" " * (2 * BODY_BYTES), 413),
                (right, b" " * (BODY_BYTES // 2), 415),
                (wrong | text, b" " * (BODY_BYTES // 2), 401),
            ):
                # a connection of its own: a proxy may close the one that it answered early
                answer = httpx.post(path, content=body, headers=headers, timeout=60)
                assert answer.status_code == status
                assert "error" in answer.json()
