"""A version in the shadow is compared with the champion, and can disturb no answer."""

import asyncio
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.contract import FeatureContract
from scoring_model.http.shadow import Shadow
from scoring_model.policy import Decision, Decisions
from scoring_model.settings import ServerSettings, read_settings
from scoring_model.telemetry import Metrics, render_metrics
from scoring_model.version import Scorer, load_scorer
from tests.scoring_model.http.bombs import as_body
from tests.scoring_model.http.bulk.test_pool import is_zombie
from tests.scoring_model.http.routes.test_invocations import TEXTS, frame, to_parquet
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows, save_model, train_scorer
from tests.scoring_model.planted_histories import plant_small
from tests.scoring_model.processes import Server, start_server, wait_until
from tests.scoring_model.telemetry.test_telemetry import events, samples
from tests.scoring_model.version.artifact_files import rewrite

# these start servers of their own, and wait for limits to pass
pytestmark = pytest.mark.slow

ROWS = make_rows(make_contract(), 300, seed=31)
JSON = {"Content-Type": "application/json"}
PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
APPLICANTS = "scoring_shadow_applicants_total"
DECISIONS = "scoring_shadow_decisions_total"
BUCKETS = "scoring_shadow_probability_difference_bucket"
OUTCOMES = ("refused", "accepted")


@pytest.fixture(scope="module")
def challenger_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(train_scorer(trees=30, rows=2000), tmp_path_factory.mktemp("challenger"))


@pytest.fixture(scope="module")
def challenger(challenger_folder: Path) -> Scorer:
    return load_scorer(challenger_folder / "artifacts" / "scorer")


@contextlib.contextmanager
def start_shadowed(
    champion: Path, shadow: Path, folder: Path, *options: str, **environment: str
) -> Iterator[Server]:
    """Start a server with a version in the shadow, and wait until all its workers have both."""
    environment["SHADOW_URI"] = str(shadow)
    with start_server(champion, folder, environment, options) as server:
        workers = int(options[-1]) if options else 1
        wait_until(lambda: len(loaded(server)) == 2 * workers)
        yield server


@pytest.fixture
def shadowed(model_folder: Path, challenger_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """Start a server with the challenger in the shadow; a request may take one second."""
    limits = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "1"}
    with start_shadowed(model_folder, challenger_folder, tmp_path, **limits) as server:
        yield server


def loaded(server: Server) -> list[str]:
    """Return the names of the versions that were loaded."""
    return [event["message"] for event in events(server) if event["event"] == "loaded"]


def counted(server: Server) -> tuple[int, int, int]:
    """Return how many applicants were scored, failed and dropped."""
    found = samples(server)
    scored, failed, dropped = (found[APPLICANTS, o] for o in ("scored", "failed", "dropped"))
    return int(scored), int(failed), int(dropped)


def wait_for_all(server: Server, rows: int) -> tuple[int, int, int]:
    """Wait until so many applicants are counted."""
    wait_until(lambda: sum(counted(server)) >= rows)
    return counted(server)


def bulk_processes(server: Server) -> list[psutil.Process]:
    family = psutil.Process(server.process.pid).children(recursive=True)
    return [process for process in family if "scoring_model.http.bulk" in process.cmdline()]


def suspend(server: Server) -> None:
    """Stop the processes of both versions: the champion's answers no single applicant."""
    for process in bulk_processes(server):
        process.suspend()


def ask(server: Server, rows: Sequence[Any] = ROWS[:10]) -> None:
    for row in rows:
        assert server.http.post("/predict", json=row).status_code == 200


def check_comparison(
    server: Server, champion: Scorer, shadow: Scorer, rows: Sequence[dict[str, Any]]
) -> None:
    """Compare the counters with the decisions of the two scorers."""
    mine, its = ([each.score_record(row) for row in rows] for each in (champion, shadow))
    pairs = [(OUTCOMES[a.score], OUTCOMES[b.score]) for a, b in zip(mine, its, strict=True)]
    differences = [b.probability - a.probability for a, b in zip(mine, its, strict=True)]
    answer = server.http.get("/metrics").text
    for pair in ((a, b) for a in OUTCOMES for b in OUTCOMES):
        line = f'{DECISIONS}{{champion="{pair[0]}",shadow="{pair[1]}"}} {pairs.count(pair)}.0'
        assert line in answer.splitlines()
    buckets = [(key[1], value) for key, value in samples(server).items() if key[0] == BUCKETS]
    assert len(buckets) > 10
    for limit, count in buckets:
        assert count == np.sum(np.array(differences) <= float(limit)), limit


def test_applicants_of_every_kind_of_request_are_compared(
    shadowed: Server, scorer: Scorer, challenger: Scorer
) -> None:
    def send(path: str, **request: Any) -> None:
        assert shadowed.http.post(path, **request).status_code == 200

    ask(shadowed, ROWS[:50])
    send("/predict", json=ROWS[:5])
    send("/predict", json=ROWS)
    send("/predict?explain=true", json=ROWS[60])
    send("/predict?explain=true", json=ROWS[60:65])
    send("/invocations", json={"dataframe_records": TEXTS[:3]})
    send("/invocations", json={"inputs": TEXTS})
    table = frame()
    send("/invocations", content=table.to_csv(index=False), headers={"Content-Type": "text/csv"})
    send("/invocations", content=to_parquet(table[:7]), headers=PARQUET)
    # what the champion refuses is nobody's applicant
    assert shadowed.http.post("/predict", json={}).status_code == 400
    assert shadowed.http.post("/predict", json=[{}]).status_code == 400
    assert shadowed.http.post("/invocations", content=b"{", headers=JSON).status_code == 400
    rows = [*ROWS[:50], *ROWS[:5], *ROWS, ROWS[60], *ROWS[60:65], *TEXTS[:3]]
    rows += [*TEXTS, *TEXTS, *TEXTS[:7]]
    assert wait_for_all(shadowed, len(rows)) == (len(rows), 0, 0)
    check_comparison(shadowed, scorer, challenger, rows)


def test_answers_and_log_are_those_of_the_champion(server: Server, shadowed: Server) -> None:
    requests: list[tuple[str, bytes, dict[str, str]]] = [
        ("/predict", as_body(EXAMPLE | {"region": "Atlantis"}), JSON),
        ("/predict", as_body(ROWS), JSON),
        ("/predict?explain=true", as_body(ROWS[0]), JSON),
        ("/predict", b"{}", JSON),
        ("/invocations", as_body({"dataframe_records": ROWS[:5]}), JSON),
        ("/invocations", to_parquet(frame()), PARQUET),
        ("/invocations", b"no table", JSON),
    ]

    def answer(of: Server, request: tuple[str, bytes, dict[str, str]]) -> tuple[int, bytes, Any]:
        path, body, headers = request
        sent = {**headers, "X-Request-ID": "the-same"}
        got = of.http.post(path, content=body, headers=sent)
        return got.status_code, got.content, [h for h in got.headers.raw if h[0] != b"date"]

    for request in requests:
        assert answer(shadowed, request) == answer(server, request)
    wait_for_all(shadowed, 1 + 300 + 1 + 5 + 300)
    fields = [set(event) for event in events(server) if event["event"] == "request"]
    of_shadowed = [event for event in events(shadowed) if event["event"] == "request"]
    assert all(set(event) == fields[0] for event in of_shadowed)


def test_applicants_whom_the_shadow_refuses_have_failed(
    model_folder: Path, challenger: Scorer, scorer: Scorer, tmp_path: Path
) -> None:
    features = [
        replace(feature, nullable=False) if feature.name == "amount_01" else feature
        for feature in challenger.contract.features
    ]
    strict = replace(challenger, contract=FeatureContract(tuple(features)))
    shadow = save_model(strict, tmp_path / "strict")
    rows = ROWS[:100]
    taken = [row for row in rows if row.get("amount_01") is not None]
    refused = len(rows) - len(taken)
    assert refused > 3
    with start_shadowed(model_folder, shadow, tmp_path) as server:
        ask(server, rows)
        assert wait_for_all(server, 100) == (len(taken), refused, 0)
        check_comparison(server, scorer, strict, taken)
        # an array is scored as a whole, or not at all
        assert server.http.post("/predict", json=rows).status_code == 200
        assert wait_for_all(server, 200) == (len(taken), refused + 100, 0)


def test_applicants_with_histories_are_compared(tmp_path: Path) -> None:
    folder = plant_small(tmp_path / "histories")
    applicant = {"application": {"id": 1, "income": 1.0}, "loans": []}
    with start_shadowed(folder, folder, tmp_path) as server:
        ask(server, [applicant] * 3)
        assert server.http.post("/predict", json=[applicant] * 4).status_code == 200
        assert wait_for_all(server, 7) == (7, 0, 0)
        found = samples(server)
    assert found[BUCKETS, "0.0"] == 7
    assert sum(value for key, value in found.items() if key[0] == BUCKETS) == 7 * sum(
        1 for key, value in found.items() if key[0] == BUCKETS and value
    )


@pytest.mark.hostile("a version in the shadow that does not answer")
def test_a_shadow_that_hangs_is_ended_and_its_applicants_have_failed(shadowed: Server) -> None:
    suspend(shadowed)
    old = bulk_processes(shadowed)
    ask(shadowed)
    scored, failed, dropped = wait_for_all(shadowed, 10)
    assert (scored + failed, dropped) == (10, 0)
    assert failed > 0

    def scores_again() -> bool:
        ask(shadowed, [EXAMPLE])
        return counted(shadowed)[0] > scored

    wait_until(scores_again)
    assert len([process for process in old if process.is_running()]) == 1


@pytest.mark.hostile("a version in the shadow that is slower than the answers")
def test_what_a_stopped_shadow_cannot_take_is_dropped_and_all_is_answered(
    model_folder: Path, challenger_folder: Path, tmp_path: Path
) -> None:
    with start_shadowed(model_folder, challenger_folder, tmp_path) as server:
        suspend(server)
        ask(server, [EXAMPLE] * 2000)
        scored, failed, dropped = counted(server)
        assert (scored, failed) == (0, 0)
        assert dropped >= 2000 - 1000 - 500
        for process in bulk_processes(server):
            process.resume()
        assert wait_for_all(server, 2000) == (2000 - dropped, 0, dropped)


@pytest.mark.hostile("a version in the shadow whose process is killed")
def test_a_shadow_that_was_killed_is_started_again(shadowed: Server) -> None:
    processes = bulk_processes(shadowed)
    for process in processes:
        process.kill()
    wait_until(lambda: all(map(is_zombie, processes)))
    ask(shadowed)
    assert wait_for_all(shadowed, 10) == (10, 0, 0)


@pytest.mark.hostile("a version in the shadow that cannot be loaded")
def test_a_shadow_that_cannot_be_loaded_hurts_nothing(
    model_folder: Path, challenger_folder: Path, tmp_path: Path
) -> None:
    broken = Path(shutil.copytree(challenger_folder, tmp_path / "broken"))
    rewrite(broken, "booster.txt", lambda text: text[: len(text) // 2])
    with start_server(model_folder, tmp_path, {"SHADOW_URI": str(broken)}) as server:
        about = f"the version in the shadow: {broken}: the booster must have all its"
        wait_until(lambda: any(about in event.get("message", "") for event in events(server)))
        ask(server)
        assert counted(server) == (0, 0, 10)
        ready = server.http.get("/ready")
        assert ready.status_code == 200
        assert "refresh" not in ready.json()
        assert len(loaded(server)) == 1


def test_an_alias_is_followed(
    model_folder: Path, challenger_folder: Path, challenger: Scorer, scorer: Scorer, tmp_path: Path
) -> None:
    registry = MlflowClient(f"sqlite:///{tmp_path}/registry.db")
    registry.create_registered_model("m")
    for folder in (model_folder, challenger_folder):
        registry.create_model_version("m", str(folder))
    environment = {
        "SHADOW_URI": "models:/m@challenger",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/registry.db",
        "MODEL_CACHE_DIR": str(tmp_path / "cache"),
        "MODEL_REFRESH_SECONDS": "1",
    }
    unknown = "the registry does not know this alias of the model 'm'"
    with start_server(model_folder, tmp_path, environment) as server:
        wait_until(lambda: any(unknown in event.get("message", "") for event in events(server)))
        registry.set_registered_model_alias("m", "challenger", "1")
        wait_until(lambda: "model version 1 in the shadow" in loaded(server))
        registry.set_registered_model_alias("m", "challenger", "2")
        wait_until(lambda: "model version 2 in the shadow" in loaded(server))
        # the alias is away once its version has been promoted
        registry.delete_registered_model_alias("m", "challenger")
        ask(server, ROWS[:100])
        assert wait_for_all(server, 100) == (100, 0, 0)
        check_comparison(server, scorer, challenger, ROWS[:100])


@pytest.mark.hostile("the end of a server whose version in the shadow hangs")
def test_a_server_ends_with_all_its_processes_while_the_shadow_hangs(
    model_folder: Path, challenger_folder: Path, tmp_path: Path
) -> None:
    with start_shadowed(model_folder, challenger_folder, tmp_path) as server:
        processes = bulk_processes(server)
        assert len(processes) == 2
        suspend(server)
        ask(server, ROWS)
        server.process.terminate()
        assert server.process.wait(60) == 0
        assert psutil.wait_procs(processes, 60)[1] == []


def test_the_counts_of_two_workers_are_added(
    model_folder: Path, challenger_folder: Path, tmp_path: Path
) -> None:
    options = ("--workers", "2")
    with start_shadowed(model_folder, challenger_folder, tmp_path, *options) as server:
        for row in ROWS[:40]:
            with server.another_client() as client:
                assert client.post("/predict", json=row).status_code == 200
        assert wait_for_all(server, 40) == (40, 0, 0)


def test_an_unexpected_error_does_not_end_the_work(challenger_folder: Path) -> None:
    metrics = Metrics(None, [])
    settings = ServerSettings("", shadow_uri=str(challenger_folder))
    shadow = Shadow(settings, metrics.start_shadow(), None)
    body = as_body(EXAMPLE)
    decision = Decision(0.5, 0, 0.3, ())
    several = Decisions(np.array([0.5]), np.array([0]), np.array([0.3]))

    def shown(outcome: str) -> float:
        name = f'{APPLICANTS}{{outcome="{outcome}"}} '
        [line] = [each for each in render_metrics(metrics).decode().splitlines() if name in each]
        return float(line.split()[1])

    async def wait_for(outcome: str) -> None:
        async with asyncio.timeout(60.0):
            while not shown(outcome):
                await asyncio.sleep(0.02)
                if outcome == "scored":
                    shadow.offer_one(body, decision, "")

    async def run() -> None:
        work = asyncio.create_task(shadow.run())
        shadow.begin()
        await wait_for("scored")
        # nothing but bytes can be sent to a process
        shadow.offer_many(None, ("text",), several, ())  # type: ignore[arg-type]
        await wait_for("failed")
        before = shown("scored")
        shadow.offer_one(body, decision, "")
        async with asyncio.timeout(60.0):
            while shown("scored") == before:
                await asyncio.sleep(0.02)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work

    asyncio.run(run())


def test_a_shadow_without_metrics_is_refused() -> None:
    with pytest.raises(ValueError, match="SHADOW_URI needs SCORING_METRICS=1"):
        read_settings({"SHADOW_URI": "models:/m@challenger", "SCORING_METRICS": "0"})
