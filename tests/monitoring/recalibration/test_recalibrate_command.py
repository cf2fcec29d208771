"""The command `recalibrate`, on a real log and a real table of outcomes."""

import datetime
import json
from pathlib import Path

import mlflow
import numpy as np
import orjson
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from monitoring.__main__ import main
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues, open_log
from scoring_model.version import load_model
from tests.monitoring.recalibration.conftest import Planted
from tests.monitoring.recalibration.planted import champion
from tests.monitoring.replay.logged import make_applicants
from tests.train.versions import DEFAULT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("store")]

ROWS, DAYS, SHIFT = 3000, 300, 2.0


def write_log(folder: Path) -> Path:
    """Let the champion decide applicants whose log-odds are higher by `SHIFT`; return outcomes."""
    open_log(folder / "decisions")
    model, rng = champion(), np.random.default_rng(3)
    origin, outcomes = Origin(model.name, "/predict", None), []
    writer = LogWriter(folder / "decisions")
    for number, applicant in enumerate(make_applicants(ROWS)):
        body = json.dumps(applicant).encode()
        decision = model.scorer.score_record(orjson.loads(body), body)
        day = datetime.date(2004, 1, 1) + datetime.timedelta(number * DAYS // ROWS)
        values = PersonalValues(None).write(body, None, decision.notices)
        made = NewDecision(**decision.answer(), values=values, decided_on=day.isoformat())
        identifier = writer.add(origin, made)
        odds = decision.probability / (1.0 - decision.probability) * np.exp(SHIFT)
        if decision.score == 1:
            defaulted = int(rng.random() < odds / (1.0 + odds))
            seen = day + datetime.timedelta(200) if defaulted else datetime.date(2007, 1, 1)
            outcomes.append((identifier, seen.isoformat(), defaulted))
    writer.commit()
    writer.close()
    path = folder / "outcomes.parquet"
    pd.DataFrame(outcomes, columns=["decision_id", "observed_on", "defaulted"]).to_parquet(path)
    return path


def recalibrate(folder: Path, *more: str) -> int:
    log, table = str(folder / "decisions"), str(folder / "outcomes.parquet")
    return main(["recalibrate", "--decisions", log, "--outcomes", table, *more])


def test_the_command_makes_a_version_from_a_log(
    planted: Planted, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path)
    capsys.readouterr()
    # one day before the first decision is mature, none counts
    assert recalibrate(tmp_path, "--as_of", "2004-12-30") == 1
    assert "no matured decision has an outcome: on 2004-12-30" in capsys.readouterr().err
    assert recalibrate(tmp_path, "--as_of", "2007-01-01") == 0
    said = capsys.readouterr().out
    version = planted.version + 1
    assert f"version {version} of credit-scoring is in Staging; it passes the gate" in said
    kept = MlflowClient().get_model_version(DEFAULT.name, str(version))
    run = mlflow.get_run(kept.run_id)
    assert run.info.run_name == "recalibrate credit-scoring 2007-01-01"
    assert run.data.tags["exit_status"] == "0"
    new = load_model(f"models:/{DEFAULT.name}/{version}").scorer
    assert new.policy.calibration.slope == run.data.metrics["slope"]
    assert new.profile is not None
    assert new.profile.expected is not None
    # all decisions up to the last day of the fit, refused ones included
    assert new.profile.expected.rows > run.data.metrics["fitted_decisions"]


def test_an_unknown_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_log(tmp_path / "decisions")
    assert recalibrate(tmp_path, "--model", "another") == 1
    assert capsys.readouterr().err == (
        "error: no version of another is in production: promote one first\n"
    )


def test_without_outcomes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recalibrate", "--decisions", str(tmp_path), "--outcomes", ""]) == 1
    assert capsys.readouterr().err == (
        "error: outcomes: recalibrate needs them: name the table by -P outcomes=\n"
    )
