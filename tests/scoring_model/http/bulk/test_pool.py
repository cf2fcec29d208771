"""`BulkPool`: processes are started, replaced and ended; a bad version ends none but its own."""

import asyncio
import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scoring_model.errors import ArtifactError, TooSlow
from scoring_model.http.bulk import BulkPool, BulkTask
from scoring_model.settings import ServerSettings
from scoring_model.version import VersionContent, read_version
from tests.scoring_model.http.bombs import as_body
from tests.scoring_model.planted import make_contract, make_rows
from tests.scoring_model.planted_histories import plant_small

SETTINGS = ServerSettings("")
BODY = as_body(make_rows(make_contract(), 50, seed=1))


@pytest.fixture(scope="module")
def content(model_folder: Path) -> VersionContent:
    return read_version(model_folder)


@pytest.fixture
def pool(content: VersionContent) -> Iterator[BulkPool]:
    pool = BulkPool(content, SETTINGS, None)
    yield pool
    pool.close()


def descendants() -> list[psutil.Process]:
    """Return the child processes of pools, those too that nobody has waited for yet."""
    found = psutil.Process().children()
    return [p for p in found if is_zombie(p) or "scoring_model.http.bulk" in p.cmdline()]


def is_zombie(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)


def wait_for_their_end() -> None:
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.Error):
            if not descendants():
                return
        time.sleep(0.02)
    raise AssertionError("a process is left")


def ask(pool: BulkPool, seconds: float = 60.0) -> int:
    task = BulkTask(None, None, [BODY[:100], b"", BODY[100:]])
    answer = asyncio.run(pool.ask(task, time.monotonic() + seconds))
    assert not task.body
    return answer.status


def test_one_process_is_kept_for_one_request_at_a_time(pool: BulkPool) -> None:
    [child] = descendants()
    assert [ask(pool) for _ in range(5)] == [200] * 5
    assert descendants() == [child]
    with pytest.raises(TooSlow):
        ask(pool, -1.0)
    assert descendants() == [child]


def test_a_process_writes_nowhere(pool: BulkPool) -> None:
    assert ask(pool) == 200
    [child] = descendants()
    outputs = [Path(f"/proc/{child.pid}/fd/{number}").readlink() for number in (1, 2)]
    assert outputs == [Path(os.devnull)] * 2


def test_a_retired_pool_still_answers_and_keeps_no_process(pool: BulkPool) -> None:
    pool.retire()
    wait_for_their_end()
    assert ask(pool) == 200
    wait_for_their_end()


def test_a_closed_pool_leaves_no_process(content: VersionContent) -> None:
    pool = BulkPool(content, SETTINGS, None)
    pool.close()
    assert descendants() == []


@pytest.mark.hostile("a version that does not give its logged answer")
def test_a_version_that_fails_its_check_is_refused_by_the_process(content: VersionContent) -> None:
    other = content.files["example.json"].replace(b'"probability": 0.', b'"probability": 1.')
    assert other != content.files["example.json"]
    changed = dataclasses.replace(content, files={**content.files, "example.json": other})
    with pytest.raises(ArtifactError, match=r"example\.json does not get the logged answer"):
        BulkPool(changed, SETTINGS, None)
    assert descendants() == []


def test_a_server_with_a_limit_of_memory_starts_processes_too(model_folder: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from scoring_model.http.bulk import BulkPool
from scoring_model.settings import ServerSettings
from scoring_model.version import read_version
content = read_version(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
BulkPool(content, ServerSettings("", max_bulk_memory_bytes=1 << 40), None).close()
"""
    subprocess.run([sys.executable, "-c", code, str(model_folder)], check=True)


@pytest.mark.hostile("a version that takes for ever to load")
def test_a_version_that_takes_too_long_to_load_is_refused(content: VersionContent) -> None:
    settings = dataclasses.replace(SETTINGS, load_seconds=0.01)  # type: ignore[arg-type]
    with pytest.raises(ArtifactError, match=r"within 0\.01 seconds \(MODEL_LOAD_SECONDS\)"):
        BulkPool(content, settings, None)
    assert descendants() == []


@pytest.mark.hostile("a version whose SQL takes gigabytes to plan")
def test_a_version_that_takes_too_much_memory_to_load_is_refused(tmp_path: Path) -> None:
    # DuckDB's own limit does not count the memory of a statement that it parses
    sum_of_ones = f"SELECT id, {'1+' * 1_900_000}1 AS debt_sum -- Debt\nFROM loans GROUP BY id;\n"
    greedy = read_version(plant_small(tmp_path, sum_of_ones))
    with pytest.raises(ArtifactError, match=r"MemoryError|bad allocation|ended the process"):
        BulkPool(greedy, SETTINGS, None)
    assert descendants() == []
