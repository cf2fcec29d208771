"""The upper limit: an application on uvicorn that only parses JSON and writes it again."""

from typing import Any

import orjson


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the body of the request."""
    if scope["type"] != "http":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        return
    message = await receive()
    body = orjson.dumps(orjson.loads(message["body"] or b"null"))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
