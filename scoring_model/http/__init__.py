"""The scoring server: MLflow's own scoring app with `/predict` in the same process."""

from scoring_model.http.server import create_app

__all__ = ["create_app"]
