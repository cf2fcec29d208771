"""`Serving`: one loaded version with all parts that depend on it, replaced as a whole."""

from dataclasses import dataclass
from pathlib import Path

import orjson

from scoring_model.errors import ModelUnavailable
from scoring_model.http.bulk import BulkPool
from scoring_model.http.document import build_document
from scoring_model.http.messages import Asgi, Headers
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import Metrics, ModelCounters
from scoring_model.version import LoadedModel, make_model, read_version


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
    bulk : BulkPool
        Answers large requests, and every applicant with histories.
    has_histories : bool
        Whether the version computes features from applicants' histories.
    """

    model: LoadedModel
    mlflow_app: Asgi
    document: bytes
    headers: Headers
    counters: ModelCounters | None
    bulk: BulkPool
    has_histories: bool


def load_serving(uri: str, settings: ServerSettings, metrics: Metrics | None) -> Serving:
    """Check a version in a process of its own, and make everything that depends on it.

    Parameters
    ----------
    uri : str
        Folder of the version.
    settings : ServerSettings
    metrics : Metrics or None
        Metrics of the server; None if metrics are off.

    Raises
    ------
    ArtifactError
        Its files are altered, unreadable or not valid, or loading them ends or hangs a process.
    """
    from mlflow.pyfunc import scoring_server

    content = read_version(Path(uri))
    # this process takes only what another process has loaded and scored
    bulk = BulkPool(content, settings, metrics.bulk if metrics else None)
    try:
        model = make_model(content)
        return Serving(
            model=model,
            mlflow_app=scoring_server.init(model.pyfunc),
            document=orjson.dumps(build_document(model, settings)),
            headers=((b"x-model-version", model.version.encode("ascii", "replace")),),
            counters=metrics.start_model(model.version, model.scorer.contract) if metrics else None,
            bulk=bulk,
            has_histories=model.scorer.features is not None,
        )
    except BaseException:
        bulk.close()
        raise


def require_version(serving: Serving | None) -> Serving:
    """Return the loaded version; raises `ModelUnavailable` if there is none."""
    if serving is None:
        raise ModelUnavailable("no model is loaded")
    return serving
