"""`TABLE`: every path of the server and the method that answers it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from scoring_model.errors import MethodNotAllowed, NotFound
from scoring_model.http.document import PATHS
from scoring_model.http.guard import Guard, KeyScope
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.routes import DECISIONS_PATH, Routes
from scoring_model.http.routes.serving import Serving

PREDICT, INVOCATIONS, DECISION = "/predict", "/invocations", f"{DECISIONS_PATH}{{id}}"


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
    "/": Route("GET", Routes.lead_to_page, None),
    **dict.fromkeys(PATHS, Route("GET", Routes.show_page, "read")),
    PREDICT: Route("POST", Routes.predict, "predict"),
    INVOCATIONS: Route("POST", Routes.invoke, "predict"),
    DECISION: Route("GET", Routes.show_decision, "read"),
    "/ping": Route("GET", Routes.pass_to_mlflow, None),
    "/health": Route("GET", Routes.pass_to_mlflow, None),
    "/ready": Route("GET", Routes.say_ready, None),
    "/version": Route("GET", Routes.pass_to_mlflow, "read"),
    "/metrics": Route("GET", Routes.show_metrics, "read"),
    "/openapi.json": Route("GET", Routes.show_document, "read"),
}
"""Every path of the server; `{id}` stands for any text without a slash."""
_PREFLIGHT = Route("OPTIONS", Routes.answer_preflight, None)


def name_path(path: str) -> str | None:
    """Return the path in `TABLE` that a request's path belongs to; None if there is none."""
    if path.startswith(DECISIONS_PATH):
        return None if "/" in path[len(DECISIONS_PATH) :] else DECISION
    return path if path in TABLE else None


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
    if guard.pages.ask_first(request):
        return _PREFLIGHT
    route = TABLE.get(name_path(request.path) or "")
    if route is None or route.scope is not None:
        guard.authorize(request, route.scope if route else None)
    if route is None:
        raise NotFound("the server has no such path: /docs lists its paths")
    # HEAD asks the probes, which are open
    is_probe = request.method == "HEAD" and route.scope is None
    if request.method != route.method and not is_probe:
        raise MethodNotAllowed(route.method)
    return route
