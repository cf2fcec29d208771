"""The log: nobody waits for its reader, its lines stay whole, and lost lines are told."""

import contextlib
import fcntl
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from scoring_model.telemetry.log_queue import MOST_LINES
from tests.conftest import ROOT
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import START_SECONDS, find_free_port, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hostile("a log that nobody reads, or whose disk is full"),
]

LOST = re.compile(r"(\d+) lines were lost")
IN_A_BURST = 500
# a pipe holds fewer lines than these
BURSTS = MOST_LINES // IN_A_BURST + 8
WRONG_REQUESTS = 2_500

Process = subprocess.Popen[bytes]


@contextlib.contextmanager
def unread_server(model: Path) -> Iterator[tuple[Process, httpx.Client]]:
    """Run a server whose standard output and error are pipes that nobody reads."""
    port = find_free_port()
    command = [sys.executable, "-m", "uvicorn", "scoring_model.asgi:app", "--port", str(port)]
    command += ["--http", "scoring_model.http_protocol:HttpProtocol"]
    with (
        subprocess.Popen(
            command,
            env={**os.environ, "MODEL_URI": str(model)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as http,
    ):
        try:
            wait_until(lambda: is_serving(http))
            yield process, http
        finally:
            process.kill()


def is_serving(http: httpx.Client) -> bool:
    try:
        return http.get("/ping").status_code == 200
    except httpx.TransportError:
        return False


def answer_bursts(http: httpx.Client, bursts: int) -> None:
    """Send many requests on one connection, and read every answer."""
    body = json.dumps(EXAMPLE).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection((http.base_url.host, http.base_url.port or 80), 60) as caller:
        for _ in range(bursts):
            threading.Thread(target=caller.sendall, args=(request * IN_A_BURST,)).start()
            received = b""
            while received.count(b"\r\n\r\n{") < IN_A_BURST or not received.endswith(b"}"):
                part = caller.recv(1 << 20)
                assert part
                received += part
            assert received.count(b"HTTP/1.1 200 ") == IN_A_BURST


def lost_lines(http: httpx.Client) -> int:
    found = re.search(r"^scoring_log_lines_dropped_total (\S+)$", http.get("/metrics").text, re.M)
    assert found
    return int(float(found[1]))


def is_written(http: httpx.Client, entries: list[dict[str, Any]], name: str) -> bool:
    """Send a request with this id; return whether the log has a line of it."""
    http.get("/version", headers={"X-Request-ID": name})
    time.sleep(0.2)
    return any(entry.get("request_id") == name for entry in list(entries))


def told_lines(entries: list[dict[str, Any]]) -> int:
    found = [LOST.match(entry.get("message", "")) for entry in list(entries)]
    return sum(int(match[1]) for match in found if match)


def read_in_a_thread(pipe: IO[bytes] | None) -> tuple[list[dict[str, Any]], threading.Thread]:
    """Read a log in a thread; every line must be whole."""
    assert pipe
    entries: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: entries.extend(json.loads(line) for line in pipe))
    thread.start()
    return entries, thread


def test_a_log_that_nobody_reads_stops_no_answer_and_tells_what_was_lost(
    model_folder: Path,
) -> None:
    with unread_server(model_folder) as (process, http):
        answer_bursts(http, BURSTS)
        assert http.get("/ping").status_code == 200
        lost = lost_lines(http)
        assert lost > 0
        entries, reader = read_in_a_thread(process.stdout)
        wait_until(lambda: any(LOST.match(entry.get("message", "")) for entry in list(entries)))
        # writing goes on, but the queue may still be full when this request comes
        wait_until(lambda: is_written(http, entries, "the-last"))
        # a line about lost ones may follow it
        wait_until(lambda: told_lines(entries) == lost_lines(http))
        assert lost_lines(http) >= lost
        predicted = sum(entry.get("route") == "/predict" for entry in entries)
        assert BURSTS * IN_A_BURST - lost_lines(http) <= predicted < BURSTS * IN_A_BURST
        process.terminate()
        process.wait(START_SECONDS)
        reader.join()


def test_wrong_requests_write_nothing_to_an_unread_standard_error(model_folder: Path) -> None:
    with unread_server(model_folder) as (process, http):
        address = http.base_url.host, http.base_url.port or 80
        for _ in range(WRONG_REQUESTS):
            with socket.create_connection(address, 60) as caller:
                caller.sendall(b"no request of HTTP\r\n\r\n")
                assert caller.recv(4096).startswith(b"HTTP/1.1 400 ")
        assert http.post("/predict", json=EXAMPLE).status_code == 200
        entries, reader = read_in_a_thread(process.stdout)
        process.terminate()
        process.wait(START_SECONDS)
        reader.join()
        assert process.stderr
        # what uvicorn says before it calls the application
        assert len(process.stderr.read().splitlines()) < 5
        assert {entry["event"] for entry in entries} >= {"start", "loaded", "request"}


def start(code: str, **options: Any) -> Process:
    """Run code that writes to the log, in a process of its own."""
    head = "from scoring_model.telemetry import LOG, write_event\n"
    return subprocess.Popen([sys.executable, "-c", head + code], cwd=ROOT, **options)


def test_the_lines_of_several_processes_do_not_mix() -> None:
    code = "for i in range(5000): write_event('a', 'é' * (i % 700))"
    reading, writing = os.pipe()
    processes = [start(code, stdout=writing) for _ in range(3)]
    os.close(writing)
    with os.fdopen(reading, "rb") as log:
        lines = [json.loads(line) for line in log]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(lines) == 15_000
    assert max(len(line["message"]) for line in lines) == 603


def test_a_process_ends_although_nobody_reads_its_log() -> None:
    with start("for _ in range(30000): write_event('a', 'b')", stdout=subprocess.PIPE) as process:
        assert process.wait(START_SECONDS) == 0


def test_a_pipe_that_does_not_block_loses_nothing() -> None:
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    process = start("for i in range(3000): write_event('a', str(i))", stdout=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as log:
        assert [json.loads(line)["message"] for line in log] == [str(i) for i in range(3000)]
    assert process.wait() == 0


def test_after_a_full_disk_the_next_line_is_whole(tmp_path: Path) -> None:
    code = """
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
for _ in range(5): write_event('a', 'b')
LOG.finish()
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
write_event('a', 'room again')
"""
    path = tmp_path / "log"
    with path.open("wb") as log, start(code, stdout=log) as process:
        assert process.wait(START_SECONDS) == 0
    whole, cut, *rest = path.read_text().splitlines()
    assert json.loads(whole)["message"] == "b"
    assert len(whole) + 1 + len(cut) == 100
    assert [json.loads(line)["message"] for line in rest] == [
        "room again",
        "4 lines were lost here: nobody read the log, or its disk was full",
    ]


def test_a_closed_log_stops_nothing() -> None:
    code = "import os; os.close(1)\nfor _ in range(100): write_event('a', 'b')"
    assert start(code).wait(START_SECONDS) == 0
