"""`PendingBytes`: the limit of all large bodies that a worker holds at a time."""

from types import TracebackType

from scoring_model.errors import Busy


class PendingBytes:
    """Counts the bytes of large bodies that are being read, wait or are answered.

    Use it in the event loop's thread only.

    Parameters
    ----------
    most : int
        The limit.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def hold(self) -> "Holding":
        """Return the share of one request, to be used in a `with` block."""
        return Holding(self)


class Holding:
    """The bytes that one request holds; they are given back at the end of the `with` block.

    Parameters
    ----------
    pending : PendingBytes
        The count of all requests.
    """

    __slots__ = ("_pending", "_size")

    def __init__(self, pending: PendingBytes) -> None:
        self._pending = pending
        self._size = 0

    def grow_to(self, size: int) -> None:
        """Hold this many bytes in all; raises `Busy` if there is no room for them."""
        pending, more = self._pending, size - self._size
        if more <= 0:
            return
        if pending.held + more > pending.most:
            raise Busy(
                f"the server holds large bodies of {pending.most} bytes (MAX_PENDING_BYTES):"
                " send the request again later"
            )
        pending.held += more
        self._size = size

    def __enter__(self) -> "Holding":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._pending.held -= self._size
        self._size = 0
