"""The start command refuses what is wrong in one line, before anything heavy is loaded."""

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scoring_model.settings import VARIABLES
from scoring_model.start.options import parse_options
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import find_free_port, start_server, wait_until

KEYS = {"SCORING_API_KEYS": "0" * 64}


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "scoring_model", *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_help_lists_every_variable_with_its_default() -> None:
    result = run("--help")
    assert result.returncode == 0
    for name, variable in VARIABLES.items():
        assert f"  {name} ({variable.default or 'empty'})\n" in result.stdout


def test_options_are_checked_without_uvicorn_numpy_or_mlflow() -> None:
    code = (
        "import sys, scoring_model.start as s; print(s.start(['--workers', '0']));"
        "print(*{'uvicorn', 'numpy', 'mlflow'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["2"]


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["--nonsense"], {}, "unrecognized arguments: --nonsense"),
        (["--port", "many"], {}, "argument --port: invalid int value: 'many'"),
        (["--port", "65536"], {}, "--port must lie between 1 and 65535, got 65536"),
        (["--workers", "0"], {}, "--workers must be at least 1, got 0"),
        (["--ssl-keyfile", "key.pem"], {}, "--ssl-keyfile and --ssl-ca-certs need --ssl-certfile"),
        (["--ssl-certfile", "none.pem"], {}, "must be a certificate and its key in PEM"),
        ([], {"MAX_ROWS": "0"}, "MAX_ROWS must be a whole number of at least 1, got '0'"),
        ([], {"SCORING_API_KEYS": "my-key"}, "SCORING_API_KEYS: entry 1 must be a SHA-256 digest"),
        (["--host", "no.such.host.invalid"], KEYS, "cannot listen on no.such.host.invalid, port"),
        (["--uds", "no/such/folder/socket"], KEYS, "cannot listen on no/such/folder/socket"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], variables: dict[str, str], message: str
) -> None:
    result = run(*arguments, **variables)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.hostile("a start without keys on an address that others reach")
@pytest.mark.parametrize("place", ["--host=0.0.0.0", "--host=::", "--host=10.0.0.1", "--uds=any"])
def test_without_keys_only_loopback_may_be_listened_on(place: str) -> None:
    result = run(place)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    for word in ("needs keys", "SCORING_KEYS_FILE", "SCORING_ALLOW_ANONYMOUS=1", "127.0.0.1"):
        assert word in result.stderr


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: cannot listen on 127.0.0.1, port {port}: ")


def test_the_number_of_workers_is_not_read_from_the_platform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert parse_options([]).workers == 1


@contextlib.contextmanager
def serve(model: Path, *arguments: str) -> Iterator[str]:
    """Start a server, wait until its socket is open, and yield its first line; stop it."""
    variables = {"MODEL_URI": str(model), "DRAIN_SECONDS": "0", "SCORING_REQUEST_LOG": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scoring_model", *arguments],
        env={**os.environ, **variables, "SCORING_ALLOW_ANONYMOUS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    with process.stderr as output:
        try:
            yield output.readline()
        finally:
            process.terminate()
            assert process.wait(60) == 0


@pytest.mark.hostile("a signal right after the start")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_right_after_the_start_ends_the_server(
    workers: str, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port = str(find_free_port())
    for _ in range(3):
        with serve(model_folder, "--port", port, "--workers", workers) as line:
            assert line.startswith("starting on ")
        assert list(tmp_path.glob("scoring-metrics-*")) == []


def wait_until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while http.get("/ready").status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_a_server_that_can_write_no_file_says_so_and_answers(model_folder: Path) -> None:
    port = find_free_port()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with contextlib.ExitStack() as stack:
        # the server inherits the limit
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            line = stack.enter_context(serve(model_folder, "--port", str(port)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert line.startswith("no temporary folder: each worker counts for itself")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            wait_until(lambda: answers_ping(http))
            wait_until_ready(http)
            assert http.post("/predict", json=[EXAMPLE] * 200).status_code == 200
            assert "scoring_rows_total" in http.get("/metrics").text


def answers_ping(http: httpx.Client) -> bool:
    with contextlib.suppress(httpx.ConnectError):
        return http.get("/ping").status_code > 0
    return False


def test_a_unix_socket_answers_and_is_removed(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        # as a server leaves it that was killed
        left.bind(str(path))
    with serve(model_folder, "--uds", str(path)) as line:
        assert line == f"starting on {path}; Ctrl+C stops the server\n"
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, base_url="http://localhost", timeout=60) as http:
            wait_until_ready(http)
            assert http.post("/predict", json=EXAMPLE).status_code == 200
            # a second server does not take the socket away from the first
            assert run("--uds", str(path), **KEYS).returncode == 2
            assert http.get("/ready").status_code == 200
    assert not path.exists()


def test_an_address_of_ipv6_may_be_listened_on(model_folder: Path) -> None:
    port = find_free_port()
    with serve(model_folder, "--host", "::1", "--port", str(port)) as line:
        assert line == f"starting on http://[::1]:{port}; Ctrl+C stops the server\n"
        with httpx.Client(base_url=f"http://[::1]:{port}", timeout=60) as http:
            wait_until_ready(http)
            assert http.post("/predict", json=EXAMPLE).status_code == 200


def test_every_address_may_be_listened_on_with_a_key(model_folder: Path, tmp_path: Path) -> None:
    options = ("--host", "0.0.0.0")
    with start_server(model_folder, tmp_path, KEYS, options) as running:
        assert running.http.post("/predict", json=EXAMPLE).status_code == 401
