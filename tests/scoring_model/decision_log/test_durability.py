"""A served process that is killed, and a full disk: what was answered is in the log, once."""

import contextlib
import json
import os
import random
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from scoring_model.decision_log import FolderReader, close_abandoned
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, start_server, wait_until

KILLS = 20
ROWS = 300


def read_ids(place: Path) -> Counter[str]:
    """Return how often the log holds each id."""
    reader = FolderReader(place)
    return Counter(
        json.loads(record)["id"]
        for segment in reader.segments()
        for record, _ in reader.pairs(segment)
        if record is not None
    )


class Caller(threading.Thread):
    """Asks for decisions until told to stop, and keeps the ids of those that were answered."""

    def __init__(self, server: Server, rows: int) -> None:
        super().__init__()
        self._server = server
        self._body = json.dumps(EXAMPLE if rows == 1 else [EXAMPLE] * rows).encode()
        self.is_over = False
        self.answered: list[tuple[str, int]] = []

    def run(self) -> None:
        headers = {"Content-Type": "application/json"}
        with self._server.another_client() as http:
            while not self.is_over:
                with contextlib.suppress(httpx.TransportError):
                    answer = http.post("/predict", content=self._body, headers=headers)
                    if "X-Decision-ID" in answer.headers:
                        count = int(answer.headers["X-Decision-Count"])
                        self.answered.append((answer.headers["X-Decision-ID"], count))


@contextlib.contextmanager
def under_load(server: Server) -> Iterator[list[Caller]]:
    callers = [Caller(server, rows) for rows in (1, 1, 1, 1, 20, ROWS)]
    for caller in callers:
        caller.start()
    try:
        yield callers
    finally:
        for caller in callers:
            caller.is_over = True
        for caller in callers:
            caller.join()


def check_log(place: Path, callers: list[Caller]) -> None:
    """Check that each answered decision is in the log once."""
    close_abandoned(place, lambda _: None)
    found = read_ids(place)
    assert set(found.values()) == {1}
    answered = [identifier for caller in callers for identifier, _ in caller.answered]
    assert len(answered) > KILLS
    assert [identifier for identifier in answered if identifier not in found] == []
    # a request may be logged whose answer was lost with the process
    assert len(found) >= sum(count for caller in callers for _, count in caller.answered)


def workers_of(server: Server) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(server.process.pid).children():
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.mark.slow
def test_no_answered_decision_is_lost_when_workers_are_killed(
    model_folder: Path, tmp_path: Path
) -> None:
    place, chance = tmp_path / "log", random.Random(0)
    options = ("--workers", "2")
    with (
        start_server(model_folder, tmp_path, {"DECISION_LOG": str(place)}, options) as server,
        under_load(server) as callers,
    ):
        for kill in range(0, KILLS, 2):
            wait_until(partial(has_loaded, server, kill + 2))
            for worker in workers_of(server):
                threading.Event().wait(chance.uniform(0.0, 0.2))
                worker.kill()
        wait_until(partial(has_loaded, server, KILLS + 1))
    check_log(place, callers)


def has_loaded(server: Server, times: int) -> bool:
    return server.log.read_text().count('"event":"loaded"') >= times


def mount(folder: Path, size: str) -> None:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of two megabytes."""
    folder = tmp_path / "disk"
    mount(folder, "2m")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_503_until_there_is_room(
    model_folder: Path, tmp_path: Path, small_disk: Path
) -> None:
    place = small_disk / "log"
    with start_server(model_folder, tmp_path, {"DECISION_LOG": str(place)}) as server:
        filler = small_disk / "filler"
        filler.write_bytes(bytes(1 << 20))
        with under_load(server) as callers:

            def refused() -> str | None:
                answer = server.http.post("/predict", json=EXAMPLE)
                return answer.text if answer.status_code == 503 else None

            reason = "the decision log cannot be written: No space left on device"
            assert reason in wait_until(refused)
            ready = server.http.get("/ready")
            assert (ready.status_code, ready.json()["error"]["code"]) == (503, "log_unavailable")
            assert reason in ready.text
            answered = sum(len(caller.answered) for caller in callers)
            filler.unlink()
            wait_until(lambda: sum(len(c.answered) for c in callers) > answered + 20 or None)
        assert 'cause="log_unavailable"} 0.0' not in server.http.get("/metrics").text
    check_log(place, callers)


@pytest.mark.slow
def test_a_full_disk_is_counted_if_decisions_are_answered_all_the_same(
    model_folder: Path, tmp_path: Path, small_disk: Path
) -> None:
    variables = {"DECISION_LOG": str(small_disk / "log"), "DECISION_LOG_ON_FAILURE": "answer"}
    with start_server(model_folder, tmp_path, variables) as server:
        (small_disk / "filler").write_bytes(bytes(1 << 20))
        with under_load(server), contextlib.suppress(OSError):
            (small_disk / "rest").write_bytes(bytes(1 << 20))

            def unlogged() -> bool | None:
                answer = server.http.post("/predict", json=EXAMPLE)
                assert answer.status_code == 200
                return "X-Decision-ID" not in answer.headers or None

            wait_until(unlogged)
        assert server.http.get("/ready").status_code == 200
        [line] = [
            each
            for each in server.http.get("/metrics").text.splitlines()
            if each.startswith("scoring_unlogged_decisions_total ")
        ]
        assert float(line.split()[1]) > 0


def start_and_fail(model: Path, folder: Path, place: Path) -> str:
    """Return what a start prints that fails."""
    with pytest.raises(RuntimeError), start_server(model, folder, {"DECISION_LOG": str(place)}):
        pass
    return (folder / "server.log").read_text()


@pytest.mark.parametrize("kind", ["file", "other files", "newer format"])
def test_a_place_that_is_no_log_ends_the_start_in_one_line(
    model_folder: Path, tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_text("text")
        expected = f"DECISION_LOG: {place} cannot be written: File exists"
    else:
        place.mkdir()
        name, text = ("log.json", '{"format_version": 99}') if kind != "other files" else ("a", "")
        (place / name).write_text(text)
        expected = f"DECISION_LOG: {place} holds other files: a decision log needs its own folder"
        if kind == "newer format":
            expected = f"DECISION_LOG: {place} has format 99, this release reads 1: use a newer"
    printed = start_and_fail(model_folder, tmp_path, place)
    assert f"error: {expected}" in printed
    assert "Traceback" not in printed


@pytest.mark.slow
def test_two_servers_on_one_folder_keep_apart(model_folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "log"
    variables = {"DECISION_LOG": str(place)}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (
        start_server(model_folder, tmp_path / "one", variables) as one,
        start_server(model_folder, tmp_path / "two", variables) as two,
    ):
        ids = [
            server.http.post("/predict", json=EXAMPLE).headers["X-Decision-ID"]
            for server in (one, two, one, two)
        ]
        # each finds the decisions of the other
        assert one.http.get(f"/decisions/{ids[1]}").json()["number"] == 0
        assert two.http.get(f"/decisions/{ids[2]}").json()["number"] == 1
    assert read_ids(place) == Counter(ids)
    assert len([entry for entry in place.iterdir() if entry.is_dir()]) == 2
    modes = {oct(file.stat().st_mode & 0o077) for file in place.rglob("*") if file != place}
    assert modes <= {oct(0)}, "others on this machine may read the log"
    assert os.access(place, os.R_OK)
