"""`POST /invocations`: MLflow's own app, with its errors in the documented shape."""

from scoring_model.errors import InvalidRequest, ScoringError, UnsupportedMediaType
from scoring_model.messages import Asgi, Message, Reply, Scope
from scoring_model.work import CURRENT_WORK, Work


async def ask_mlflow(app: Asgi, scope: Scope, body: bytes) -> Reply:
    """Hand a request to MLflow's app and return what it sends."""
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


async def invoke(app: Asgi, scope: Scope, body: bytes, work: Work) -> Reply:
    """Answer `/invocations` by MLflow's app; its errors are replaced, as they hold the request."""
    token = CURRENT_WORK.set(work)
    try:
        reply = await ask_mlflow(app, scope, body)
    finally:
        CURRENT_WORK.reset(token)
    if reply.status == 200:
        return reply
    work.check_time()
    if work.problem is not None:
        raise work.problem
    if reply.status == 415:
        raise UnsupportedMediaType(
            "send application/json, text/csv or application/vnd.apache.parquet"
        )
    if reply.status == 400:
        raise InvalidRequest("the body does not follow MLflow's scoring protocol")
    raise ScoringError("the request could not be answered")
