"""The messages between the server and a child process: a head, and bytes that are not copied."""

import socket
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import orjson

from scoring_model.http.answers import Asked
from scoring_model.policy import Decisions
from scoring_model.version import Explanation

_LENGTHS = struct.Struct("!QQQ")
# the system takes so many parts at a time
_MOST_PARTS = 512


class Frame(NamedTuple):
    """One message.

    Attributes
    ----------
    head : mapping
        A JSON object.
    content : sequence of bytes
        The body of a request or of an answer, in the parts in which it arrived.
    numbers : bytes
        The decisions about the applicants, as doubles.
    """

    head: Mapping[str, Any]
    content: Sequence[bytes] = ()
    numbers: bytes = b""

    def send(self, connection: socket.socket) -> None:
        """Send the message; raises `OSError` if the other end has gone."""
        head = orjson.dumps(self.head)
        lengths = _LENGTHS.pack(len(head), sum(map(len, self.content)), len(self.numbers))
        # the server never joins the parts: while it did, all other callers would wait
        parts = (lengths, head, *self.content, self.numbers)
        views = deque(memoryview(part) for part in parts)
        while views:
            sent = connection.sendmsg(islice(views, _MOST_PARTS))
            while views and sent >= len(views[0]):
                sent -= len(views.popleft())
            if sent:
                views[0] = views[0][sent:]


def receive_frame(connection: socket.socket) -> Frame:
    """Receive a message; raises `EOFError` if the other end has gone."""
    lengths = _LENGTHS.unpack(_receive(connection, _LENGTHS.size))
    head, content, numbers = (_receive(connection, length) for length in lengths)
    return Frame(orjson.loads(head), (content,), numbers)


def _receive(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        # with this flag a part is the whole, unless the socket has a timeout
        part = connection.recv(length, socket.MSG_WAITALL)
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@dataclass(slots=True)
class BulkTask:
    """A request for a child process.

    Attributes
    ----------
    media_type : str or None
        Content type of a request to `/invocations`; None for one to `/predict`.
    explanation : Explanation or None
        The reasons to add.
    body : sequence of bytes
        Its parts. It is emptied once nobody waits for the answer any more.
    asked : Asked or None
        What the decision log needs; None if the decisions are not logged.
    """

    media_type: str | None
    explanation: Explanation | None
    body: Sequence[bytes]
    asked: Asked | None = None

    def to_frame(self, seconds: float) -> Frame:
        """Return the message, with the seconds that are left."""
        explanation = self.explanation
        reasons = None if explanation is None else [explanation.top, explanation.language]
        head = {
            "media_type": self.media_type,
            "reasons": reasons,
            "seconds": seconds,
            "asked": None if self.asked is None else list(self.asked),
        }
        return Frame(head, self.body)

    @classmethod
    def from_frame(cls, frame: Frame) -> "BulkTask":
        """Read a task from its message."""
        reasons = frame.head["reasons"]
        explanation = None if reasons is None else Explanation(*reasons)
        asked = frame.head["asked"]
        logged = None if asked is None else Asked(*asked)
        return cls(frame.head["media_type"], explanation, frame.content, logged)


class BulkAnswer(NamedTuple):
    """What a child process answers.

    Attributes
    ----------
    status : int
        HTTP status.
    content : bytes
        The body of the answer.
    decisions : Decisions or None
        The decisions to count; None if the request was refused.
    unseen : mapping of str to int
        Number of levels that training never saw, by feature.
    headers : tuple of (bytes, bytes)
        Headers of the answer in addition to those that every answer has.
    is_last : bool
        Whether the process ends after this answer.
    fault : str
        Name of an unexpected error; empty if there was none.
    ids : sequence of str
        Ids of the logged decisions; empty if none is logged.
    """

    status: int
    content: bytes
    decisions: Decisions | None = None
    unseen: Mapping[str, int] = {}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    is_last: bool = False
    fault: str = ""
    ids: Sequence[str] = ()

    def to_frame(self) -> Frame:
        """Return the message."""
        head = {
            "status": self.status,
            "unseen": self.unseen,
            "headers": [[name.decode(), value.decode()] for name, value in self.headers],
            "is_last": self.is_last,
            "fault": self.fault,
            "is_counted": self.decisions is not None,
            "ids": self.ids,
        }
        if self.decisions is None:
            return Frame(head, (self.content,))
        columns = list(self.decisions.columns().values())
        return Frame(head, (self.content,), np.array(columns, dtype=np.float64).tobytes())

    @classmethod
    def from_frame(cls, frame: Frame) -> "BulkAnswer":
        """Read an answer from its message."""
        head, decisions = frame.head, None
        if head["is_counted"]:
            probability, score, threshold = np.frombuffer(frame.numbers).reshape(3, -1)
            decisions = Decisions(probability, score.astype(np.int64), threshold)
        return cls(
            head["status"],
            b"".join(frame.content),
            decisions,
            head["unseen"],
            tuple((name.encode(), value.encode()) for name, value in head["headers"]),
            head["is_last"],
            head["fault"],
            head["ids"],
        )
