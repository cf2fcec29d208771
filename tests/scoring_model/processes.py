"""Starts the server as `Procfile` does and talks to it over HTTP."""

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

START_SECONDS = 60.0

Found = TypeVar("Found")

# the start command of production, and uvicorn with this project's application
START = ("scoring_model",)
UVICORN = (
    *("uvicorn", "scoring_model.asgi:app", "--http", "scoring_model.http_protocol:HttpProtocol"),
    *("--no-server-header", "--timeout-graceful-shutdown", "8"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server process, a client of it, and the file of its standard output and error.

    `tls` is what a client needs to know for TLS; None means plain HTTP.
    """

    process: subprocess.Popen[bytes]
    http: httpx.Client
    log: Path
    tls: ssl.SSLContext | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port of the server."""
        return self.http.base_url.host, self.http.base_url.port or 80

    def another_client(self) -> httpx.Client:
        """Return a client with a connection of its own."""
        return httpx.Client(base_url=self.http.base_url, timeout=60.0, verify=self.tls or False)

    def read_log(self) -> str:
        """Return the log, when all lines up to now are written."""
        mark = f"mark-{uuid.uuid4()}"
        self.http.get("/ping", headers={"X-Request-ID": mark})
        wait_until(lambda: mark in self.log.read_text())
        return self.log.read_text()


@contextlib.contextmanager
def start_server(
    model: Path | str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    options: tuple[str, ...] = (),
    wait_for: int = 200,
    program: tuple[str, ...] = START,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """Run a server of a model until the block ends.

    Parameters
    ----------
    model : Path or str
        `MODEL_URI`.
    folder : Path
        Folder for its log.
    environment : mapping of str to str, optional
        Environment variables that are added to those of this process.
    options : tuple of str
        Options of the program that are added to the usual ones.
    wait_for : int
        HTTP status of `/ping` to wait for.
    program : tuple of str
        `START` or `UVICORN`.
    tls : ssl.SSLContext, optional
        What a client needs to know for TLS, if the options turn it on.
    """
    port = find_free_port()
    command = [sys.executable, "-m", *program, "--port", str(port)]
    log = folder / "server.log"
    own = {"MODEL_URI": str(model), "DRAIN_SECONDS": "0"}
    variables = {**os.environ, **own, **(environment or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options], env=variables, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=60.0, verify=tls or False) as http:
            _wait_for_ping(http, process, log, wait_for)
            yield Server(process, http, log, tls)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_ping(
    http: httpx.Client, process: subprocess.Popen[bytes], log: Path, status: int
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if http.get("/ping").status_code == status:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def wait_until(find: Callable[[], Found | None]) -> Found:
    """Wait until a function returns something true, and return that; fail after a minute."""
    deadline = time.monotonic() + START_SECONDS
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def find_free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
