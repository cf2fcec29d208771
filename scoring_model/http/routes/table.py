"""`TABLE`: every path of the server and the method that answers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from scoring_model.errors import MethodNotAllowed, NotFound
from scoring_model.http.document import PATHS
from scoring_model.http.guard import Guard, KeyScope
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.routes import Routes
from scoring_model.http.routes.serving import Serving

PREDICT = "/predict"


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTP method that a path takes, and what answers it.

    Attributes
    ----------
    method : str
        The HTTP method. HEAD is answered too where callers without a key are.
    answer : callable
        A method of `Routes`.
    scope : {"predict", "read"} or None
        What a key needs for this path; None if callers without a key are answered.
    """

    method: str
    answer: Callable[[Routes, Request, Scope, Serving | None], Awaitable[Reply]]
    scope: KeyScope | None


TABLE: Mapping[str, Route] = {
    **dict.fromkeys(PATHS, Route("GET", Routes.show_page, "read")),
    PREDICT: Route("POST", Routes.predict, "predict"),
    "/invocations": Route("POST", Routes.invoke, "predict"),
    "/ping": Route("GET", Routes.pass_to_mlflow, None),
    "/health": Route("GET", Routes.pass_to_mlflow, None),
    "/ready": Route("GET", Routes.say_ready, None),
    "/version": Route("GET", Routes.pass_to_mlflow, "read"),
    "/metrics": Route("GET", Routes.show_metrics, "read"),
    "/openapi.json": Route("GET", Routes.show_document, "read"),
}
"""Every path of the server."""


def find_route(request: Request, guard: Guard) -> Route:
    """Return the route of a request, whose caller may use it.

    Parameters
    ----------
    request : Request
        Gets the name of the caller's key.
    guard : Guard

    Raises
    ------
    Unauthorized, Forbidden, TooManyRequests
        The caller may not use the path.
    NotFound, MethodNotAllowed
        There is no such path, or it takes another method.
    """
    route = TABLE.get(request.path)
    if route is None or route.scope is not None:
        guard.authorize(request, route.scope if route else None)
    if route is None:
        raise NotFound("the server has no such path: /docs lists its paths")
    # HEAD asks the probes, which are open
    is_probe = request.method == "HEAD" and route.scope is None
    if request.method != route.method and not is_probe:
        raise MethodNotAllowed(route.method)
    return route
