"""Every path of the server and the method that answers it."""

from scoring_model.http.routes.answered import Answered
from scoring_model.http.routes.routes import Routes
from scoring_model.http.routes.serving import Serving, load_serving
from scoring_model.http.routes.short_bodies import is_object, is_quick
from scoring_model.http.routes.table import (
    INVOCATIONS,
    PREDICT,
    TABLE,
    Route,
    find_route,
    name_path,
)

__all__ = [
    "INVOCATIONS",
    "PREDICT",
    "TABLE",
    "Answered",
    "Route",
    "Routes",
    "Serving",
    "find_route",
    "is_object",
    "is_quick",
    "load_serving",
    "name_path",
]
