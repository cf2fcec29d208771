"""What the decision log costs a single applicant: written, synced, and in PostgreSQL.

`python -m benchmarks.logged [rounds] [seconds]` prints the ratios, as `make bench` does.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.servers import Running, load, serve
from tests.postgres import start_postgres
from tests.scoring_model.planted import EXAMPLE, save_model, train_scorer

NOTHING, WRITTEN, SYNCED, DATABASE = "nothing logged", "written", "synced", "PostgreSQL"
_CONNECTIONS = 16


def log_settings(folder: Path, database: str) -> Mapping[str, Mapping[str, str]]:
    """Return the environment of each server."""
    return {
        NOTHING: {},
        WRITTEN: {"DECISION_LOG": str(folder / "written")},
        SYNCED: {"DECISION_LOG": str(folder / "synced"), "DECISION_LOG_DURABILITY": "synced"},
        DATABASE: {"DECISION_LOG": database, "MODEL_CACHE_DIR": str(folder / "spool")},
    }


def compare_logs(model: Path, body: Path, rounds: int, seconds: float) -> dict[str, float]:
    """Return the ratio of requests per second to those without a log; print its 95 % interval.

    The servers take turns in the order ABCD DCBA, so that disturbances affect all of them.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(start_postgres())
        enter: Callable[..., Running] = stack.enter_context
        command = [sys.executable, "-m", "scoring_model", "--port", "{port}"]
        servers = {
            name: enter(serve(command, {"MODEL_URI": str(model), **log}, "/ready"))
            for name, log in log_settings(folder, database).items()
        }
        found: dict[str, list[float]] = {name: [] for name in servers}
        before = {name: server.megabytes() for name, server in servers.items()}
        for turn in range(2 * rounds):
            for name in list(servers)[:: -1 if turn % 2 else 1]:
                url = f"{servers[name].url}/predict"
                found[name].append(load(url, body, _CONNECTIONS, seconds).per_second)
        after = {name: server.megabytes() for name, server in servers.items()}
    for name, speeds in found.items():
        print(f"{name:<30} {statistics.median(speeds):9.0f} requests/s at 16 connections")
        requests = sum(speeds) * seconds
        print(f"  memory {before[name]:.0f} MB, {after[name]:.0f} MB after {requests:.0f} requests")
    ratios = {}
    for name in (WRITTEN, SYNCED, DATABASE):
        logs = np.log(np.array(found[name]) / np.array(found[NOTHING]))
        error = 1.96 * logs.std(ddof=1) / np.sqrt(len(logs))
        middle, low, high = np.exp([logs.mean(), logs.mean() - error, logs.mean() + error])
        print(f"{name:<30} {middle:.3f} [{low:.3f}, {high:.3f}] of the requests/s without a log")
        ratios[name] = float(middle)
    return ratios


def main(rounds: int = 5, seconds: float = 3) -> None:
    """Train the model of `make bench` and compare its servers."""
    with tempfile.TemporaryDirectory() as folder:
        model, body = save_model(train_scorer(), Path(folder)), Path(folder) / "one.json"
        body.write_text(json.dumps(EXAMPLE | {"is_new": "false"}))
        compare_logs(model, body, rounds, seconds)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
