"""The headers of answers, and the headers and queries of requests, in the OpenAPI document."""

from scoring_model.contract import MOST_REFERENCE_CHARACTERS
from scoring_model.version import DEFAULT_TOP

RETRY_AFTER = {
    "description": "Seconds to wait before the next request.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
DECIDED = {
    "X-Model-Version": {
        "description": "The version of the model that decided.",
        "required": True,
        "schema": {"type": "string"},
    },
    "X-Decision-ID": {
        "description": "Present only if decisions are logged: the id of the decision, or of the "
        "first of several.",
        "schema": {"type": "string"},
    },
    "X-Decision-Count": {
        "description": "Present with X-Decision-ID: the number of logged decisions.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
WARNINGS = {
    "X-Warnings": {
        "description": "Present only if there is something to know about a valid value: a list of "
        "row, field and problem, as percent-encoded JSON. It may hold the first warnings only.",
        "schema": {"type": "string"},
    },
    "X-Warnings-Count": {
        "description": "Present with X-Warnings: the number of all warnings.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
REFERENCE = {
    "name": "X-Reference",
    "in": "header",
    "description": "The caller's own name for the application, for the log. Only a request with "
    "one applicant may have it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MOST_REFERENCE_CHARACTERS},
}
PARAMETERS = [
    {
        "name": "explain",
        "in": "query",
        "description": "With `true` the answer has reasons. The request may then have at most "
        "MAX_EXPLAINED_ROWS applicants.",
        "schema": {"type": "boolean", "default": False},
    },
    {
        "name": "top",
        "in": "query",
        "description": "Most reasons to return per applicant, or `all` for all and the base value.",
        # text: some generated clients write a choice between a number and a word wrongly
        "schema": {
            "type": "string",
            "pattern": "^([1-9][0-9]{0,4}|all)$",
            "default": str(DEFAULT_TOP),
        },
    },
    {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of the labels in the reasons: en or fr.",
        "schema": {"type": "string", "enum": ["en", "fr"]},
    },
    {
        "name": "simulate",
        "in": "query",
        "description": "With `true` the answer is no decision: it has no id, and is not logged.",
        "schema": {"type": "boolean", "default": False},
    },
    REFERENCE,
]
