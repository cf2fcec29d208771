"""The dearest bodies that the limits allow: their cost, and what other callers notice of them.

`python -m benchmarks.dearest [seconds] [rounds]` sends each body alone, then by two callers beside
ordinary callers, who send single applicants. `wrk` must be installed. Server, child processes and
callers share all cores, as on a small machine.
"""

import contextlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from benchmarks.servers import begin_load, load
from tests.scoring_model.http.bombs import (
    as_body,
    list_bomb,
    lying_rows,
    lying_text,
    unknown_columns,
)
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows, save_model, train_scorer
from tests.scoring_model.processes import Server, start_server

MOST_RATIO = 3.0
MOST_BODY_BYTES, MOST_ROWS, MOST_EXPLAINED, MOST_COLUMNS = 8 << 20, 10_000, 1_000, 2_000
CONNECTIONS = 8
ALL_CORES = f"0-{(os.cpu_count() or 1) - 1}"
PREDICT, INVOCATIONS = "/predict", "/invocations"
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"


@dataclass(slots=True)
class Dear:
    """One body, and what was measured.

    Attributes
    ----------
    name, path, media_type : str
    body : bytes
    seconds : float
        Time to the answer when nobody else asks.
    status : int
    parent, child : float
        Largest memory (RSS) of the server and of a child process, in megabytes.
    p99 : list of float
        99th percentile of single applicants beside the body, in milliseconds.
    """

    name: str
    path: str
    media_type: str
    body: bytes = field(repr=False)
    seconds: float = 0.0
    status: int = 0
    parent: float = 0.0
    child: float = 0.0
    p99: list[float] = field(default_factory=list)


def make_bodies() -> list[Dear]:
    """Return the dearest bodies of each kind."""
    rows = make_rows(make_contract(), MOST_ROWS, seed=5)
    # an unseen level of this length fills a body up, and each has a warning in the answer
    spare = (MOST_BODY_BYTES - len(as_body(rows))) // MOST_ROWS - 60
    unseen = [row | {"region": "x" * spare} for row in rows]
    unknown = unknown_columns(5_000, MOST_COLUMNS - len(EXAMPLE), 72)
    names = list(make_contract().names)
    header = [*names, *(f"c{number}" for number in range(MOST_COLUMNS - len(names)))]
    wide = [[*EXAMPLE.values(), *([0] * (MOST_COLUMNS - len(names)))]] * 1_900
    table = pd.DataFrame(unseen, columns=names)
    kinds = {f.name: "float64" if f.kind == "number" else "str" for f in make_contract().features}
    repeated = b"{%s}" % b",".join([b'"a":1'] * (MOST_BODY_BYTES // MOST_ROWS // 6 - 1))
    return [
        Dear("array", PREDICT, JSON, as_body(unseen)),
        Dear(
            "array with all reasons",
            f"{PREDICT}?explain=true&top=all",
            JSON,
            as_body(rows[:MOST_EXPLAINED]),
        ),
        Dear("array of empty objects", PREDICT, JSON, b"[" + b"{}," * (MOST_ROWS - 1) + b"{}]"),
        Dear(
            "array with repeated fields",
            PREDICT,
            JSON,
            b"[" + b",".join([repeated] * MOST_ROWS) + b"]",
        ),
        Dear("records", INVOCATIONS, JSON, as_body({"dataframe_records": unseen})),
        Dear(
            "records with unknown fields",
            INVOCATIONS,
            JSON,
            as_body({"dataframe_records": unknown}),
        ),
        Dear(
            "wide split",
            INVOCATIONS,
            JSON,
            as_body({"dataframe_split": {"columns": header, "data": wide}}),
        ),
        Dear(
            "columns",
            INVOCATIONS,
            JSON,
            as_body({"inputs": {n: [r.get(n) for r in unseen] for n in names}}),
        ),
        Dear(
            "CSV",
            INVOCATIONS,
            CSV,
            table.to_csv(index=False).encode()[:MOST_BODY_BYTES].rpartition(b"\n")[0],
        ),
        Dear(
            "CSV of broken lines",
            INVOCATIONS,
            CSV,
            b"a,b\n" + b"1\n" * ((MOST_BODY_BYTES - 4) // 2),
        ),
        Dear("Parquet", INVOCATIONS, PARQUET, table.astype(kinds).to_parquet()),
        Dear("Parquet: list of 50 million", INVOCATIONS, PARQUET, list_bomb()),
        Dear("Parquet: 3 million hidden rows", INVOCATIONS, PARQUET, lying_rows()),
        Dear("Parquet: hidden text of 900 MB", INVOCATIONS, PARQUET, lying_text(900_000_000)),
    ]


def post(server: Server, dear: Dear) -> int:
    """Send a body on a connection of its own, and return the status."""
    with server.another_client() as client:
        headers = {"Content-Type": dear.media_type}
        return client.post(dear.path, content=dear.body, headers=headers).status_code


def reset_peaks(processes: list[psutil.Process]) -> None:
    """Let the system measure the peaks of memory anew."""
    for process in processes:
        with contextlib.suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak(process: psutil.Process) -> float:
    """Return the peak of a process's memory (RSS) in megabytes; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1e3
    return 0.0


def measure_alone(server: Server, dear: Dear) -> None:
    """Send a body once, and look at time and memory."""
    parent = psutil.Process(server.process.pid)
    while not (children := parent.children()):
        time.sleep(0.05)
    reset_peaks([parent, *children])
    peaks: dict[int, float] = {}
    done = threading.Event()

    def watch() -> None:
        # a process that is ended takes its peak with it
        while not done.wait(0.02):
            peaks.update({child.pid: peak(child) for child in children if child.is_running()})

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.perf_counter()
    dear.status = post(server, dear)
    dear.seconds = time.perf_counter() - started
    peaks.update({child.pid: max(peak(child), peaks.get(child.pid, 0.0)) for child in children})
    done.set()
    watching.join()
    dear.parent, dear.child = peak(parent), max(peaks.values())


def measure_beside(server: Server, dears: list[Dear], folder: Path, seconds: float) -> list[float]:
    """Return the p99 of single applicants without the bodies; add those beside them to each."""
    one = folder / "one.json"
    one.write_text(json.dumps(EXAMPLE | {"is_new": "false"}))
    root = str(server.http.base_url)

    def p99() -> float:
        return load(f"{root}{PREDICT}", one, CONNECTIONS, seconds, cores=ALL_CORES).p99

    without = []
    for dear in dears:
        body = folder / "body"
        body.write_bytes(dear.body)
        without.append(p99())
        # two callers keep both child processes busy
        url, longer = f"{root}{dear.path}", seconds + 10.0
        with begin_load(url, body, 2, longer, cores=ALL_CORES, media_type=dear.media_type):
            time.sleep(0.2)
            dear.p99.append(p99())
        # the processes go on with what these callers have asked for
        while 'state="running"} 0.0' not in server.http.get("/metrics").text:
            time.sleep(0.1)
    return without


def show(dears: list[Dear], without: list[float]) -> bool:
    """Print the table; return whether every ratio is within its limit."""
    usual = statistics.median(without)
    print(f"\np99 of single applicants at {CONNECTIONS} connections without: {usual:.2f} ms")
    print(
        f"{'body':<32}{'MB':>6}{'status':>7}{'s':>7}{'server':>8}{'child':>8}{'p99':>8}{'ratio':>7}"
    )
    kept = True
    for dear in dears:
        p99 = statistics.median(dear.p99)
        ratio = p99 / usual
        kept &= ratio <= MOST_RATIO
        print(
            f"{dear.name:<32}{len(dear.body) / 1e6:6.2f}{dear.status:7d}{dear.seconds:7.2f}"
            f"{dear.parent:8.0f}{dear.child:8.0f}{p99:8.2f}{ratio:7.2f}"
            f"{'' if ratio <= MOST_RATIO else '  MISSED'}"
        )
    return kept


def main(seconds: float = 3.0, rounds: int = 3) -> int:
    """Measure all bodies and print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = save_model(train_scorer(), folder / "version")
        dears = make_bodies()
        assert all(len(dear.body) <= MOST_BODY_BYTES for dear in dears)
        without: list[float] = []
        with start_server(model, folder) as server:
            for dear in dears:
                measure_alone(server, dear)
            for _ in range(rounds):
                without += measure_beside(server, dears, folder, seconds)
        return 0 if show(dears, without) else 1


if __name__ == "__main__":
    arguments: list[Any] = [
        kind(text) for kind, text in zip((float, int), sys.argv[1:], strict=False)
    ]
    raise SystemExit(main(*arguments))
