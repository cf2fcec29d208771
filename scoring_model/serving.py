"""`Serving`: one loaded version with all that answers from it; the server swaps it at once."""

from dataclasses import dataclass

from scoring_model.errors import ScoringError
from scoring_model.loading import LoadedModel, load_model
from scoring_model.messages import Asgi


@dataclass(frozen=True, slots=True)
class Serving:
    """Everything that depends on the version; a request takes it once and keeps it.

    Attributes
    ----------
    model : LoadedModel
    mlflow_app : ASGI application
        MLflow's own scoring app over the model.
    """

    model: LoadedModel
    mlflow_app: Asgi


def load_serving(uri: str) -> Serving:
    """Load a version and put MLflow's scoring app around it; raises `ScoringError`."""
    from mlflow.exceptions import MlflowException

    try:
        model = load_model(uri)
    except (MlflowException, OSError) as error:
        raise ScoringError(f"no model to be had: {_first_line(error)}") from error
    return build_serving(model)


def build_serving(model: LoadedModel) -> Serving:
    """Put MLflow's scoring app around a model."""
    from mlflow.pyfunc import scoring_server

    return Serving(model, scoring_server.init(model.pyfunc))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
