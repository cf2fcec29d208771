"""`LOG`: the lines of the log, which wait in a queue so that writing never delays an answer."""

import atexit
import os
import select
import threading
import time
from collections import deque

import orjson

_STANDARD_OUTPUT = 1
# a line has about 250 bytes, so that a full queue takes about 6 MB
MOST_LINES = 20_000
# lines that come within this time are written together
_GATHER_SECONDS = 0.02
_MOST_AT_A_TIME = 2_000
# a pipe takes so many bytes as a whole: the lines of several workers do not mix
_PIECE_BYTES = 4096
# however its characters are escaped, an event stays smaller than a piece
_MOST_CHARACTERS = 600
_END_SECONDS = 1.0
_END_TICK_SECONDS = 0.005


class LogQueue:
    """A queue of lines, and a thread that writes them to standard output.

    If nobody reads the output, the thread waits, and the server goes on. Lines beyond `MOST_LINES`
    are lost. When the thread can write again, it writes an event with their number.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        # a message may come from the garbage collector while this thread holds the lock
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        # the thread waits for this; others set it only if the thread sleeps
        self._wake = threading.Event()
        self._sleeps = True
        self._is_writing = False
        self._lost = 0
        self._lost_counter: memoryview[float] | None = None
        # what must come before the next line, because a full disk cut the line before it
        self._mending = b""

    def add(self, line: str) -> None:
        """Queue a line, which ends with a line feed; any thread may call this."""
        if len(self._lines) >= MOST_LINES:
            self._lose(1)
            return
        self._lines.append(line)
        if self._sleeps:
            self._rouse()

    def report_lost_lines(self, counter: "memoryview[float]") -> None:
        """Keep the number of lost lines in this counter, too."""
        with self._lock:
            self._lost_counter = counter
            counter[0] = self._lost

    def finish(self) -> None:
        """Wait until all lines are written, at most for a second."""
        deadline = time.monotonic() + _END_SECONDS
        while (self._lines or self._is_writing) and time.monotonic() < deadline:
            time.sleep(_END_TICK_SECONDS)

    def _rouse(self) -> None:
        with self._lock:
            self._sleeps = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()
                atexit.register(self.finish)
        self._wake.set()

    def _lose(self, lines: int) -> None:
        with self._lock:
            self._lost += lines
            if self._lost_counter is not None:
                self._lost_counter[0] = self._lost

    def _run(self) -> None:
        told = 0
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(_GATHER_SECONDS)
            self._is_writing = True
            # from here on, a new line wakes this thread again
            self._sleeps = True
            lines = [self._lines.popleft() for _ in range(min(len(self._lines), _MOST_AT_A_TIME))]
            self._write_lines("".join(lines).encode())
            if len(lines) < _MOST_AT_A_TIME:
                # all that was queued before the loss is written
                told += self._tell_loss(self._lost - told)
            self._is_writing = False
            if self._lines:
                self._wake.set()

    def _tell_loss(self, lines: int) -> int:
        """Write how many lines were lost, and return the number that has been told."""
        if not lines:
            return 0
        message = f"{lines} lines were lost here: nobody read the log, or its disk was full"
        return 0 if self._write_piece(make_event("log", message).encode()) else lines

    def _write_lines(self, data: bytes) -> None:
        start = 0
        while start < len(data):
            end = data.rfind(b"\n", start, start + _PIECE_BYTES) + 1
            # one line that is longer than a piece is still written whole
            end = end or data.find(b"\n", start) + 1
            lost = self._write_piece(data[start:end])
            if lost:
                self._lose(lost)
            start = end

    def _write_piece(self, piece: bytes) -> int:
        """Write some lines, and return how many could not be written."""
        data = rest = self._mending + piece
        try:
            while rest:
                try:
                    rest = rest[os.write(_STANDARD_OUTPUT, rest) :]
                except BlockingIOError:
                    # somebody else made the pipe non-blocking
                    select.select([], [_STANDARD_OUTPUT], [])
        except OSError:
            written = data[: len(data) - len(rest)]
            if written:
                self._mending = b"" if written.endswith(b"\n") else b"\n"
            return min(rest.count(b"\n"), piece.count(b"\n"))
        self._mending = b""
        return 0


LOG = LogQueue()
"""The log of this process."""


def make_event(event: str, message: str) -> str:
    """Return the line of an event of the server itself."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if len(message) > _MOST_CHARACTERS:
        message = f"{message[:_MOST_CHARACTERS]}..."
    # a text from the system may hold half a character
    message = message.encode(errors="replace").decode()
    entry = {"time": now, "event": event, "message": message}
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE).decode()


def write_event(event: str, message: str) -> None:
    """Queue an event of the server itself as one JSON line."""
    LOG.add(make_event(event, message))
