"""The error classes, each with its HTTP status. No error holds a value of an applicant."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

# an error keeps at most this many problems, and counts all of them
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field of one applicant.

    Attributes
    ----------
    row : int
        Position of the applicant in the request, counted from 0.
    field : str
        Name of the field. An unknown field has the name that the caller sent.
    problem : str
        The rule that the value breaks; never the value itself.
    """

    row: int
    field: str
    problem: str


class ScoringError(Exception):
    """Base of all errors of the scoring model.

    Attributes
    ----------
    status : int
        HTTP status of the answer.
    code : str
        Name of the error, for programs to read.
    fields : tuple of FieldProblem
        What is wrong, field by field; empty for most errors.
    retry_seconds : int or None
        Whole seconds after which the caller should try again; None for most errors.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    fields: tuple[FieldProblem, ...] = ()
    retry_seconds: int | None = None


class InvalidRequest(ScoringError):
    """The body of a request does not follow the contract.

    Parameters
    ----------
    message : str
        One sentence for people.
    fields : sequence of FieldProblem
        What is wrong, field by field; empty when the body could not be read at all.
    count : int
        Number of problems, if `fields` holds only the first of them.
    """

    status = 400
    code = "invalid_request"

    def __init__(
        self, message: str, fields: Sequence[FieldProblem] = (), count: int | None = None
    ) -> None:
        super().__init__(message)
        self.fields = tuple(fields[:MOST_PROBLEMS])
        self.count = len(fields) if count is None else count

    @classmethod
    def from_problems(
        cls, problems: Sequence[FieldProblem], count: int | None = None
    ) -> "InvalidRequest":
        """Build the error whose message names the first problem and counts the others."""
        first, total = problems[0], len(problems) if count is None else count
        others = f" (and {total - 1} more)" if total > 1 else ""
        return cls(f"row {first.row}: {first.field} {first.problem}{others}", problems, total)


class Unauthorized(ScoringError):
    """The caller gave no key, or a key that the server does not know."""

    status = 401
    code = "unauthorized"


class Forbidden(ScoringError):
    """The key lacks the scope that the path needs."""

    status = 403
    code = "forbidden"


class NotFound(ScoringError):
    """The server has no such path."""

    status = 404
    code = "not_found"


class MethodNotAllowed(ScoringError):
    """The path does not accept the method of the request."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"this path takes {allowed} only")
        self.allowed = allowed


class HeadTooSlow(ScoringError):
    """The headers of a request did not arrive within their time limit."""

    status = 408
    code = "head_too_slow"


class TooLarge(ScoringError):
    """The request has more bytes, rows or columns, or takes more memory, than the server allows."""

    status = 413
    code = "too_large"


class Busy(ScoringError):
    """The server is short of room or of processes. The same request may succeed later."""

    status = 503
    code = "busy"
    retry_seconds = 1


class UnsupportedMediaType(ScoringError):
    """The body is of a content type, charset or encoding that the path does not read."""

    status = 415
    code = "unsupported_media_type"


class TooManyRequests(ScoringError):
    """The key has reached its rate limit, or the address has sent too many wrong keys.

    Parameters
    ----------
    rule : str
        The limit, as a sentence without its end.
    wait : float
        Seconds until the next request is answered.
    """

    status = 429
    code = "too_many_requests"

    def __init__(self, rule: str, wait: float) -> None:
        self.retry_seconds = max(1, math.ceil(wait))
        super().__init__(f"{rule}: try again in {self.retry_seconds} s")


class ExpectationFailed(ScoringError):
    """The client expects something that the server does not do (the header Expect)."""

    status = 417
    code = "expectation_failed"


class HeadTooLarge(ScoringError):
    """The request line and the headers have more bytes, or more headers, than the server takes."""

    status = 431
    code = "head_too_large"


class ModelUnavailable(ScoringError):
    """No model is loaded, so nothing can be scored."""

    status = 503
    code = "no_model"


class LogUnavailable(ScoringError):
    """The decision cannot be logged, so it is not answered."""

    status = 503
    code = "log_unavailable"


class Draining(ScoringError):
    """The server is about to stop, so new requests should go to another one."""

    status = 503
    code = "draining"


class FeatureError(ScoringError):
    """The features cannot be computed: a table, a column, a key or the SQL is wrong."""

    status = 400
    code = "invalid_histories"


class ArtifactError(ScoringError):
    """A version's files cannot be used: missing, altered, or in an unknown format."""

    status = 503
    code = "bad_artifact"


class IncompleteVersion(ArtifactError):
    """A version's files are missing, unreadable or half uploaded. To try again may help."""


class TooSlow(ScoringError):
    """The request was not answered within the time limit."""

    status = 504
    code = "too_slow"

    def __init__(self) -> None:
        super().__init__("the request was not answered within the time limit")
