"""`Answered`, `Scored`: answers of `/predict` and `/invocations` before they are counted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scoring_model.http.answers import Asked
from scoring_model.http.routes.serving import Serving
from scoring_model.policy import Decision, Decisions


class Answered(NamedTuple):
    """The answer to a single applicant, before it is logged and counted.

    Attributes
    ----------
    serving : Serving
    body : bytes
        The body of the request.
    answer : bytes
        The body of the answer.
    decision : Decision
    applicant : mapping
        The applicant that was scored.
    asked : Asked or None
        What the log needs of the request; None if the decision is not logged.
    """

    serving: Serving
    body: bytes
    answer: bytes
    decision: Decision
    applicant: Mapping[str, Any]
    asked: Asked | None


class Scored(NamedTuple):
    """An answered request about several applicants, or with reasons, before it is counted.

    Attributes
    ----------
    decisions : Decisions
    unseen : mapping of str to int
        Number of levels that training never saw, by feature.
    ids : sequence of str
        Ids of the decisions in the log; empty if they are not logged.
    media_type : str or None
        Content type of a request to `/invocations`; None for one to `/predict`.
    parts : sequence of bytes
        The body of the request.
    """

    decisions: Decisions
    unseen: Mapping[str, int]
    ids: Sequence[str]
    media_type: str | None
    parts: Sequence[bytes]
