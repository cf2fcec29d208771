"""`GatheringTransport`, `PatientFlow`: when a connection is written to and read from."""

import asyncio
from collections.abc import Collection
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

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
        """Hand over what is waiting; to a client that has gone, nothing."""
        waiting, self._waiting = self._waiting, []
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))

    def close(self) -> None:
        """Hand over what is waiting, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class PatientFlow(FlowControl):
    """Reads on only when no request waits for the one before it.

    uvicorn reads on with every answer, so that a client that sends without pause and reads nothing
    has it queue hundreds of requests for each it answers.

    Parameters
    ----------
    transport : asyncio.Transport
    queue : collection
        The requests that wait.
    """

    def __init__(self, transport: asyncio.Transport, queue: Collection[Any]) -> None:
        super().__init__(transport)
        self._queue = queue

    def resume_reading(self) -> None:
        """Read on, if nothing waits."""
        if not self._queue:
            super().resume_reading()
