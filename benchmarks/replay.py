"""Replay of a decision log: decisions per second and the peak memory.

`python -m benchmarks.replay [decisions]` logs decisions about the loans of `portfolios/sba`, made
by the champion of `credit-scoring`, and replays them. The default is a million decisions.
"""

import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow.parquet as pq

from monitoring.__main__ import main as run_command
from scoring_model.contract import FeatureContract
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues, open_log
from scoring_model.version import load_model
from train.promotion import DEFAULT_MODEL, Registry

LOANS = Path(__file__).parents[1] / "portfolios" / "sba" / "loans.parquet"
BATCH_ROWS = 1000


def read_applicants(contract: FeatureContract) -> Iterator[list[dict[str, object]]]:
    """Yield the loans as applicants, again and again."""
    while True:
        for batch in pq.ParquetFile(LOANS).iter_batches(BATCH_ROWS):
            yield contract.list_records(batch)


def write_log(place: Path, decisions: int) -> None:
    """Log decisions of the champion."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    model = load_model(Registry(DEFAULT_MODEL).champion_uri)
    open_log(place)
    writer, values = LogWriter(place), PersonalValues(None)
    origin = Origin(model.name, "/predict", None)
    numbers = itertools.count()
    written = 0
    for applicants in read_applicants(model.scorer.contract):
        kept = applicants[: decisions - written]
        if not kept:
            break
        rows = model.scorer.contract.encode_records(kept)
        answers = model.scorer.score_encoded(rows).answers()
        for applicant, answer in zip(kept, answers, strict=True):
            text = values.write(orjson.dumps(applicant), f"A-{next(numbers)}")
            writer.add(origin, NewDecision(**answer, values=text, decided_on=None))
        writer.commit()
        written += len(kept)
    writer.close()


def replay(place: str) -> None:
    """Replay a log, and print the peak memory of this process."""
    began = time.perf_counter()
    status = run_command(["replay", "--decisions", place])
    seconds = time.perf_counter() - began
    # not getrusage: its peak includes the memory of the parent when it started this process
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(f"status {status}, {seconds:.0f} s with the start of MLflow, peak {peak:.0f} MB")


def main(decisions: int) -> None:
    """Write a log and replay it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "decisions"
        write_log(place, decisions)
        size = sum(file.stat().st_size for file in place.rglob("*.jsonl"))
        print(f"{decisions} decisions, {size / 1e6:,.0f} MB", flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks.replay", "--replay", place], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--replay"]:
        replay(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
