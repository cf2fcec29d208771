"""`POST /invocations`: MLflow's own app behind the strictness of the contract."""

import asyncio

from scoring_model.contract import FeatureContract
from scoring_model.errors import ScoringError
from scoring_model.formats import read_table
from scoring_model.messages import JSON, Asgi, Message, Reply, Scope
from scoring_model.work import CURRENT_WORK, INLINE_BYTES, Work


def prepare(
    contract: FeatureContract, media_type: str, body: bytes, max_rows: int
) -> tuple[bytes, bytes]:
    """Check a request and return content type and body for MLflow's app.

    A body that MLflow reads to other values than the contract does is written anew: it loses rows
    of `instances` with absent fields, makes a null in `inputs` the text `None` and of JSON's true
    the text `True`, and reads the last digit of a number in CSV by a quick but inexact rule.

    Raises
    ------
    InvalidRequest, TooLarge, UnsupportedMediaType
    """
    table = read_table(media_type, body, contract, max_rows)
    contract.encode_columns(table.columns, table.rows)
    if table.as_sent:
        return media_type.encode(), body
    return JSON, table.to_split(contract.names)


async def invoke(
    app: Asgi,
    contract: FeatureContract,
    scope: Scope,
    media_type: str,
    body: bytes,
    max_rows: int,
    work: Work,
) -> Reply:
    """Answer `/invocations` by MLflow's app, but for its errors: they hold the body."""
    arguments = (contract, media_type, body, max_rows)
    if len(body) <= INLINE_BYTES:
        content_type, prepared = prepare(*arguments)
    else:
        content_type, prepared = await asyncio.to_thread(prepare, *arguments)
    headers = [(b"content-type", content_type)]
    token = CURRENT_WORK.set(work)
    try:
        reply = await ask_mlflow(app, {**scope, "headers": headers, "query_string": b""}, prepared)
    finally:
        CURRENT_WORK.reset(token)
    if reply.status == 200:
        return reply
    work.check_time()
    if work.problem is not None:
        raise work.problem
    raise ScoringError("the request could not be answered")


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
