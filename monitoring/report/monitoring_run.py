"""Log findings in the active run, and say them on the screen."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from monitoring.decisions import month_name
from monitoring.report.action_section import advice_in_words, verdict_on
from monitoring.report.alarm_lines import alarm_sentences
from monitoring.report.documents import findings_document
from monitoring.report.monitored import MonitoredModel, month_mark
from monitoring.report.monitoring_page import draw_findings, write_monitoring_report
from monitoring.report.result_tables import monthly_metrics, overall_metrics, result_tables
from train.report import counted, save_pictures
from train.tracking import ExperimentPlace

MONITORING = ExperimentPlace(
    "credit-scoring monitoring",
    "What became of the decisions, month by month: traffic, drift, expected cost, outcomes. Each "
    "run is one monitoring of a decision log. The steps of its metrics are months: 200501 is "
    "January 2005. `report.html` among its artifacts is the report.",
)
_SHOWN = 20


def name_of_run(model: MonitoredModel) -> str:
    """Return the name of the run of a monitoring."""
    findings = model.findings
    return f"monitor {findings.model or model.version} {month_mark(findings.month)}"


def log_findings(model: MonitoredModel) -> None:
    """Log metrics, tables, pictures, `report.html` and `monitoring.json` in the active run."""
    findings = model.findings
    mlflow.log_metrics(dict(overall_metrics(findings)), step=findings.month)
    for month, metrics in monthly_metrics(findings):
        mlflow.log_metrics(dict(metrics), step=month)
    mlflow.set_tags(
        {
            "model": findings.model or "",
            "version": findings.version.version,
            "manifest": findings.version.manifest,
            "month": findings.month,
            "as_of": findings.as_of,
            "advice": findings.advice.chosen.action,
            MLFLOW_RUN_NOTE: _note(model),
        }
    )
    for name, table in result_tables(findings).items():
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    with TemporaryDirectory() as name:
        folder = Path(name)
        figures = draw_findings(model)
        for picture in save_pictures(figures, folder):
            mlflow.log_artifact(str(picture), "pictures")
        document = folder / "monitoring.json"
        document.write_bytes(findings_document(findings))
        mlflow.log_artifact(str(document))
        report = folder / "report.html"
        write_monitoring_report(model, figures, report)
        mlflow.log_artifact(str(report))


def _note(model: MonitoredModel) -> str:
    """Return the description of the run, which MLflow's pages show."""
    return "\n".join([verdict_on(model), "", *(f"- {line}" for line in _alarm_lines(model))])


def _alarm_lines(model: MonitoredModel) -> Iterator[str]:
    """Yield the first alarms: hundreds of features may drift at once."""
    lines = [f"alarm ({kind}): {text}" for kind, text in alarm_sentences(model)]
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"and {counted(len(lines) - _SHOWN, 'more alarm')}, in the report"


def summary_lines(model: MonitoredModel, run_id: str) -> Iterator[str]:
    """Yield the lines for the screen: month, alarms, advice, where the report is."""
    findings = model.findings
    yield f"{month_name(findings.month)}, decided by {model.version}"
    yield from _alarm_lines(model)
    if not findings.alarms:
        yield "no alarm rings"
    # mails of cron and logs of CI keep the screen, so references are in the report alone
    yield from (problem.text for problem in findings.problems[:_SHOWN])
    yield advice_in_words(model)
    yield f"report: `mlflow artifacts download --run-id {run_id} --artifact-path report.html`"
