"""`POST /invocations`: MLflow's own app, after the contract has checked a small request."""

from scoring_model.errors import ScoringError
from scoring_model.http.answers import RequestLimits, make_warning_headers, prepare_request
from scoring_model.http.messages import Asgi, Message, Reply, Scope
from scoring_model.http.routes.serving import Serving
from scoring_model.version import CURRENT_SCORING, TimedScoring


async def invoke_mlflow(
    serving: Serving,
    scope: Scope,
    media_type: str,
    body: bytes,
    limits: RequestLimits,
    scoring: TimedScoring,
) -> Reply:
    """Answer `/invocations` with MLflow's app; replace its errors, which repeat the body."""
    contract = serving.model.scorer.contract
    prepared = prepare_request(contract, media_type, body, limits, scoring)
    scoring.rows = prepared.rows
    headers = [(b"content-type", prepared.content_type)]
    asked = {**scope, "headers": headers, "query_string": b""}
    token = CURRENT_SCORING.set(scoring)
    try:
        reply = await ask_mlflow(serving.mlflow_app, asked, prepared.body)
    finally:
        CURRENT_SCORING.reset(token)
    if reply.status == 200:
        reply.headers = make_warning_headers(prepared.rows.notices)
        return reply
    scoring.check_time()
    if scoring.problem is not None:
        raise scoring.problem
    raise ScoringError("the request could not be answered")


async def ask_mlflow(app: Asgi, scope: Scope, body: bytes) -> Reply:
    """Send a request to MLflow's app and return its answer."""
    messages: list[Message] = []
    unread = [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    headers = dict(messages[0]["headers"])
    answer = b"".join(message.get("body", b"") for message in messages[1:])
    return Reply(messages[0]["status"], answer, headers.get(b"content-type", b"text/plain"))
