"""A body of loans and MLflow: fetch the version that scores it, record what became of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from scoring_model.errors import ArtifactError
from scoring_model.loading import load_model
from train.batch import BatchModel, OnInvalid, check_key, score_body
from train.body import find_files
from train.errors import InputError, RowsRejected
from train.kept_features import keep_features


def score_files(
    source: str,
    output: Path,
    model_uri: str,
    key: str | None,
    on_invalid: OnInvalid,
    memory_limit: str,
    say: Callable[[str], None],
) -> None:
    """Score a body of loans, say what became of it and log it in the active run.

    Parameters
    ----------
    source : str
        File, folder or glob; for a version with histories, the folder of its tables.
    output : Path
    model_uri : str
        A folder, or any URI of a model that MLflow knows.
    key : str, optional
        Column of the input that identifies a row; by default the portfolio's.
    on_invalid : {"reject", "fail"}
    memory_limit : str
        Of the engine that computes features from histories, such as `4GB`.
    say : callable
        Called with each line for the user.

    Raises
    ------
    RowsRejected
        Some rows are not valid; the others are scored.
    """
    model = fetch_model(model_uri, key)
    files, features = find_files(source), model.scorer.features
    if features is None or not Path(source).is_dir():
        report = score_body(model, files, output, on_invalid=on_invalid)
    else:
        with keep_features(features, Path(source), output, memory_limit, say) as rows:
            report = score_body(model, [rows], output, on_invalid=on_invalid)
    figures = {
        "scored_rows": report.scored,
        "rejected_rows": report.rejected,
        "resumed_rows": report.resumed,
        "rows_per_second": report.rows_per_second,
    }
    mlflow.log_metrics({name: float(value) for name, value in figures.items()})
    say(
        f"{report.scored} rows scored with version {model.version} into {output}, "
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
