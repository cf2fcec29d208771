"""The scoring server compared with other servers of the same model: `make bench` prints ratios.

`python -m benchmarks.serving [rounds] [seconds]` does the same; `wrk` must be installed.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.logged import WRITTEN, compare_logs
from benchmarks.servers import (
    SERVER_CORE,
    Load,
    Running,
    begin_load,
    load,
    serve,
    uvicorn,
)
from scoring_model.version import load_scorer
from tests.scoring_model.planted import (
    EXAMPLE,
    make_contract,
    make_rows,
    save_model,
    train_scorer,
)

KEY = "a-key-for-the-benchmark"
OURS = "ours, as installed"
BARE = "ours, no keys, metrics, log"
ECHO = "JSON echo"
FASTAPI = "FastAPI + pydantic"
FLASK = "Flask + gunicorn"
MLFLOW = "MLflow /invocations"


@dataclass(frozen=True, slots=True)
class Bodies:
    """Files with the bodies of the requests."""

    one: Path
    one_mlflow: Path
    thousand: Path
    thousand_mlflow: Path
    ten_thousand: Path


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a ratio or another figure, and the limit that it must keep."""

    what: str
    value: float
    limit: float
    at_least: bool

    def show(self) -> str:
        """Return the line as text."""
        reached = self.value >= self.limit if self.at_least else self.value <= self.limit
        sign = ">=" if self.at_least else "<="
        verdict = "reached" if reached else "MISSED"
        return f"{self.what:<64} {self.value:9.2f}  {sign} {self.limit:<6g} {verdict}"


def write_bodies(folder: Path) -> Bodies:
    """Write the bodies of the requests into a folder."""
    rows = make_rows(make_contract(), 10_000, seed=5)
    one = EXAMPLE | {"is_new": "false"}
    contents = {
        "one": one,
        "one_mlflow": {"dataframe_records": [one]},
        "thousand": rows[:1000],
        "thousand_mlflow": {"dataframe_records": rows[:1000]},
        "ten_thousand": rows,
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return Bodies(**{name: folder / f"{name}.json" for name in contents})


def commands(model: Path) -> dict[str, tuple[list[str], dict[str, str], str]]:
    """Return the command, the environment and the path for the first request of each server."""
    python = Path(sys.executable)
    # `mlflow models serve` starts the uvicorn that it finds on this path
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"MODEL_URI": str(model), "MLFLOW_DISABLE_TELEMETRY": "true", "PATH": path}
    key = {"SCORING_API_KEYS": hashlib.sha256(KEY.encode()).hexdigest()}
    bare = {"SCORING_METRICS": "0", "SCORING_REQUEST_LOG": "0"}
    ours = [str(python), "-m", "scoring_model", "--port", "{port}"]
    flask = [str(python.with_name("gunicorn")), "--workers", "1", "--bind", "127.0.0.1:{port}"]
    mlflow = [str(python.with_name("mlflow")), "models", "serve", "-m", str(model), "-p", "{port}"]
    return {
        ECHO: (uvicorn("benchmarks.peers.echo:app"), {}, "/"),
        OURS: (ours, variables | key, "/ping"),
        BARE: (ours, variables | bare, "/ping"),
        FASTAPI: (uvicorn("benchmarks.peers.fastapi_pydantic:app"), variables, "/"),
        FLASK: ([*flask, "benchmarks.peers.flask_classifier:app"], variables, "/"),
        MLFLOW: ([*mlflow, "--env-manager", "local"], variables, "/ping"),
    }


def measure_single(
    servers: dict[str, Running], bodies: Bodies, rounds: int, seconds: float
) -> Iterator[Result]:
    """Compare single applicants; servers take turns, so that disturbances affect all of them."""
    busy: dict[str, list[float]] = {name: [] for name in servers}
    alone: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, server in servers.items():
            is_mlflow = name == MLFLOW
            url = server.url + ("/invocations" if is_mlflow else "/predict")
            body = bodies.one_mlflow if is_mlflow else bodies.one
            busy[name].append(load(url, body, 16, seconds, KEY).per_second)
            alone[name].append(load(url, body, 1, seconds, KEY).p50)
    for name in servers:
        print(
            f"{name:<30} {statistics.median(busy[name]):9.0f} requests/s at 16 connections"
            f" {statistics.median(alone[name]):9.3f} ms p50 at 1"
        )
    for name, limit in ((ECHO, 0.5), (FASTAPI, 2.5), (FLASK, 8.0), (MLFLOW, 50.0)):
        ratio = _ratio(busy[OURS], busy[name])
        yield Result(f"/predict: throughput, multiple of {name}", ratio, limit, at_least=True)
    ratio = _ratio(alone[OURS], alone[ECHO])
    yield Result("/predict: p50, 1 connection, multiple of JSON echo", ratio, 1.8, at_least=False)
    yield Result(
        "  without keys, metrics, log: throughput, multiple of JSON echo",
        _ratio(busy[BARE], busy[ECHO]),
        0.5,
        at_least=True,
    )


def _ratio(ours: list[float], theirs: list[float]) -> float:
    # use the medians that are printed, so that a reader can check the ratio
    return statistics.median(ours) / statistics.median(theirs)


def measure_arrays(ours: Running, model: Path, bodies: Bodies, seconds: float) -> Iterator[Result]:
    """Compare arrays with `/invocations` and with the booster alone; measure mixed load too."""
    predict = load(f"{ours.url}/predict", bodies.thousand, 1, seconds, KEY).p50
    invocations = load(f"{ours.url}/invocations", bodies.thousand_mlflow, 1, seconds, KEY).p50
    again = load(f"{ours.url}/predict", bodies.thousand, 1, seconds, KEY).p50
    booster = time_booster(model)
    best = min(predict, again)
    yield Result(
        "array of 1,000: rows/s, multiple of /invocations", invocations / best, 2.5, at_least=True
    )
    yield Result(
        "array of 1,000: time, multiple of Booster.predict", best / booster, 1.6, at_least=False
    )
    with begin_load(f"{ours.url}/predict", bodies.ten_thousand, 1, seconds + 3, KEY):
        time.sleep(1)
        single: Load = load(f"{ours.url}/predict", bodies.one, 1, seconds, KEY)
    yield Result(
        "one applicant during arrays of 10,000: p99 in ms", single.p99, 100, at_least=False
    )
    explained = load(f"{ours.url}/predict?explain=true", bodies.one, 1, seconds, KEY)
    yield Result("?explain=true: p50 in ms", explained.p50, 5, at_least=False)


_TIME_BOOSTER = """
import sys, time, lightgbm, numpy
booster = lightgbm.Booster(model_file=sys.argv[1])
matrix = numpy.load(sys.argv[2])
times = []
for _ in range(40):
    started = time.perf_counter()
    booster.predict(matrix, raw_score=True)
    times.append(time.perf_counter() - started)
print(sorted(times)[20] * 1e3)
"""


def time_booster(model: Path) -> float:
    """Return the median milliseconds of `Booster.predict` on 1,000 encoded rows, on one core."""
    folder = model / "artifacts" / "scorer"
    rows = make_rows(make_contract(), 10_000, seed=5)[:1000]
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, load_scorer(folder).contract.encode_records(rows).matrix)
        command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-c", _TIME_BOOSTER]
        command += [str(folder / "booster.txt"), file.name]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compare_start(model: Path, rounds: int) -> Iterator[Result]:
    """Compare the time to the first answer of `/ping`, and the memory of a worker."""
    starts: dict[str, list[float]] = {OURS: [], MLFLOW: []}
    memory: dict[str, list[float]] = {OURS: [], MLFLOW: []}
    for _ in range(rounds):
        for name, times in starts.items():
            command, environment, path = commands(model)[name]
            with serve(command, environment, path) as server:
                times.append(server.start_seconds)
                memory[name].append(server.megabytes())
    for name, times in starts.items():
        print(
            f"{name:<30} {statistics.median(times):9.1f} s to /ping"
            f" {statistics.median(memory[name]):20.0f} MB per worker"
        )
    yield Result(
        "start to /ping: time, multiple of mlflow models serve",
        _ratio(starts[OURS], starts[MLFLOW]),
        0.6,
        False,
    )
    yield Result(
        "memory of a worker, multiple of mlflow models serve",
        _ratio(memory[OURS], memory[MLFLOW]),
        1.0,
        at_least=False,
    )


@contextmanager
def saved_model() -> Iterator[tuple[Path, Bodies]]:
    """Train 400 trees on 22 features and write the model and the requests."""
    with tempfile.TemporaryDirectory() as folder:
        model = save_model(train_scorer(), Path(folder))
        yield model, write_bodies(Path(folder))


def main(rounds: int = 5, seconds: float = 3) -> None:
    """Run all comparisons and print them."""
    with saved_model() as (model, bodies):
        results: list[Result] = []
        with ExitStack() as stack:
            enter: Callable[..., Running] = stack.enter_context
            servers = {name: enter(serve(*how)) for name, how in commands(model).items()}
            results += measure_single(servers, bodies, rounds, seconds)
            results += measure_arrays(servers[OURS], model, bodies, seconds)
        results += compare_start(model, min(rounds, 3))
        ratio = compare_logs(model, bodies.one, rounds, seconds)[WRITTEN]
        results.append(
            Result("/predict with a decision log, multiple of no log", ratio, 0.75, at_least=True)
        )
    print()
    for result in results:
        print(result.show())


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
