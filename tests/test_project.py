"""The whole system: `mlflow run .` trains and registers; MLflow and this server serve."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT, Project, make_project
from tests.scoring_model.processes import Server, find_free_port

PICTURES = 5


def client(project: Project) -> MlflowClient:
    return MlflowClient(project.environment["MLFLOW_TRACKING_URI"])


def test_the_run_logs_trials_metrics_and_artifacts(project: Project) -> None:
    mlflow = client(project)
    experiment = mlflow.get_experiment_by_name("credit-scoring").experiment_id
    runs = mlflow.search_runs([experiment], "attributes.status = 'FINISHED'")
    # other tests score and replay with this version
    main = next(run for run in runs if "test_cost_per_applicant" in run.data.metrics)
    trials = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == main.info.run_id]
    assert len(trials) == 2
    costs = {trial.info.run_name: trial.data.metrics["cost_per_applicant"] for trial in trials}
    assert all(re.fullmatch(rf"trial [01] cost {cost:.3f}", name) for name, cost in costs.items())
    cost = main.data.metrics["test_cost_per_applicant"]
    assert re.fullmatch(rf"made \d{{4}}-\d\d-\d\d cost {cost:.3f}", main.info.run_name)
    assert all("num_leaves" in trial.data.params for trial in trials)
    assert {data.dataset.name for data in main.inputs.dataset_inputs} == {"made"}
    artifacts = {item.path for item in mlflow.list_artifacts(main.info.run_id)}
    assert "report.html" in artifacts
    pictures = mlflow.list_artifacts(main.info.run_id, "pictures")
    assert len(pictures) >= PICTURES
    tables = {item.path for item in mlflow.list_artifacts(main.info.run_id, "tables")}
    assert {"tables/leaks.csv", "tables/importance.csv", "tables/fairness.csv"} <= tables
    quarters = mlflow.get_metric_history(main.info.run_id, "quarters/default_rate")
    assert [metric.step for metric in quarters] == sorted({metric.step for metric in quarters})
    assert all(metric.step % 10 in (1, 2, 3, 4) for metric in quarters)
    assert quarters
    version = mlflow.get_model_version_by_alias("credit-scoring", "champion")
    assert version.current_stage == "Production"
    assert version.tags["portfolio"] == "made"
    assert float(version.tags["threshold"]) == main.data.metrics["threshold"]
    assert len(version.tags["portfolio_digest"]) == 64
    assert version.tags["git_commit"]
    assert len(version.tags) < 10
    place = f"#/experiments/{experiment}/runs/{main.info.run_id}"
    assert f"[Report]({place}/artifacts/report.html" in version.description
    assert f"Cost per applicant {cost:.3f} (" in version.description
    assert main.data.tags["mlflow.note.content"] == version.description
    assert "make serve" in mlflow.get_registered_model("credit-scoring").description


def test_a_version_contains_data_and_code_but_no_pickle(project: Project) -> None:
    folder = next((project.directory / "mlruns").glob("**/MLmodel")).parent
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {f"artifacts/scorer/{name}" for name in ("booster.txt", "contract.json")} <= files
    assert "code/scoring_model/version/scorer.py" in files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".pyc"))]


def test_loads_in_an_empty_directory_without_pickle(project: Project, tmp_path: Path) -> None:
    code = (
        "import json, sys, mlflow, pandas\n"
        "model = mlflow.pyfunc.load_model('models:/credit-scoring/Production')\n"
        "answer = model.predict(pandas.DataFrame(json.load(sys.stdin)))\n"
        "print(answer.to_json(orient='records', double_precision=15))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**project.environment, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        input=json.dumps([example(project)]),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(result.stdout.splitlines()[-1])[0]
    assert answer == pytest.approx(logged(project)["answer"], rel=1e-14)


def logged(project: Project) -> dict[str, Any]:
    path = next((project.directory / "mlruns").glob("**/artifacts/scorer/example.json"))
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def example(project: Project) -> dict[str, Any]:
    applicant: dict[str, Any] = logged(project)["applicant"]
    return applicant


def test_predict_and_invocations_give_equal_answers(
    project: Project, champion_server: Server
) -> None:
    one = champion_server.http.post("/predict", json=example(project))
    assert one.status_code == 200
    assert one.json() == logged(project)["answer"]
    many = champion_server.http.post("/predict", json=[example(project)] * 3)
    invoked = champion_server.http.post(
        "/invocations", json={"dataframe_records": [example(project)] * 3}
    )
    assert many.json() == invoked.json()["predictions"] == [one.json()] * 3


def test_make_run_ends_with_an_answer_of_the_served_champion(project: Project) -> None:
    shown = project.run(sys.executable, "-m", "train", "demo").stdout
    answer = shown.partition("Its answer:")[2].partition("Test figures:")[0]
    assert json.loads(answer) == logged(project)["answer"]


def test_mlflow_serves_its_formats(project: Project) -> None:
    port = find_free_port()
    command = ["mlflow", "models", "serve", "-m", "models:/credit-scoring/Production"]
    server = subprocess.Popen(
        [*command, "--env-manager", "local", "--port", str(port)],
        env=project.environment,
        cwd=project.directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            wait_for_ping(http, server)
            expected = logged(project)["answer"]
            for content_type, body in bodies(example(project)).items():
                for data in body:
                    answer = http.post(
                        "/invocations", content=data, headers={"Content-Type": content_type}
                    )
                    if content_type == "text/csv":
                        # MLflow reads no CSV for a signature of type any
                        assert answer.status_code == 400
                        continue
                    assert answer.status_code == 200, answer.text
                    assert answer.json()["predictions"] == [expected]
    finally:
        # the whole process group, because uvicorn is a child process
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def bodies(applicant: dict[str, Any]) -> dict[str, list[bytes]]:
    """Return the applicant in each format of MLflow's protocol, by content type."""
    frame = pd.DataFrame([applicant])
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    split = {"columns": list(applicant), "data": [list(applicant.values())]}
    documents: list[dict[str, Any]] = [
        {"dataframe_records": [applicant]},
        {"dataframe_split": split},
        {"inputs": {name: [value] for name, value in applicant.items()}},
    ]
    return {
        "application/json": [json.dumps(document).encode() for document in documents],
        "text/csv": [frame.to_csv(index=False).encode()],
        "application/vnd.apache.parquet": [parquet.getvalue()],
    }


def wait_for_ping(http: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if http.get("/ping").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")


def test_a_second_version_is_a_challenger_until_it_is_promoted(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=1500)
    arguments = ("-P", f"portfolio={project.portfolio}", "-P", "max_evals=1")
    project.mlflow_run(*arguments)
    second = project.mlflow_run(*arguments, "-P", "false_negative_cost=5")
    command = "mlflow run . --env-manager local -e promote -P version=2 -P stage=Production"
    assert command in second.stdout
    mlflow = client(project)
    assert stages(mlflow) == {"1": "Production", "2": "Staging"}
    assert aliases(mlflow) == {"champion": "1", "challenger": "2"}
    promote = ("-e", "promote", "-P", "version=2", "-P", "stage=Production")
    refused = project.mlflow_run(*promote, check=False)
    assert refused.returncode == 1
    assert "error: version 2 is not promoted: " in refused.stderr
    assert stages(mlflow) == {"1": "Production", "2": "Staging"}
    project.mlflow_run(*promote, "-P", "override=other costs, as the board's 'minutes' say")
    assert stages(mlflow) == {"1": "Archived", "2": "Production"}
    assert aliases(mlflow) == {"champion": "2"}


def aliases(mlflow: MlflowClient) -> dict[str, str]:
    held = mlflow.get_registered_model("credit-scoring").aliases
    return {alias: str(version) for alias, version in held.items()}


def stages(mlflow: MlflowClient) -> dict[str, str]:
    versions = mlflow.search_model_versions("name = 'credit-scoring'")
    return {str(version.version): version.current_stage for version in versions}


def test_a_run_that_is_killed_leaves_no_version(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    mlflow = client(project)
    experiment = mlflow.get_experiment_by_name("credit-scoring").experiment_id
    command = [sys.executable, "-m", "train", "train", "--portfolio", str(project.portfolio)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # two runs, the main run and a first trial, show that the search has begun
    while len(mlflow.search_runs([experiment])) < 2:
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    assert mlflow.search_registered_models() == []


def test_wrong_input_fails_the_run_with_one_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=100)
    project.portfolio.write_text("[portfolio")
    result = project.mlflow_run("-P", f"portfolio={project.portfolio}", check=False)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert f"error: {project.portfolio}: is not valid TOML" in result.stderr
    mlflow = client(project)
    experiment = mlflow.get_experiment_by_name("credit-scoring").experiment_id
    assert [run.info.status for run in mlflow.search_runs([experiment])] == ["FAILED"]
    assert mlflow.search_registered_models() == []


@pytest.mark.slow
def test_uv_makes_the_environment_from_conda_yaml(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=1000)
    result = project.run(
        *("mlflow", "run", ".", "--env-manager", "uv"),
        *("-P", f"portfolio={project.portfolio}", "-P", "max_evals=1"),
        timeout=1200,
    )
    assert "is in Production" in result.stdout
