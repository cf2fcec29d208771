"""Every committed decision is in the database exactly once, whatever stops in between."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scoring_model.decision_log import (
    NO_SEAL,
    LogFormatError,
    LogSettings,
    LogWriter,
    close_abandoned,
)
from scoring_model.decision_log.postgres import ship_spool
from tests.conftest import ROOT
from tests.postgres import Postgres
from tests.scoring_model.decision_log.postgres.conftest import PASSWORD
from tests.scoring_model.decision_log.postgres.spools import (
    ORIGIN,
    decide,
    read_ids,
    read_rows,
    running_log,
    write_spool,
)
from tests.scoring_model.processes import wait_until

pytestmark = pytest.mark.slow


def files_of(spool: Path) -> list[str]:
    return sorted(path.name for path in spool.rglob("*.jsonl"))


def start_worker(settings: LogSettings, count: int) -> "subprocess.Popen[str]":
    return start_program("spools", settings.place, settings.spool, str(count))


def start_program(name: str, *arguments: str) -> "subprocess.Popen[str]":
    module = f"tests.scoring_model.decision_log.postgres.{name}"
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def seal_and_ship(settings: LogSettings) -> None:
    close_abandoned(settings.folder, print)
    ship_spool(settings.folder, settings.place)


def test_a_spool_is_shipped_and_removed(settings: LogSettings) -> None:
    ids = write_spool(settings.folder, 50)
    ship_spool(settings.folder, settings.place)
    assert read_ids(settings.place) == ids
    assert [path for path in settings.folder.iterdir() if path.is_dir()] == []
    seals = read_rows(settings.place, "SELECT seal FROM decision_log_seals ORDER BY segment")
    assert len(seals) > 1
    assert json.loads(seals[0][0])["previous"] == NO_SEAL
    assert sum(json.loads(seal)["records"] for (seal,) in seals) == len(ids)
    numbers = read_rows(settings.place, "SELECT number FROM decision_log_records ORDER BY id")
    assert [number for (number,) in numbers] == list(range(50))


def test_a_writer_goes_on_after_its_first_segments_were_removed(settings: LogSettings) -> None:
    ids = write_spool(settings.folder, 0)
    with LogWriterOf(settings) as writer:
        for number in range(60):
            ids.append(writer.add(ORIGIN, decide(number)))
            writer.commit()
            if number % 5 == 0:
                ship_spool(settings.folder, settings.place)
        # what is in the database is forgotten here, and waits for its seal
        personal = b"".join(path.read_bytes() for path in writer.folder.glob("*.personal.jsonl"))
        assert personal.count(b'"erased"') > 0
        assert len(list(writer.folder.glob("*.seal.json"))) <= 2
    ship_spool(settings.folder, settings.place)
    assert read_ids(settings.place) == ids
    assert read_rows(
        settings.place, "SELECT count(*) FROM decision_log_personal WHERE values IS NULL"
    ) == [(0,)]
    seals = read_rows(settings.place, "SELECT seal FROM decision_log_seals ORDER BY segment")
    assert [json.loads(seal)["segment"] for (seal,) in seals] == list(range(len(seals)))
    assert not writer.folder.exists()


class LogWriterOf(LogWriter):
    """A writer of small segments, closed at the end of a block."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__(settings.folder, segment_bytes=5000)

    def __enter__(self) -> "LogWriterOf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def test_lost_progress_stores_nothing_twice(settings: LogSettings) -> None:
    ids = write_spool(settings.folder, 0)
    with LogWriterOf(settings) as writer:
        for turn in range(3):
            ids += [writer.add(ORIGIN, decide(turn * 4 + n, "A-1")) for n in range(4)]
            writer.commit()
            ship_spool(settings.folder, settings.place)
            (settings.folder / "shipped.json").write_bytes(b"{torn")
    ship_spool(settings.folder, settings.place)
    assert read_ids(settings.place) == ids
    kept = read_rows(settings.place, "SELECT count(*) FROM decisions WHERE reference = 'A-1'")
    assert kept == [(len(ids),)]


@pytest.mark.hostile("a decision log that somebody has damaged")
def test_a_damaged_line_keeps_its_segment_and_nothing_else(settings: LogSettings) -> None:
    first, second = (write_spool(settings.folder, 8, segment_bytes=10**6) for _ in range(2))
    writer = first[0][19:23] + first[0][24:]
    file = settings.folder / writer / "000000.records.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:3], b"{secret\n", *lines[4:]]))
    for _ in range(2):
        with pytest.raises(LogFormatError, match=f"segment 0 .*{writer} is damaged") as told:
            ship_spool(settings.folder, settings.place)
        assert "secret" not in str(told.value)
    assert read_ids(settings.place) == sorted([*first[:3], *first[4:], *second])
    assert file.exists()
    with running_log(settings) as log:
        wait_until(lambda: "is damaged" in log.concern)


def test_a_torn_line_beside_the_segments_is_left_out(settings: LogSettings) -> None:
    write_spool(settings.folder, 0)
    with LogWriterOf(settings) as writer:
        writer.make_folder()
        lines = b'{"count":1}\n{"cou{"count":2}\n{"count":3}\n{"co'
        (writer.folder / "counts.jsonl").write_bytes(lines)
    ship_spool(settings.folder, settings.place)
    rows = read_rows(settings.place, "SELECT document FROM decision_log_counts ORDER BY position")
    assert rows == [({"count": 1},), ({"count": 3},)]
    assert not writer.folder.exists()


def test_the_database_stops_and_starts_under_load(
    settings: LogSettings, postgres: Postgres, capfd: pytest.CaptureFixture[str]
) -> None:
    ids: list[str] = []
    with running_log(settings) as log:

        def decide_for(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                ids.extend(log.add(ORIGIN, decide(len(ids) + n)) for n in range(5))
                log.commit()
                time.sleep(0.002)

        decide_for(1.0)
        assert log.concern == ""
        for _ in range(2):
            postgres.stop()
            try:
                decide_for(1.0)
                assert "decisions wait on the disk" in log.concern
                # a decision is found while the database is away
                assert log.find(ids[-1])
            finally:
                postgres.start()
            decide_for(0.5)
            wait_until(lambda: not log.concern)
            decide_for(0.5)
        wait_until(lambda: log.find(ids[0]))
    assert read_ids(settings.place) == ids
    assert files_of(settings.folder) == []
    time.sleep(0.2)
    output = capfd.readouterr().out
    assert output.count("decisions wait on the disk") == 2
    assert output.count("are in their database") == 2
    assert PASSWORD not in output


@pytest.mark.hostile("a process that is killed")
def test_killed_processes_on_one_spool_lose_and_double_nothing(settings: LogSettings) -> None:
    chance = random.Random(5)
    committed: list[str] = []
    workers = [start_worker(settings, 10**6) for _ in range(2)]
    for turn in range(8):
        time.sleep(0.6 + 0.6 * chance.random())
        victim = workers.pop(0)
        victim.kill()
        # the last line may be torn
        committed += [line for line in victim.communicate()[0].split("\n")[:-1] if line]
        if turn < 6:
            workers.append(start_worker(settings, 10**6))
    seal_and_ship(settings)
    stored = read_ids(settings.place)
    assert len(committed) > 100
    assert set(committed) <= set(stored)
    # a decision that was written and not yet printed may be there too
    assert len(stored) - len(committed) <= 8
    assert len(set(stored)) == len(stored)
    assert files_of(settings.folder) == []


def test_a_job_waits_for_the_worker_that_ships_its_spool(settings: LogSettings) -> None:
    with running_log(settings) as log:
        log.add(ORIGIN, decide(0))
        log.commit()
        wait_until((settings.folder / "shipped.json").exists)
        ids = write_spool(settings.folder, 500)
        ship_spool(settings.folder, settings.place)
        assert set(ids) <= set(read_ids(settings.place))


@pytest.mark.hostile("a full disk")
def test_writes_that_were_taken_back_are_not_shipped(settings: LogSettings) -> None:
    write_spool(settings.folder, 0)
    writer = start_program("limited_writer", str(settings.folder))
    while writer.poll() is None:
        ship_spool(settings.folder, settings.place)
    ids = writer.communicate()[0].split()
    assert writer.returncode == 0
    ship_spool(settings.folder, settings.place)
    assert len(ids) > 100
    assert read_ids(settings.place) == ids
    assert files_of(settings.folder) == []


def test_two_processes_end_and_leave_nothing(settings: LogSettings) -> None:
    workers = [start_worker(settings, 300) for _ in range(2)]
    ids = [line for worker in workers for line in worker.communicate(timeout=60)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert read_ids(settings.place) == sorted(ids)
    assert files_of(settings.folder) == []


def test_a_dead_process_leaves_its_spool_to_the_next(settings: LogSettings) -> None:
    away = settings._replace(place=settings.place.replace("127.0.0.1", "127.0.0.2"))
    worker = start_worker(away, 10**6)
    assert worker.stdout is not None
    ids = [worker.stdout.readline().strip() for _ in range(50)]
    os.kill(worker.pid, signal.SIGKILL)
    ids += worker.communicate()[0].split("\n")[:-1]
    assert files_of(away.folder) != []
    away.folder.rename(settings.folder)
    with running_log(settings):
        wait_until(lambda: files_of(settings.folder) == [])
    assert set(ids) <= set(read_ids(settings.place))
