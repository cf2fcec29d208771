"""`POST /invocations`: MLflow's own app, after the contract has checked the request."""

import asyncio
from typing import NamedTuple

from scoring_model.contract import EncodedRows, FeatureContract, encode_body
from scoring_model.errors import ScoringError
from scoring_model.http.messages import INLINE_BYTES, JSON, Asgi, Message, Reply, Scope
from scoring_model.version import CURRENT_SCORING, TimedScoring


class Prepared(NamedTuple):
    """A checked request.

    Attributes
    ----------
    rows : EncodedRows
        Its encoded applicants, which are scored.
    content_type, body : bytes
        The request to MLflow's app. The app reads the same number of rows from it.
    """

    rows: EncodedRows
    content_type: bytes
    body: bytes


def prepare_request(
    contract: FeatureContract, media_type: str, body: bytes, max_rows: int
) -> Prepared:
    """Check and encode a request, and return what to send to MLflow's app.

    The body is rewritten if MLflow would refuse it or read other rows from it: MLflow drops rows of
    `instances` with absent fields, and refuses a JSON boolean where the signature has text.

    Parameters
    ----------
    contract : FeatureContract
    media_type : str
        Content type in lower case, without parameters.
    body : bytes
    max_rows : int
        Maximum number of applicants in the request.

    Raises
    ------
    InvalidRequest
        The body breaks the contract.
    TooLarge
        It has more than `max_rows` applicants.
    UnsupportedMediaType
        The content type is not JSON, CSV or Parquet.
    """
    encoded = encode_body(media_type, body, contract, max_rows)
    if encoded.as_split is None:
        return Prepared(encoded.rows, media_type.encode(), body)
    return Prepared(encoded.rows, JSON, encoded.as_split)


async def invoke(
    app: Asgi,
    contract: FeatureContract,
    scope: Scope,
    media_type: str,
    body: bytes,
    max_rows: int,
    scoring: TimedScoring,
) -> Reply:
    """Answer `/invocations` with MLflow's app; replace its errors, which repeat the body."""
    arguments = (contract, media_type, body, max_rows)
    if len(body) <= INLINE_BYTES:
        prepared = prepare_request(*arguments)
    else:
        prepared = await asyncio.to_thread(prepare_request, *arguments)
    scoring.rows = prepared.rows
    headers = [(b"content-type", prepared.content_type)]
    asked = {**scope, "headers": headers, "query_string": b""}
    token = CURRENT_SCORING.set(scoring)
    try:
        reply = await ask_mlflow(app, asked, prepared.body)
    finally:
        CURRENT_SCORING.reset(token)
    if reply.status == 200:
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
