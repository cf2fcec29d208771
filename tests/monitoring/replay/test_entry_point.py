"""`mlflow run . -e replay` replays decisions of a version that `mlflow run .` trained."""

from pathlib import Path

import mlflow
import pytest

from scoring_model.decision_log import LogWriter
from scoring_model.version import load_model
from tests.conftest import Project
from tests.monitoring.replay.logged import LogFiles, log_decisions, make_applicants
from tests.stores import kept_tracking

pytestmark = pytest.mark.slow


def test_the_entry_point_replays_and_keeps_its_status(
    project: Project, place: Path, writer: LogWriter
) -> None:
    with kept_tracking():
        mlflow.set_tracking_uri(project.environment["MLFLOW_TRACKING_URI"])
        champion = load_model("models:/credit-scoring@champion")
        log_decisions(writer, champion, make_applicants(30))
        writer.close()
        command = ["-e", "replay", "-P", f"decisions={place}", "-P", "from=2026-01-01"]
        result = project.mlflow_run(*command)
        assert "30 decisions replayed, 30 of them equal to the last bit" in result.stdout
        LogFiles(place).change("records", 4, score=7)
        result = project.mlflow_run(*command, check=False)
        assert result.returncode == 1
        assert "error: of 30 decisions: 1 different" in result.stderr
        tags = "attributes.run_name = 'replay decisions from 2026-01-01'"
        runs = mlflow.search_runs(search_all_experiments=True, filter_string=tags)
        assert sorted(runs["tags.exit_status"]) == ["0", "4"]
