"""The MLflow side of batch scoring: fetch the version, log the results."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from scoring_model.decision_log import LogSettings
from scoring_model.errors import ArtifactError
from scoring_model.settings import read_settings
from scoring_model.version import load_model
from train.batch import BatchJob, BatchLog, BatchModel, BatchReport, OnInvalid, check_key
from train.engines import Engine
from train.errors import InputError, RowsRejected, reason_of
from train.portfolio import ROW_NUMBER
from train.portfolio.sections import ReadSettings
from train.tables import Source, fill_variables


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
    place = f"the table {job.output}" if job.database else str(job.output)
    _log_report(report, job.model.version, place, say)


def _log_report(report: BatchReport, version: str, output: str, say: Callable[[str], None]) -> None:
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
    for text, count in report.warnings.items():
        say(f"warning: {text}: {count} {'row' if count == 1 else 'rows'}")
    if report.rejected:
        raise RowsRejected(
            f"{report.rejected} rows rejected, {report.scored} scored: see {report.rejected_file}"
        )


_PROMOTE = " (promote a version, or name one: -P model_uri=models:/<model>/<version>)"


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
        hint = _PROMOTE if "alias champion" in str(error) else ""
        raise InputError(
            f"model_uri {model_uri}: cannot be loaded: {reason_of(error)}{hint}"
        ) from error
    scorer = model.scorer
    texts = (scorer.contract.to_json(), scorer.policy.to_json(), scorer.booster.model_to_string())
    return BatchModel(
        scorer=scorer,
        name=model.name,
        key=check_key(key or _logged_key(model.logged), scorer.contract),
        digest=hashlib.sha256("".join(texts).encode()).hexdigest(),
        uri=model_uri,
        read=_logged_read(model.logged, model_uri),
        decision_date=model.logged.get("decision_date", ""),
    )


def _logged_key(logged: Mapping[str, str]) -> str | None:
    """Return the key of the version's portfolio, or None if it has none."""
    key = logged.get("key")
    return None if key in ("", ROW_NUMBER) else key


def _logged_read(logged: Mapping[str, str], model_uri: str) -> ReadSettings:
    """Return how the training's table was written; older versions do not say it."""
    try:
        return ReadSettings(**json.loads(logged.get("read") or "{}"))
    except (TypeError, ValueError) as error:
        raise InputError(f"model_uri {model_uri}: its reading cannot be understood") from error


def open_log_of(place: str) -> BatchLog | None:
    """Open a decision log; the settings of the server say how it is kept.

    Parameters
    ----------
    place : str
        A folder, or the URL of a PostgreSQL database, in which `${NAME}` is replaced by the
        environment variable; empty for no log.

    Raises
    ------
    InputError
        It cannot be written, or a setting is wrong.
    """
    if not place:
        return None
    try:
        settings = read_settings(os.environ)
    except ValueError as error:
        raise InputError(str(error)) from error
    spool, key = str(settings.cache_directory), settings.decision_log_key
    return BatchLog(LogSettings(fill_variables(place), spool=spool, key=key))


def find_job(
    model: BatchModel,
    source: Source,
    output: str,
    table: str,
    on_invalid: OnInvalid,
    log: BatchLog | None = None,
) -> BatchJob:
    """Return the job of scoring a source into a file, or into a table of a database.

    Parameters
    ----------
    model : BatchModel
    source : Source
    output : str
        Path of a file, or SQLAlchemy URL of a database.
    table : str
        Name of the database's table; empty for a file.
    on_invalid : {"reject", "fail"}
    log : BatchLog, optional
        Gets a record of every decision.

    Raises
    ------
    InputError
        A database lacks the name of its table, or a file has one.
    """
    if "://" not in output:
        if table:
            raise InputError("output_table goes with a database as output")
        return BatchJob(model, source, Path(output), on_invalid, log=log)
    if not table:
        raise InputError("output: a database needs -P output_table=<name>")
    return BatchJob(model, source, Path(table), on_invalid, database=output, log=log)
