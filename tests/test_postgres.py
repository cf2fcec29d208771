"""Train, promote, serve and roll back on PostgreSQL, with trainings at the same time."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import mlflow
import pytest
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT, Project, make_project
from tests.postgres import start_postgres, start_tracking_server
from tests.scoring_model.processes import Server, start_server

pytestmark = pytest.mark.slow

AT_ONCE = 4
WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with start_postgres() as uri:
        yield uri


@pytest.fixture(scope="module")
def shared(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a project that logs to a tracking server on PostgreSQL."""
    folder = tmp_path_factory.mktemp("shared")
    made = make_project(folder, rows=1500)
    program = shutil.which("mlflow", path=made.environment["PATH"])
    assert program
    with start_tracking_server(database, folder, program) as uri:
        MlflowClient(uri).create_experiment("credit-scoring")
        yield replace(made, environment={**made.environment, "MLFLOW_TRACKING_URI": uri})


def train(project: Project, seed: int) -> list[str]:
    command = ["mlflow", "run", ".", "--env-manager", "local", "-P", "max_evals=1"]
    return [*command, "-P", f"portfolio={project.portfolio}", "-P", f"seed={seed}"]


def ask(server: Server, version: str, body: str) -> bytes:
    """Wait until the server has loaded a version, and return its answer."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        answer = server.http.post(
            "/predict", content=body, headers={"Content-Type": "application/json"}
        )
        if answer.headers.get("x-model-version") == version:
            assert answer.status_code == httpx.codes.OK
            return answer.content
        time.sleep(0.2)
    raise AssertionError(f"the server did not load version {version}")


def example(client: MlflowClient) -> str:
    """Return the applicant that was logged with the first version."""
    uri = client.get_model_version_download_uri("credit-scoring", "1")
    path = mlflow.artifacts.download_artifacts(
        f"{uri}/artifacts/scorer/example.json", tracking_uri=client.tracking_uri
    )
    return json.dumps(json.loads(Path(path).read_text())["applicant"])


def test_train_promote_serve_and_roll_back(shared: Project, database: str, tmp_path: Path) -> None:
    shared.run(*train(shared, seed=0))
    racers = [
        subprocess.Popen(
            train(shared, seed),
            cwd=ROOT,
            env=shared.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for seed in range(1, AT_ONCE + 1)
    ]
    outputs = [racer.communicate()[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * AT_ONCE, outputs
    client = MlflowClient(shared.environment["MLFLOW_TRACKING_URI"])
    versions = client.search_model_versions("name = 'credit-scoring'")
    assert sorted(int(version.version) for version in versions) == list(range(1, AT_ONCE + 2))
    assert len({version.run_id for version in versions}) == AT_ONCE + 1
    stages = sorted(version.current_stage for version in versions)
    assert stages == [*["Archived"] * (AT_ONCE - 1), "Production", "Staging"]

    environment = {
        "MLFLOW_TRACKING_URI": shared.environment["MLFLOW_TRACKING_URI"],
        "MODEL_CACHE_DIR": str(tmp_path / "cache"),
        "MODEL_REFRESH_SECONDS": "1",
    }
    with start_server("models:/credit-scoring@champion", tmp_path, environment) as server:
        body = example(client)
        before = ask(server, "1", body)
        promote = ("-e", "promote", "-P", "version=latest", "-P", "stage=Production")
        shared.mlflow_run(*promote, "-P", "override=to see it change")
        ask(server, str(AT_ONCE + 1), body)
        shared.mlflow_run("-e", "rollback", "-P", "reason=to see it return")
        assert ask(server, "1", body) == before

    # the same commands on the database itself, without the tracking server
    direct = {**shared.environment, "MLFLOW_TRACKING_URI": database}
    printed = replace(shared, environment=direct).run(
        "python", "-m", "train", "history", "--format", "json"
    )
    rows = json.loads(printed.stdout)
    assert [row["version"] for row in rows] == [1, AT_ONCE + 1, 1]
    assert [row["kind"] for row in rows] == ["first", "override", "rollback"]
