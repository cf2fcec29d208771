"""Starts servers on one core and sends them requests from another core, with wrk."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.scoring_model.processes import find_free_port

SERVER_CORE, CLIENT_CORE = 0, 1
_SCRIPT = """
local file = io.open(os.getenv("WRK_BODY"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
wrk.headers["Content-Type"] = os.getenv("WRK_TYPE") or "application/json"
local key = os.getenv("WRK_KEY")
if key then wrk.headers["Authorization"] = "Bearer " .. key end
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.connect
  io.write(string.format("RESULT %d %f %f %f\\n", failed, summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """The measurement of a load: requests per second, and latency at p50 and p99 in ms."""

    per_second: float
    p50: float
    p99: float


@dataclass(slots=True)
class Running:
    """A running server, and the seconds until its first answer."""

    process: psutil.Process
    url: str
    start_seconds: float

    def megabytes(self) -> float:
        """Return the memory (PSS) of its largest process, which is a worker."""
        family = [self.process, *self.process.children(recursive=True)]
        return float(max(process.memory_full_info().pss for process in family)) / 1e6


@contextlib.contextmanager
def serve(
    command: Sequence[str], environment: Mapping[str, str], ready_path: str
) -> Iterator[Running]:
    """Run a server on one core until the block ends; its port replaces `{port}` in the command."""
    port = find_free_port()
    pinned = ["taskset", "-c", str(SERVER_CORE), *(part.format(port=port) for part in command)]
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    process = subprocess.Popen(
        pinned,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(url + ready_path):
            if process.poll() is not None or time.perf_counter() - started > 120:
                raise RuntimeError(f"the server did not start: {' '.join(pinned)}")
            time.sleep(0.02)
        yield Running(psutil.Process(process.pid), url, time.perf_counter() - started)
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.terminate()
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code in {200, 404, 405}
    except httpx.TransportError:
        return False


def load(
    url: str,
    body: Path,
    connections: int,
    seconds: float,
    key: str | None = None,
    cores: str = str(CLIENT_CORE),
) -> Load:
    """Post a body again and again without pause, and return the measurement of wrk."""
    with begin_load(url, body, connections, seconds, key, cores) as process:
        output = process.communicate()[0]
    found = re.search(r"RESULT (\d+) (\S+) (\S+) (\S+)", output)
    if found is None or int(found[1]):
        raise RuntimeError(f"wrk failed on {url}: {output}")
    return Load(float(found[2]), float(found[3]), float(found[4]))


@contextlib.contextmanager
def begin_load(
    url: str,
    body: Path,
    connections: int,
    seconds: float,
    key: str | None = None,
    cores: str = str(CLIENT_CORE),
    media_type: str = "application/json",
) -> Iterator[subprocess.Popen[str]]:
    """Run wrk on the other core, or on some cores, at most until the block ends."""
    environment = {**os.environ, "WRK_BODY": str(body), "WRK_TYPE": media_type}
    if key is not None:
        environment["WRK_KEY"] = key
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT)
        script.flush()
        command = ["taskset", "-c", cores, "wrk", "--latency", "--threads", "1"]
        command += ["--connections", str(connections), "--duration", f"{seconds:.0f}s"]
        command += ["--timeout", "30s", "--script", script.name, url]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def uvicorn(app: str) -> list[str]:
    """Return the command that starts an application on uvicorn."""
    command = [sys.executable, "-m", "uvicorn", app, "--port", "{port}"]
    return [*command, "--no-access-log", "--no-server-header"]
