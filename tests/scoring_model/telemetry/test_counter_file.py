"""Trouble with the files of the metrics stops nothing, and what can be read is shown."""

import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scoring_model.http.routes import PREDICT
from scoring_model.policy import Decisions
from scoring_model.telemetry import LOG, Metrics, render_metrics
from scoring_model.types import FloatArray
from tests.conftest import ROOT
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import start_server
from tests.scoring_model.telemetry.test_telemetry import events, samples

WORKER = """
import sys
from pathlib import Path
from scoring_model.telemetry import Metrics
metrics = Metrics(Path(sys.argv[1]), ["/predict"])
metrics.requests.count("/predict", 200, 0.1)
metrics.bulk.change("running", 2)
metrics.bulk.change("waiting", 1)
print("ready", flush=True)
sys.stdin.read()
"""


def count(folder: Path | None) -> Metrics:
    """Return the metrics of a worker that has answered one request."""
    metrics = Metrics(folder, [PREDICT])
    metrics.requests.count(PREDICT, 200, 0.1)
    return metrics


def answered(metrics: Metrics) -> float:
    """Return how many requests all workers have answered."""
    return shown(metrics)['scoring_requests_total{route="/predict",status="200"}']


def shown(metrics: Metrics) -> dict[str, float]:
    lines = render_metrics(metrics).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the events about metrics."""
    LOG.finish()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    return [line["message"] for line in lines if line["event"] == "metrics"]


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_workers_share_a_folder_that_only_their_user_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "metrics"
    first, second = count(folder), count(folder)
    assert answered(first) == answered(second) == 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_without_a_folder_each_worker_shows_its_own() -> None:
    assert [answered(count(None)), answered(count(None))] == [1, 1]


def content(header: str, values: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header.encode() + values


BROKEN = {
    "empty": b"",
    "a length beyond the file": b"\xff" * 8,
    "no JSON": content("[[[", b""),
    "too deep": content("[" * 100_000, b""),
    "no UTF-8": struct.pack("<Q", 2) + b"\xff\xff",
    "no list": content("7", b""),
    "no list of keys": content("[7]", bytes(8)),
    "too few values": content('[["scoring_rows", "1"]]', b"\0"),
}


@pytest.mark.hostile("stray and broken files in the metrics folder")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_left_out_and_told_once(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told(capfd)
    metrics = count(tmp_path)
    (tmp_path / "7-1.counters").write_bytes(BROKEN[name])
    assert [answered(metrics), answered(metrics)] == [1, 1]
    (message,) = told(capfd)
    assert "left out" in message
    assert str(tmp_path) not in message


@pytest.mark.hostile("stray and broken files in the metrics folder")
def test_a_key_that_is_no_metric_is_left_out(tmp_path: Path) -> None:
    metrics = count(tmp_path)
    keys = [
        *([], ["other"], ["scoring_requests", "/predict"], ["scoring_requests", [], 200]),
        *([["a"]], ["scoring_request_seconds", "/predict", 0.3], [None, {}]),
        ["scoring_requests", "/predict", 200],
    ]
    values = struct.pack(f"{len(keys)}d", *[1.0] * len(keys))
    (tmp_path / "stray.counters").write_bytes(content(json.dumps(keys), values))
    assert answered(metrics) == 2


@pytest.mark.hostile("stray and broken files in the metrics folder")
def test_what_is_no_regular_file_is_left_out(tmp_path: Path) -> None:
    metrics = count(tmp_path)
    (tmp_path / "folder.counters").mkdir()
    os.mkfifo(tmp_path / "pipe.counters")
    (tmp_path / "link.counters").symlink_to(next(tmp_path.glob("*-*.counters")))
    (tmp_path / "credit-scoring-metrics-x").touch()
    with (tmp_path / "huge.counters").open("wb") as huge:
        huge.truncate(1 << 40)
    assert answered(metrics) == 1


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_a_folder_that_cannot_be_made_or_written_costs_only_the_sharing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told(capfd)
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "metrics", Path("/proc/self")):
        metrics = count(folder)
        assert answered(metrics) == 1
        messages = told(capfd)
        assert messages[0].startswith("metrics cannot be written (PROMETHEUS_MULTIPROC_DIR): ")
        assert len(messages) <= 2


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_a_folder_that_vanishes_costs_only_the_other_workers(tmp_path: Path) -> None:
    first, second = count(tmp_path / "metrics"), count(tmp_path / "metrics")
    shutil.rmtree(tmp_path / "metrics")
    assert answered(first) == answered(second) == 1
    first.requests.count(PREDICT, 200, 0.1)
    assert answered(first) == 2


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_without_room_for_a_file_counting_goes_on_in_memory(tmp_path: Path) -> None:
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from pathlib import Path
from scoring_model.telemetry import Metrics, render_metrics
metrics = Metrics(Path(sys.argv[1]), ["/predict"])
metrics.requests.count("/predict", 200, 0.1)
assert b'scoring_requests_total{route="/predict",status="200"} 1.0' in render_metrics(metrics)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "metrics cannot be written" in result.stdout
    # the drops of the log and the gauge of large requests have room
    assert len(list(tmp_path.iterdir())) == 2


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of a few pages, and fill it but for one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk, and not in every container")
    try:
        with (folder / "filler").open("wb", buffering=0) as filler:
            filler.write(bytes(60 * 1024))
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.hostile("a metrics folder that vanishes, is full or is someone else's")
def test_a_server_on_a_full_disk_serves_and_counts(model_folder: Path, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        start_server(model_folder, tmp_path, {"PROMETHEUS_MULTIPROC_DIR": str(disk)}) as running,
    ):
        for _ in range(3):
            assert running.http.post("/predict", json=EXAMPLE).status_code == 200
        assert samples(running)["scoring_requests_total", "/predict", "200"] == 3
        messages = [e["message"] for e in events(running) if e["event"] == "metrics"]
        assert messages == [
            "metrics cannot be written (PROMETHEUS_MULTIPROC_DIR): No space left on device"
        ]


def test_a_worker_that_ended_keeps_its_counters_but_not_its_gauges(tmp_path: Path) -> None:
    metrics = count(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == b"ready\n"
        assert answered(metrics) == 2
        assert shown(metrics)['scoring_bulk_requests{state="running"}'] == 2
        assert shown(metrics)['scoring_bulk_requests{state="waiting"}'] == 1
        worker.kill()
    assert answered(metrics) == 2
    assert shown(metrics)['scoring_bulk_requests{state="running"}'] == 0


def decisions(probability: FloatArray) -> Decisions:
    threshold = np.full(len(probability), 0.3)
    return Decisions(probability, (probability < threshold).astype(np.int64), threshold)


def test_the_shadow_s_decisions_are_compared_with_the_champion_s() -> None:
    metrics = Metrics(None, [])
    counters = metrics.start_shadow()
    counters.count(
        decisions(np.array([0.1, 0.2, 0.4, 0.9])), decisions(np.array([0.1, 0.35, 0.1, 0.1]))
    )
    counters.count_outcome("dropped", 5)
    values = shown(metrics)
    assert values['scoring_shadow_applicants_total{outcome="scored"}'] == 4
    assert values['scoring_shadow_applicants_total{outcome="failed"}'] == 0
    assert values['scoring_shadow_applicants_total{outcome="dropped"}'] == 5
    name = 'scoring_shadow_decisions_total{{champion="{}",shadow="{}"}}'
    assert values[name.format("accepted", "accepted")] == 1
    assert values[name.format("accepted", "refused")] == 1
    assert values[name.format("refused", "accepted")] == 2
    assert values[name.format("refused", "refused")] == 0
    bucket = 'scoring_shadow_probability_difference_bucket{{le="{}"}}'
    limits = (-0.5, -0.2, -0.1, 0.0, 0.1, 0.2, "+Inf")
    assert [values[bucket.format(limit)] for limit in limits] == [1, 2, 2, 3, 3, 4, 4]


def test_a_status_that_is_not_listed_is_counted() -> None:
    metrics = count(None)
    metrics.requests.count(PREDICT, 418, 0.1)
    assert answered(metrics) == 1
    assert shown(metrics)['scoring_requests_total{route="/predict",status="other"}'] == 1


def test_wrong_keys_are_counted() -> None:
    metrics = Metrics(None, [PREDICT])
    metrics.requests.count_wrong_key()
    assert shown(metrics)["scoring_wrong_keys_total"] == 1
