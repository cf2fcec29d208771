"""The memory of a replay does not grow with the log."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scoring_model.decision_log import LogWriter, open_log
from tests.conftest import ROOT
from tests.monitoring.replay.logged import REGISTRY, load, log_decisions, make_applicants

SCRIPT = """
import sys
from pathlib import Path
from monitoring.__main__ import main
assert main(["replay", "--decisions", sys.argv[1]]) == 0
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
# so many decisions fill a batch
BATCH, TIMES = 5000, 6


def measure(place: Path) -> int:
    """Return the peak memory of a process that replays a log, in kilobytes."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(result.stdout.split()[-1])


@pytest.mark.slow
def test_six_times_as_many_decisions_need_no_more_memory(tmp_path: Path) -> None:
    applicants, model, peaks = make_applicants(BATCH), load(REGISTRY, 1), []
    for times in (1, TIMES):
        place = tmp_path / f"log-{times}"
        open_log(place)
        writer = LogWriter(place)
        for _ in range(times):
            log_decisions(writer, model, applicants)
        writer.close()
        peaks.append(measure(place))
    # the rows of the log alone would be 25 MB more, as Python objects
    assert peaks[1] / peaks[0] < 1.05
