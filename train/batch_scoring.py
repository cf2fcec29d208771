"""The MLflow side of batch scoring: fetch the version, log the results."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from scoring_model.errors import ArtifactError
from scoring_model.version import load_model
from train.batch import BatchJob, BatchModel, BatchReport, check_key
from train.engines import Engine
from train.errors import InputError, RowsRejected, reason_of


def score_files(job: BatchJob, engine: Engine, say: Callable[[str], None]) -> None:
    """Score a batch of applicants, report the result and log it in the active run.

    Parameters
    ----------
    job : BatchJob
        The model, the input, the output, and what to do with invalid rows.
    engine : Engine
        Computes the features and the scores.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        The input cannot be used, or the output cannot be written.
    RowsRejected
        Some rows are invalid; the others are scored.
    """
    report = engine.score(job, say)
    _log_report(report, job.model.version, job.output, say)


def _log_report(
    report: BatchReport, version: str, output: Path, say: Callable[[str], None]
) -> None:
    figures = {
        "scored_rows": report.scored,
        "rejected_rows": report.rejected,
        "resumed_rows": report.resumed,
        "rows_per_second": report.rows_per_second,
    }
    mlflow.log_metrics({name: float(value) for name, value in figures.items()})
    say(
        f"{report.scored} rows scored with version {version} into {output}, "
        f"{report.rows_per_second:,.0f} rows/s, {report.resumed} rows by an earlier run"
    )
    for name, count in report.unseen.items():
        say(f"{name}: {count} rows have a category never seen in training; it is scored as missing")
    if report.rejected:
        raise RowsRejected(
            f"{report.rejected} rows rejected, {report.scored} scored: see {report.rejected_file}"
        )


def fetch_model(model_uri: str, key: str | None) -> BatchModel:
    """Fetch a model as data, without running any code that was logged with it.

    Parameters
    ----------
    model_uri : str
        MLflow URI of the model.
    key : str or None
        Column that identifies a row; None for the key of the model's portfolio.

    Raises
    ------
    InputError
        There is no such model, or it was not logged by this system.
    """
    try:
        model = load_model(model_uri)
    except (MlflowException, ArtifactError, OSError) as error:
        raise InputError(f"model_uri {model_uri}: cannot be loaded: {reason_of(error)}") from error
    scorer = model.scorer
    texts = (scorer.contract.to_json(), scorer.policy.to_json(), scorer.booster.model_to_string())
    return BatchModel(
        scorer=scorer,
        version=model.version,
        key=check_key(key or model.logged.get("key"), scorer.contract),
        digest=hashlib.sha256("".join(texts).encode()).hexdigest(),
        uri=model_uri,
    )
