"""Batch scoring with a decision log, compared with the same without one.

`python -m benchmarks.batch_log [rows]` scores loans of `portfolios/sba` with the champion of
`credit-scoring`: `make run` trains it. Runs with and without a log alternate, each in a process
of its own. It prints the medians of their speeds and of the ratios, and the peak memory.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from benchmarks.batch import GROUP_ROWS
from scoring_model.decision_log import LogSettings
from train.batch import BatchLog, score_loans
from train.batch_scoring import fetch_model
from train.promotion import DEFAULT_MODEL, Registry
from train.tables import Source

LOANS = Path("portfolios/sba/loans.parquet")
ROWS, PAIRS = 200_000, 7


def write_body(path: Path, rows: int) -> None:
    """Write so many loans, the same ones again and again."""
    loans = pq.read_table(LOANS)
    with pq.ParquetWriter(path, loans.schema) as writer:
        while rows:
            some = loans.slice(0, min(rows, GROUP_ROWS))
            writer.write_table(some)
            rows -= some.num_rows


def score(body: Path, has_log: bool) -> None:
    """Score the loans and print rows per second and the peak memory of this process in MB."""
    model = fetch_model(Registry(DEFAULT_MODEL).champion_uri, None)
    with tempfile.TemporaryDirectory(dir=body.parent) as name:
        log = BatchLog(LogSettings(f"{name}/log")) if has_log else None
        began = time.perf_counter()
        report = score_loans(model, Source(str(body)), Path(name) / "scored.parquet", log=log)
        seconds = time.perf_counter() - began
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(report.scored / seconds, int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def run(body: Path, has_log: bool) -> tuple[float, float]:
    """Return what `score` prints in another process."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.batch_log",
        "--score",
        str(body),
        str(int(has_log)),
    ]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    )
    speed, peak = map(float, result.stdout.split())
    return speed, peak


def main(rows: int) -> None:
    """Print both speeds, their ratio and both peaks of memory."""
    with tempfile.TemporaryDirectory() as name:
        body = Path(name) / "body.parquet"
        write_body(body, rows)
        pairs = [(run(body, has_log=False), run(body, has_log=True)) for _ in range(PAIRS)]
    for place, words in enumerate(("without a log", "with a log")):
        speeds, peaks = zip(*(pair[place] for pair in pairs), strict=True)
        print(f"{words}: {median(speeds):,.0f} rows/s, peak {max(peaks):.0f} MB")
    ratios = sorted(logged[0] / plain[0] for plain, logged in pairs)
    print(f"ratio {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), {rows} rows")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--score"]:
        score(Path(sys.argv[2]), sys.argv[3] == "1")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
