"""`mlflow run . -e monitor` and `-e recalibrate`, with a version that `mlflow run .` trained."""

from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest

from scoring_model.decision_log import LogWriter, open_log
from scoring_model.version import load_model
from tests.conftest import Project
from tests.monitoring.replay.logged import log_decisions, make_applicants
from tests.stores import kept_tracking

pytestmark = pytest.mark.slow

DECISIONS = 150


def write_files(folder: Path) -> tuple[str, str]:
    """Log decisions about applicants with high incomes; return the parameters of both commands."""
    applicants = [{**each, "income": 5 * each["income"]} for each in make_applicants(DECISIONS)]
    place, outcomes = folder / "decisions", folder / "outcomes.csv"
    open_log(place)
    writer = LogWriter(place)
    ids = log_decisions(writer, load_model("models:/credit-scoring@champion"), applicants)
    writer.close()
    today = datetime.now(UTC).date()
    lines = [f"{identifier},{today},0" for identifier in ids]
    outcomes.write_text("\n".join(["decision_id,observed_on,defaulted", *lines]), encoding="utf-8")
    return f"decisions={place}", f"outcomes={outcomes}"


def test_the_entry_points_monitor_and_recalibrate(project: Project, tmp_path: Path) -> None:
    with kept_tracking():
        mlflow.set_tracking_uri(project.environment["MLFLOW_TRACKING_URI"])
        decisions, outcomes = write_files(tmp_path)
        command = ("-P", decisions, "-P", outcomes)
        name = "credit-scoring monitoring"
        monitored = project.mlflow_run(
            "--experiment-name", name, "-e", "monitor", *command, check=False
        )
        assert monitored.returncode == 1
        assert "alarm (drift)" in monitored.stdout
        assert "report: `mlflow artifacts download" in monitored.stdout
        [run] = mlflow.search_runs(experiment_names=[name], output_format="list")
        assert run.data.tags["exit_status"] == "5"
        assert run.data.metrics["traffic/decisions"] == DECISIONS
        recalibrated = project.mlflow_run("-e", "recalibrate", *command, check=False)
        assert recalibrated.returncode == 1
        assert "error: outcomes: no matured decision has an outcome" in recalibrated.stderr
