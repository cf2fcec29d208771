"""A body of loans and MLflow: fetch the version that scores it, record what became of it."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import mlflow
from mlflow.exceptions import MlflowException

from scoring_model.errors import ArtifactError, FeatureError
from scoring_model.feature_sql import APPLICATION
from scoring_model.loading import load_model
from train.batch import BatchModel, BatchReport, OnInvalid, check_key, score_body
from train.body import find_files
from train.errors import InputError, RowsRejected
from train.histories import features_on_spark
from train.kept_features import keep_features
from train.spark_batch import FILE, read_body, score_on_spark
from train.spark_features import one_line
from train.spark_session import open_session, ship_packages

BatchEngine = Literal["local", "spark"]


def score_files(
    source: str,
    output: Path,
    model_uri: str,
    key: str | None,
    on_invalid: OnInvalid,
    memory_limit: str,
    engine: BatchEngine,
    say: Callable[[str], None],
) -> None:
    """Score a body of loans, say what became of it and log it in the active run.

    Parameters
    ----------
    source : str
        File, folder or glob; for a version with histories, the folder of its tables.
    output : Path
        A file; with engine `spark` a folder of files.
    model_uri : str
        A folder, or any URI of a model that MLflow knows.
    key : str, optional
        Column of the input that identifies a row; by default the portfolio's.
    on_invalid : {"reject", "fail"}
    memory_limit : str
        Of DuckDB, which computes features from histories, such as `4GB`.
    engine : {"local", "spark"}
    say : callable
        Called with each line for the user.

    Raises
    ------
    RowsRejected
        Some rows are not valid; the others are scored.
    """
    model = fetch_model(model_uri, key)
    if engine == "spark":
        report = _score_on_spark(model, source, output, model_uri, on_invalid, say)
    else:
        report = _score_here(model, source, output, on_invalid, memory_limit, say)
    _tell(report, model.version, output, say)


def _score_here(
    model: BatchModel,
    source: str,
    output: Path,
    on_invalid: OnInvalid,
    memory_limit: str,
    say: Callable[[str], None],
) -> BatchReport:
    files, features = find_files(source), model.scorer.features
    if features is None or not Path(source).is_dir():
        return score_body(model, files, output, on_invalid=on_invalid)
    with keep_features(features, Path(source), output, memory_limit, say) as rows:
        return score_body(model, [rows], output, on_invalid=on_invalid)


def _score_on_spark(
    model: BatchModel,
    source: str,
    output: Path,
    model_uri: str,
    on_invalid: OnInvalid,
    say: Callable[[str], None],
) -> BatchReport:
    with open_session() as session, ExitStack() as computed:
        from pyspark.sql import functions

        ship_packages(session)
        files = find_files(source)
        if model.scorer.features is not None and Path(source).is_dir():
            rows, notes = computed.enter_context(
                features_on_spark(session, model.scorer.features, Path(source))
            )
            for note in notes:
                say(note)
            rows = rows.withColumn(FILE, functions.lit(APPLICATION))
        else:
            rows = read_body(session, model, files)
        # as in the tests and in production, the version runs in this environment
        predict = mlflow.pyfunc.spark_udf(session, model_uri, env_manager="local")
        try:
            with one_line("rows"):
                return score_on_spark(rows, model, predict, output, on_invalid)
        except FeatureError as error:
            raise InputError(f"input {source}: {error}") from error


def _tell(report: BatchReport, version: str, output: Path, say: Callable[[str], None]) -> None:
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
        say(f"{name}: {count} rows hold a category never seen in training, scored as missing")
    if report.rejected:
        raise RowsRejected(
            f"{report.rejected} rows rejected, {report.scored} scored: see {report.rejected_file}"
        )


def fetch_model(model_uri: str, key: str | None) -> BatchModel:
    """Fetch a model as data: none of the code that was logged with it runs.

    Raises
    ------
    InputError
        There is no such model, or it was not logged by this system.
    """
    try:
        model = load_model(model_uri)
    except (MlflowException, ArtifactError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"model_uri {model_uri}: cannot be loaded: {reason}") from error
    scorer = model.scorer
    texts = (scorer.contract.to_json(), scorer.policy.to_json(), scorer.booster.model_to_string())
    logged = model.pyfunc.metadata.metadata or {}
    return BatchModel(
        scorer=scorer,
        version=model.version,
        key=check_key(key or logged.get("key"), scorer.contract),
        digest=hashlib.sha256("".join(texts).encode()).hexdigest(),
    )
