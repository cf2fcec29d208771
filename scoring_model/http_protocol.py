"""`HttpProtocol`: uvicorn's own, but head and body of an answer go to the system in one call.

For `uvicorn --http scoring_model.http_protocol:HttpProtocol`; without it all works, more slowly.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_INTERIM = b"HTTP/1.1 100"


class GatheringTransport:
    """A transport that holds what is written until it is flushed or closed.

    Parameters
    ----------
    transport : asyncio.Transport
        Where it goes in the end, and what does all else.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold a part of an answer, but not `100 Continue`: the client waits for it."""
        if data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._waiting.append(data)

    def flush(self) -> None:
        """Hand over what is waiting."""
        if self._waiting:
            self._transport.write(b"".join(self._waiting))
            self._waiting.clear()

    def close(self) -> None:
        """Hand over what is waiting, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol over a `GatheringTransport`: answers are never sent in pieces."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        self._gathering = GatheringTransport(transport)
        super().connection_made(self._gathering)  # type: ignore[arg-type]  # it acts as one

    def on_response_complete(self) -> None:
        """Send the answer, which is whole now."""
        self._gathering.flush()
        super().on_response_complete()
