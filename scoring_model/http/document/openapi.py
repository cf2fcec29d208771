"""`build_document`: the HTTP API of one version as OpenAPI 3.1, with its own fields."""

from collections.abc import Sequence

from scoring_model.http.answers import CSV, JSON, PARQUET
from scoring_model.http.document.api_schemas import Schema, describe_schemas
from scoring_model.http.document.history_schemas import (
    describe_tables,
    example_with_history,
)
from scoring_model.settings import ServerSettings
from scoring_model.version import DEFAULT_TOP, LoadedModel

ERRORS = {
    400: "The request is wrong; `fields` names each wrong field.",
    401: "The request has no valid key, or no keys are set and the caller is not on loopback.",
    403: "The key lacks the scope that the path needs.",
    404: "The server has no such path.",
    405: "The path takes another HTTP method.",
    413: "The request has too many bytes (MAX_BODY_BYTES, MAX_UNPACKED_BYTES), applicants "
    "(MAX_ROWS, MAX_EXPLAINED_ROWS) or columns (MAX_COLUMNS), or takes too much memory "
    "(MAX_BULK_MEMORY_BYTES).",
    415: "The path does not read this content type, charset or encoding.",
    429: "The key has reached its rate limit, or the address has sent too many wrong keys.",
    500: "The request could not be answered because of a fault in the server.",
    503: "No model is loaded, or the server holds too many large bodies (MAX_PENDING_BYTES).",
    504: "The request was not answered within the time limit.",
}
_RETRY_AFTER = {
    "description": "Seconds to wait before the next request.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_WARNINGS = {
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
_READING_ERRORS = (400, 413, 415, 504)


def build_document(model: LoadedModel, settings: ServerSettings) -> Schema:
    """Return the OpenAPI document of a version.

    Parameters
    ----------
    model : LoadedModel
    settings : ServerSettings
        They hold the limits and say whether a key is needed.
    """
    needs_key = bool(settings.key_digests or settings.keys_file)
    keyed: Schema = {"security": [{"bearer": []}, {"basic": []}]} if needs_key else {}
    paths: Schema = {
        "/predict": {"post": _predict(model, settings) | keyed},
        "/invocations": {"post": _invocations(model) | keyed},
    }
    for path, summary, media_type, is_open in _GETS:
        operation = _operation(summary, {"200": _answer(summary, media_type)}, is_open)
        paths[path] = {"get": operation if is_open else operation | keyed}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Credit scoring",
            "version": model.version,
            "description": "The probability of default, and the decision at the threshold that "
            "costs least. A score of 1 means accepted: the probability is below the threshold.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(model),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Any user name, and the key as the password.",
                },
            },
        },
    }


def _schemas(model: LoadedModel) -> Schema:
    features, contract = model.scorer.features, model.scorer.contract
    tables = {} if features is None else describe_tables(features, contract, model.example)
    return describe_schemas(contract, model.example) | tables


_CSV = (
    "The first line names the columns. Cells that pandas reads as missing, such as NA, are missing."
)
_GETS = (
    ("/ping", "MLflow's health check.", JSON, True),
    ("/health", "MLflow's health check.", JSON, True),
    ("/ready", "Whether a model is loaded and gives its example the logged answer.", JSON, True),
    ("/version", "MLflow's version.", JSON, False),
    ("/metrics", "The server's metrics in the format of Prometheus.", "text/plain", False),
    ("/openapi.json", "This document.", JSON, False),
    ("/docs", "This document as a page for people.", "text/html", False),
)


def _operation(summary: str, answers: Schema, is_open: bool, errors: Sequence[int] = ()) -> Schema:
    statuses = {503, 500, *errors} | (set() if is_open else {401, 403, 429})
    refused = {str(status): _error(status) for status in sorted(statuses)}
    return {"summary": summary, "responses": answers | refused}


def _error(status: int) -> Schema:
    schema = {"$ref": "#/components/schemas/Error"}
    answer: Schema = {"description": ERRORS[status], "content": {JSON: {"schema": schema}}}
    return answer | {"headers": {"Retry-After": _RETRY_AFTER}} if status == 429 else answer


def _answer(description: str, media_type: str, schema: Schema | None = None) -> Schema:
    content: Schema = {} if schema is None else {"schema": schema}
    return {"description": description, "content": {media_type: content}}


def _predict(model: LoadedModel, settings: ServerSettings) -> Schema:
    applicant: Schema = {"$ref": "#/components/schemas/Applicant"}
    decision = {"$ref": "#/components/schemas/Decision"}
    examples = {
        "one applicant": {"value": model.example},
        "an array": {"value": [model.example]},
    }
    kinds = [applicant]
    if model.scorer.features is not None:
        example = example_with_history(model.scorer.features, model.example)
        examples = {"with its history": {"value": example}, **examples}
        kinds = [{"$ref": "#/components/schemas/ApplicantWithHistory"}, applicant]
    many = [{"type": "array", "items": kind, "maxItems": settings.max_rows} for kind in kinds]
    answer = {"anyOf": [decision, {"type": "array", "items": decision}]}
    answers = {
        "200": _answer(
            "One decision, or an array of decisions in the order of the applicants.", JSON, answer
        )
    }
    operation = _operation("Score one applicant or an array.", answers, False, _READING_ERRORS)
    schema = {"anyOf": [*kinds, *many]}
    body = {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}
    return operation | {"operationId": "predict", "parameters": _PARAMETERS, "requestBody": body}


_PARAMETERS = [
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
        "schema": {
            "anyOf": [{"type": "integer", "minimum": 1, "maximum": 99999}, {"const": "all"}],
            "default": DEFAULT_TOP,
        },
    },
    {
        "name": "Accept-Language",
        "in": "header",
        "description": "The language of the labels in the reasons: en or fr.",
        "schema": {"type": "string", "enum": ["en", "fr"]},
    },
]


def _invocations(model: LoadedModel) -> Schema:
    predictions: Schema = {
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}}
        },
    }
    answer = _answer("One prediction per applicant, in order.", JSON, predictions)
    answers = {"200": answer | {"headers": _WARNINGS}}
    operation = _operation("MLflow's scoring protocol.", answers, False, _READING_ERRORS)
    records = {"dataframe_records": [model.example]}
    columns = {name: [value] for name, value in model.example.items()}
    split = {"columns": list(model.example), "data": [list(model.example.values())]}
    examples = {
        "dataframe_records": {"value": records},
        "dataframe_split": {"value": {"dataframe_split": split}},
        "inputs": {"value": {"inputs": columns}},
    }
    content = {
        JSON: {"schema": {"$ref": "#/components/schemas/Invocation"}, "examples": examples},
        CSV: {"schema": {"type": "string", "description": _CSV}},
        PARQUET: {"schema": {"type": "string", "contentMediaType": PARQUET}},
    }
    body = {"required": True, "content": content}
    return operation | {"operationId": "invocations", "requestBody": body}
