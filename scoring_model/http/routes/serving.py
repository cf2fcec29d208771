"""`Serving`: one loaded version with all parts that depend on it, replaced as a whole."""

from dataclasses import dataclass

import orjson

from scoring_model.errors import ArtifactError, FeatureError, ScoringError
from scoring_model.features import ApplicantFeatures
from scoring_model.http.document import build_document
from scoring_model.http.messages import Asgi, Headers
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import Metrics, ModelCounters
from scoring_model.version import LoadedModel, Scorer, load_model


@dataclass(frozen=True, slots=True)
class Serving:
    """Everything that depends on the version; a request uses one `Serving` from start to end.

    Attributes
    ----------
    model : LoadedModel
    mlflow_app : ASGI application
        MLflow's own scoring app for the model.
    document : bytes
        The content of `/openapi.json`.
    headers : tuple of (bytes, bytes)
        Headers that name the version in each of its answers.
    counters : ModelCounters or None
        The metrics of the version; None if metrics are off.
    histories : ApplicantFeatures or None
        Computes features from applicants' histories; None if the version has no such features.
    """

    model: LoadedModel
    mlflow_app: Asgi
    document: bytes
    headers: Headers
    counters: ModelCounters | None
    histories: ApplicantFeatures | None


def load_serving(uri: str, settings: ServerSettings, metrics: Metrics | None) -> Serving:
    """Load and check a version, and make everything that depends on it.

    Parameters
    ----------
    uri : str
        URI or folder of the version.
    settings : ServerSettings
    metrics : Metrics or None
        Metrics of the server; None if metrics are off.

    Raises
    ------
    ArtifactError
        Its files are altered or unreadable, or its example does not get the logged answer.
    ScoringError
        There is no such model.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import scoring_server

    try:
        model = load_model(uri)
    except (MlflowException, OSError) as error:
        raise ScoringError(f"MLflow has no such model: {_first_line(error)}") from error
    return Serving(
        model=model,
        mlflow_app=scoring_server.init(model.pyfunc),
        document=orjson.dumps(build_document(model, settings)),
        headers=((b"x-model-version", model.version.encode("ascii", "replace")),),
        histories=_prepare_histories(model.scorer),
        counters=metrics.start_model(model.version, model.scorer.contract) if metrics else None,
    )


def _prepare_histories(scorer: Scorer) -> ApplicantFeatures | None:
    if scorer.features is None:
        return None
    try:
        return ApplicantFeatures(scorer.features, scorer.contract)
    except FeatureError as error:
        raise ArtifactError(f"the SQL of the version cannot be run: {error}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
