"""Large decision logs: decisions of the champion about the loans of `portfolios/sba`."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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


def write_log(
    place: Path, decisions: int, find_day: Callable[[int], str | None] = lambda _: None
) -> None:
    """Log decisions of the champion; their references are A-0, A-1 and so on.

    Parameters
    ----------
    place : Path
    decisions : int
    find_day : callable
        Returns `decided_on` of the decision with a number, counted from 0.
    """
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
            number = next(numbers)
            text = values.write(orjson.dumps(applicant), f"A-{number}")
            day = find_day(number)
            writer.add(origin, NewDecision(**answer, values=text, decided_on=day))
        writer.commit()
        written += len(kept)
    writer.close()


def run_measured(module: str, place: Path, arguments: list[str]) -> None:
    """Run a command of `monitoring` in a process of its own, which calls `measure`."""
    size = sum(file.stat().st_size for file in place.rglob("*.jsonl"))
    print(f"{size / 1e6:,.0f} MB", flush=True)
    subprocess.run([sys.executable, "-m", module, "--measure", *arguments], check=True)


def measure(arguments: list[str]) -> None:
    """Run a command of `monitoring`; print its seconds and the peak memory of this process."""
    began = time.perf_counter()
    status = run_command(arguments)
    seconds = time.perf_counter() - began
    # not getrusage: its peak includes the memory of the parent when it started this process
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    print(f"status {status}, {seconds:.0f} s with the start of MLflow, peak {peak:.0f} MB")
