"""`GatheringTransport`, `PatientFlow`: when data are written to a connection and read from it."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

_INTERIM = b"HTTP/1.1 100"


class GatheringTransport:
    """A transport that holds written data until it is flushed or closed.

    Parameters
    ----------
    transport : asyncio.Transport
        It gets the data in the end; every other method is called on it directly.
    close : callable
        Closes the connection after the held data have been written.
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self._close = close
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold a part of an answer; send `100 Continue` at once, as the client waits for it."""
        if data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._waiting.append(data)

    def flush(self) -> None:
        """Write the held data, unless the client has gone."""
        waiting, self._waiting = self._waiting, []
        if waiting and not self._transport.is_closing():
            self._transport.write(b"".join(waiting))

    def close(self) -> None:
        """Write the held data, and close."""
        self.flush()
        self._close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class PatientFlow(FlowControl):
    """Resumes reading from a connection only when no request is queued.

    uvicorn itself resumes reading after every answer. A client that sends without pause and never
    reads would fill the queue with hundreds of requests for each answer.

    Parameters
    ----------
    transport : asyncio.Transport
    queue : collection
        Requests that wait for the answer to the one before them.
    """

    def __init__(self, transport: asyncio.Transport, queue: Collection[Any]) -> None:
        super().__init__(transport)
        self._queue = queue

    def resume_reading(self) -> None:
        """Resume reading if no request is queued."""
        if not self._queue:
            super().resume_reading()
