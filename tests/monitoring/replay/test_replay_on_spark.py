"""A replay on Spark finds what a replay on one machine finds."""

from pathlib import Path
from typing import Any

import mlflow
import orjson
import pytest

from scoring_model.decision_log import LogWriter
from tests.monitoring.replay.logged import (
    REGISTRY,
    LogFiles,
    load,
    log_decisions,
    make_applicants,
    replay,
)
from tests.scoring_model.processes import wait_until

pytestmark = pytest.mark.slow

SEGMENT_BYTES = 6000


def write_log(place: Path) -> LogWriter:
    """Log decisions of two versions in several segments, the last of which is being written."""
    writer = LogWriter(place, segment_bytes=SEGMENT_BYTES)
    for version in (1, 2):
        model = load(REGISTRY, version)
        for part in range(3):
            log_decisions(writer, model, make_applicants(20, seed=10 * version + part))
    log_decisions(writer, model, make_applicants(5, seed=99))
    log = LogFiles(place)
    log.erase(1)
    log.break_line("records", 2)
    log.change("records", 3, manifest="0" * 64)
    log.change("records", 4, threshold=0.5)
    (torn,) = place.glob("*/000006.records.jsonl")
    with torn.open("ab") as file:
        file.write(b'{"id":"torn')
    return writer


def found(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, float], list[str], list[Any]]:
    """Return metrics, printed lines and differences of the last replay."""
    run = mlflow.last_active_run()
    assert run is not None
    metrics = dict(run.data.metrics)
    del metrics["decisions_per_second"]
    lines = capsys.readouterr().out.splitlines()
    said = sorted(line for line in lines if "run " not in line and "/s" not in line)
    listed = []
    # a sample may have none
    if metrics["different_decisions"]:
        text = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/differences.jsonl")
        listed = [orjson.loads(line) for line in text.splitlines()]
    return metrics, said, listed


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("options", [(), ("--sample", "0.9")])
def test_spark_finds_what_one_machine_finds(
    place: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    writer = write_log(place)
    wait_until(lambda: len(list(place.glob("*/*.seal.json"))) == 6)
    assert replay(place, *options) == 4
    local = found(capsys)
    assert replay(place, *options, "--engine", "spark") == 4
    assert found(capsys) == local
    if not options:
        assert local[0]["replayed_decisions"] == 122
        assert local[0]["different_decisions"] == local[0]["erased_decisions"] == 1
        assert local[0]["damaged_decisions"] == local[0]["decisions_without_version"] == 1
    writer.close()
