"""Logs a finished training to MLflow: metrics, pictures, report, data, the model."""

import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import mlflow
from mlflow.data.sources import LocalArtifactDatasetSource
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from train.description import describe_training, version_tags
from train.monotone import without_constraints
from train.report import (
    FinishedRun,
    draw_pictures,
    evidence_tables,
    plain,
    quarter_figures,
    save_pictures,
    write_report,
)
from train.tables import KEPT_ROWS, hide_password
from train.tracking import log_scorer, name_run
from train.trained_model import TrainedModel

# MLflow refuses a longer digest of a data set; a tag of the version holds the whole digest
MAX_DIGEST = 36


def log_result(model: TrainedModel, name: str) -> tuple[str, Mapping[str, Any], str]:
    """Log the results of a finished training in the active run.

    Parameters
    ----------
    model : TrainedModel
    name : str
        Name of the run at its start; the cost is added to it.

    Returns
    -------
    uri : str
        URI of the logged model.
    tags : mapping
        Tags of the version.
    description : str
        Markdown for the version; the run has it too.
    """
    # MLflow's pages list metrics in this order: those of no group come first
    mlflow.log_metrics(dict(sorted(model.metrics.items(), key=lambda item: "/" in item[0])))
    _log_quarters(model)
    mlflow.log_params(
        {
            f"best_{name}": value
            for name, value in (
                ("treatment", model.params.treatment),
                ("ratio", model.params.ratio),
                ("trees", model.params.trees),
                ("boosters", len(model.members)),
                ("calibration", model.scorer.policy.calibration.method),
                *without_constraints(model.params).lightgbm.items(),
            )
        }
    )
    _log_data(model)
    if model.data.dropped:
        mlflow.log_dict(dict(model.data.dropped), "dropped_features.json")
    _log_report(FinishedRun(model))
    given = model.portfolio.read
    # another file may be written otherwise: what was found in this one is found there anew
    read = replace(model.data.read, delimiter=given.delimiter, encoding=given.encoding)
    metadata = {
        "portfolio": model.portfolio.name,
        "key": model.portfolio.key,
        # the decision log of batch scoring says when each loan was decided
        "decision_date": model.portfolio.decision_date or "",
        # batch scoring reads a raw export as training did
        "read": json.dumps(asdict(read)),
    }
    uri = log_scorer(model.scorer, model.example, metadata)
    run = mlflow.get_run(mlflow.active_run().info.run_id)
    commit = run.data.tags.get("mlflow.source.git.commit", "unknown")
    return uri, version_tags(model, commit), _describe_run(model, run, name)


def _describe_run(model: TrainedModel, run: Run, name: str) -> str:
    """Describe the active run and add the cost to its name; return the description."""
    text = describe_training(model, run.info.experiment_id, run.info.run_id)
    mlflow.set_tag(MLFLOW_RUN_NOTE, text)
    name_run(f"{name} cost {plain(model.evaluation.cost.value)}", instead_of=name)
    return text


def _log_data(model: TrainedModel) -> None:
    portfolio, data = model.portfolio, model.data
    if portfolio.kept:
        mlflow.log_artifact(str(portfolio.kept), Path(KEPT_ROWS).parent.name)
    source: Any = hide_password(portfolio.source)
    if "://" not in source or portfolio.query or portfolio.table:
        # MLflow knows no source that is a database; this one only names it
        source = LocalArtifactDatasetSource(source)
    for side, rows in (("train", data.train), ("test", data.test)):
        with warnings.catch_warnings():
            # The hint warns of integer columns that may have gaps later. The model declares such
            # columns as double.
            warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer", UserWarning)
            dataset = mlflow.data.from_pandas(
                rows.frame,
                source=source,
                targets=portfolio.target,
                name=portfolio.name,
                digest=data.digest[:MAX_DIGEST],
            )
            mlflow.log_input(dataset, context=side)


def _log_quarters(model: TrainedModel) -> None:
    """Log metrics of each quarter of the test period; step 20041 is the first quarter of 2004."""
    for quarter in model.evidence.quarters:
        figures = {f"quarters/{name}": value for name, value in quarter_figures(quarter).items()}
        mlflow.log_metrics(figures, step=10 * quarter.year + quarter.number)


def _log_report(run: FinishedRun) -> None:
    model = run.model
    for name, table in evidence_tables(model.evidence, model.leaks).items():
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        figures = draw_pictures(run)
        for picture in save_pictures(figures, directory):
            mlflow.log_artifact(str(picture), "pictures")
        report = directory / "report.html"
        write_report(run, figures, report)
        mlflow.log_artifact(str(report))
