"""What a monitoring logs to a real MLflow: metrics by month, tables, pictures, JSON, report."""

import io
import json

import mlflow
import pandas as pd
import pytest

from monitoring.report import (
    MONITORING,
    MonitoredModel,
    alarm_message,
    findings_document,
    log_findings,
    name_of_run,
    summary_lines,
)
from monitoring.report.monitoring_page import PICTURE_CAPTIONS
from monitoring.report.result_tables import metric_names
from tests.monitoring.report.made_findings import AS_OF, FEATURES, MONTHS, VERSION
from train.tracking import main_run


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_a_run_holds_all_findings(
    monitored: MonitoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    with main_run(name_of_run(monitored), MONITORING) as run_id:
        log_findings(monitored)
    run = mlflow.get_run(run_id)
    assert run.info.run_name == "monitor credit-scoring 2007-12"
    assert mlflow.get_experiment(run.info.experiment_id).name == "credit-scoring monitoring"
    assert run.data.metrics["alarms"] == 2
    assert run.data.metrics["all_months/alarms"] == 1
    assert "loan-1" not in str(run.data.tags)
    client, findings = mlflow.MlflowClient(), monitored.findings
    history = client.get_metric_history(run_id, "costs/cost")
    # the month is the step
    assert [m.step for m in history] == MONTHS
    assert [m.value for m in history] == [month.cost.value for month in findings.costs]
    psi = client.get_metric_history(run_id, "drift/psi/sector")
    # one month has too few decisions
    assert len(psi) == 35
    assert psi[-1].value == findings.drift[-1].features[5].psi
    for name in ("drift/probability", "drift/cost_rise", "traffic/acceptance_rate_low"):
        assert name in run.data.metrics
    assert run.data.metrics["all_months/default_rate"] == findings.outcomes[-1].default_rate.value
    drift = pd.read_csv(io.StringIO(mlflow.artifacts.load_text(f"runs:/{run_id}/tables/drift.csv")))
    assert len(drift) == 35 * len(FEATURES)
    assert {"psi", "change_low", "by_chance", "rings"} <= set(drift.columns)
    pictures = {file.path for file in client.list_artifacts(run_id, "pictures")}
    assert pictures == {f"pictures/{name}.png" for name in PICTURE_CAPTIONS}
    assert "<!doctype html>" in mlflow.artifacts.load_text(f"runs:/{run_id}/report.html")
    document = mlflow.artifacts.load_dict(f"runs:/{run_id}/monitoring.json")
    assert document == json.loads(findings_document(findings))


def test_the_document_is_for_machines(monitored: MonitoredModel) -> None:
    text = findings_document(monitored.findings)
    # NaN is no JSON
    document = json.loads(text, parse_constant=pytest.fail)
    assert document["format_version"] == 1
    assert document["as_of"] == AS_OF.isoformat()
    assert document["version"] == VERSION._asdict()
    assert document["alarms"][1]["month"] is None
    [unknown] = [r for r in document["rankings"] if r["defaults"] == 0]
    assert unknown["auc"] == {"value": None, "low": None, "high": None}
    assert document["outcomes"][-1]["rings"] == ["defaults"]
    assert document["problems"][0] == {
        "text": "2 outcomes are about no decision of the log.",
        "listed": ["loan-1", "loan-2"],
    }
    assert document["advice"]["chosen"]["action"] == "recalibrate"


def test_the_message_of_an_alarm_has_no_value_of_an_applicant(monitored: MonitoredModel) -> None:
    message = alarm_message(monitored.findings, "run-1")
    document = json.loads(message)
    assert document["type"] == "monitoring.alarms"
    data = document["data"]
    assert set(data) == {"model", "version", "month", "as_of", "alarms", "advice", "run_id"}
    assert [set(alarm) for alarm in data["alarms"]] == [
        {"kind", "month", "subject", "value", "limit", "text"}
    ] * 2
    # problems list references, bins hold values
    assert b"loan-1" not in message
    assert b"12 to 84" not in message


def test_features_with_odd_names_have_metrics() -> None:
    names = metric_names(["a/b", "a b", "..", "a_b", "é%", "x" * 300])
    assert names == ["a_b", "a b", "__", "a_b_2", "é_", "x" * 200]


def test_the_screen_says_month_alarms_advice_and_where_the_report_is(
    monitored: MonitoredModel,
) -> None:
    lines = list(summary_lines(monitored, "run-1"))
    assert lines[0] == "December 2007, decided by credit-scoring version 3"
    assert lines[1].startswith("alarm (drift): `sector` changed in December 2007")
    assert lines[2].startswith("alarm (defaults): 4.01 %")
    assert "2 outcomes are about no decision of the log." in lines
    # mails and logs of others keep the screen
    assert "loan-1" not in "".join(lines)
    assert lines[-2].startswith("The advice is to recalibrate. For each applicant, it would save")
    assert lines[-1] == (
        "report: `mlflow artifacts download --run-id run-1 --artifact-path report.html`"
    )
