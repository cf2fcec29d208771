"""`RequestLimits`: how many rows, columns and bytes a request may have once it is read."""

from typing import NamedTuple

from scoring_model.errors import TooLarge
from scoring_model.settings import ServerSettings


class RequestLimits(NamedTuple):
    """Limits of a request. A check raises `TooLarge`, which names the limit and its value.

    Attributes
    ----------
    rows, explained_rows : int
        Maximum number of applicants, and of applicants in a request for reasons.
    columns : int
        Maximum number of columns of a table, or of different fields of its records.
    unpacked_bytes : int
        Bytes that a Parquet body may unpack to.
    memory_bytes : int
        Memory that a large request may take while it is answered.
    """

    rows: int
    explained_rows: int
    columns: int
    unpacked_bytes: int
    memory_bytes: int

    @classmethod
    def from_settings(cls, settings: ServerSettings) -> "RequestLimits":
        """Return the limits of a server."""
        return cls(
            settings.max_rows,
            settings.max_explained_rows,
            settings.max_columns,
            settings.max_unpacked_bytes,
            settings.max_bulk_memory_bytes,
        )

    def check_rows(self, rows: int) -> None:
        """Refuse a request with too many applicants."""
        if rows > self.rows:
            raise TooLarge(f"a request must have at most {self.rows} applicants (MAX_ROWS)")

    def check_explained_rows(self, rows: int) -> None:
        """Refuse a request for the reasons of too many applicants."""
        if rows > self.explained_rows:
            raise TooLarge(
                f"a request for reasons must have at most {self.explained_rows} applicants"
                " (MAX_EXPLAINED_ROWS)"
            )

    def check_columns(self, columns: int) -> None:
        """Refuse a request with too many columns."""
        if columns > self.columns:
            raise TooLarge(
                f"a request must have at most {self.columns} columns or different fields"
                " (MAX_COLUMNS)"
            )

    def check_unpacked_bytes(self, size: int) -> None:
        """Refuse a body that unpacks to too many bytes."""
        if size > self.unpacked_bytes:
            raise TooLarge(
                f"a Parquet body must unpack to at most {self.unpacked_bytes} bytes"
                " (MAX_UNPACKED_BYTES)"
            )

    def memory_error(self) -> TooLarge:
        """Return the error about a request that takes too much memory."""
        return TooLarge(
            f"the request must take at most {self.memory_bytes} bytes of memory"
            " (MAX_BULK_MEMORY_BYTES)"
        )
