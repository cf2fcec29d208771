"""Every path of the server and the method that answers it."""

from scoring_model.http.routes.routes import (
    PREDICT,
    TABLE,
    Route,
    Routes,
    answer_applicant,
)
from scoring_model.http.routes.serving import Serving, load_serving
from scoring_model.http.routes.short_bodies import is_object, is_quick

__all__ = [
    "PREDICT",
    "TABLE",
    "Route",
    "Routes",
    "Serving",
    "answer_applicant",
    "is_object",
    "is_quick",
    "load_serving",
]
