"""A job that is killed and continued has each decision in the log once."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.train.batch.logged import (
    load_version,
    make_applicants,
    open_batch_log,
    read_log,
    write_version,
)
from train.batch import score_loans
from train.tables import Source

pytestmark = pytest.mark.slow

FILES, FILE_ROWS = 8, 1_500
ROWS = FILES * FILE_ROWS
KILLS = 3
SCRIPT = """
import sys
from pathlib import Path
from tests.train.batch.logged import load_version, open_batch_log
from train.batch import score_loans
from train.tables import Source

folder = Path(sys.argv[1])
model, log = load_version(folder / "version"), open_batch_log(folder / "log")
print("ready", flush=True)
body, output = Source(f"{folder}/body-*.parquet"), folder / "scored.csv"
score_loans(model, body, output, part_rows=1, log=log)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a version and the files of a job; each file is a part."""
    write_version(tmp_path / "version")
    applicants = make_applicants(ROWS)
    applicants.loc[5, "income"] = None
    for number in range(FILES):
        part = applicants[number * FILE_ROWS : (number + 1) * FILE_ROWS]
        part.to_parquet(tmp_path / f"body-{number}.parquet")
    return tmp_path


def start(folder: Path) -> subprocess.Popen[str]:
    """Start the job in a process of its own, and wait until it begins to score."""
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a process that is not killed."""
    with process:
        assert process.wait() == 0


def check(folder: Path) -> None:
    """Check that each row is in the log once, and that nothing else is left."""
    references = [int(each.personal["reference"]) for each in read_log(folder / "log")]
    assert sorted(references) == [row for row in range(ROWS) if row != 5]
    assert pd.read_csv(folder / "scored.csv")["loan_id"].tolist() == sorted(references)
    assert not list(folder.glob("scored.csv.parts*"))
    counts = [file.read_text() for file in folder.glob("log/*/counts.jsonl")]
    assert len(counts) == 1
    assert '"count":1}' in counts[0]


def test_a_job_that_is_killed_at_any_moment_logs_each_row_once(folder: Path) -> None:
    process, began = start(folder), time.monotonic()
    finish(process)
    duration = time.monotonic() - began
    check(folder)
    output, parts = folder / "scored.csv", folder / "scored.csv.parts"
    rng, killed = random.Random(16), 0
    while killed < KILLS:
        shutil.rmtree(folder / "log")
        output.unlink()
        with start(folder) as process:
            time.sleep(rng.random() * duration)
            process.kill()
        if output.exists() and not (parts / "job.json").exists():
            # it is finished: the same command would be another job
            shutil.rmtree(parts, ignore_errors=True)
        else:
            killed += parts.exists()
            finish(start(folder))
        check(folder)


def test_a_job_that_ends_between_the_log_and_the_output_logs_each_row_once(folder: Path) -> None:
    output = folder / "scored.csv"
    # as if it were killed: the output cannot be written
    (folder / "scored.csv.unfinished").mkdir()

    def score() -> None:
        model, log = load_version(folder / "version"), open_batch_log(folder / "log")
        score_loans(model, Source(f"{folder}/body-*.parquet"), output, part_rows=1, log=log)

    with pytest.raises(IsADirectoryError):
        score()
    assert len(read_log(folder / "log")) == ROWS - 1
    # half of it did not come into the log
    for number, part in enumerate(sorted((folder / "scored.csv.parts").glob("*.decisions"))):
        if number % 2:
            writers = [path for path in (folder / "log").iterdir() if path.is_dir()]
            writers[0].rename(part / writers[0].name)
    (folder / "scored.csv.unfinished").rmdir()
    score()
    check(folder)
