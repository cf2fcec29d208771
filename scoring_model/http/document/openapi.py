"""`build_document`: the HTTP API of one version as OpenAPI 3.1, with its own fields."""

from collections.abc import Sequence

from scoring_model.http.answers import CSV, JSON, PARQUET
from scoring_model.http.document.api_parameters import (
    DECIDED,
    PARAMETERS,
    REFERENCE,
    RETRY_AFTER,
    WARNINGS,
)
from scoring_model.http.document.api_schemas import describe_schemas
from scoring_model.http.document.common_schemas import Schema
from scoring_model.http.document.history_schemas import (
    describe_tables,
    example_with_history,
)
from scoring_model.settings import ServerSettings
from scoring_model.version import LoadedModel

# docs/clients.md says when it rises
API_VERSION = "1.1"
ERRORS = {
    400: "The request is wrong; `fields` names each wrong field.",
    401: "The request has no valid key, or no keys are set and the caller is not on loopback.",
    403: "The key lacks the scope that the path needs.",
    404: "The server has no such path, or the log no such decision.",
    405: "The path takes another HTTP method.",
    413: "The request has too many bytes (MAX_BODY_BYTES, MAX_UNPACKED_BYTES), applicants "
    "(MAX_ROWS, MAX_EXPLAINED_ROWS) or columns (MAX_COLUMNS), or takes too much memory "
    "(MAX_BULK_MEMORY_BYTES).",
    415: "The path does not read this content type, charset or encoding.",
    429: "The key has reached its rate limit, or the address has sent too many wrong keys.",
    500: "The request could not be answered because of a fault in the server.",
    503: "No model is loaded, the server holds too many large bodies (MAX_PENDING_BYTES), or the "
    "decision cannot be logged.",
    504: "The request was not answered within the time limit.",
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
    for path, name, summary, media_type, schema, is_open in _GETS:
        answers = {"200": _answer(summary, media_type, schema)}
        operation = _operation(name, summary, answers, is_open)
        paths[path] = {"get": operation if is_open else operation | keyed}
    paths["/decisions/{id}"] = {"get": _decision() | keyed}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Credit scoring",
            "version": API_VERSION,
            "x-model-version": model.version,
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
_HEALTH = "MLflow's health check. The body is a line break, although its type says JSON."
_VERSION = "MLflow's version, as text, although its type says JSON."
_TEXT = {"type": "string"}
# path, operation, summary, type and schema of the answer, whether it needs no key; without a schema
# a generated client does not read the body
_GETS: Sequence[tuple[str, str, str, str, Schema | None, bool]] = (
    ("/ping", "ping", _HEALTH, JSON, None, True),
    ("/health", "health", _HEALTH, JSON, None, True),
    (
        "/ready",
        "ready",
        "Whether a model is loaded and gives its example the logged answer.",
        JSON,
        {"$ref": "#/components/schemas/Readiness"},
        True,
    ),
    ("/version", "version", _VERSION, JSON, None, False),
    (
        "/metrics",
        "metrics",
        "The server's metrics in the format of Prometheus.",
        "text/plain",
        _TEXT,
        False,
    ),
    ("/openapi.json", "document", "This document.", JSON, {"type": "object"}, False),
    ("/docs", "page", "This document as a page for people.", "text/html", _TEXT, False),
)


def _operation(
    name: str, summary: str, answers: Schema, is_open: bool, errors: Sequence[int] = ()
) -> Schema:
    statuses = {503, 500, *errors} | (set() if is_open else {401, 403, 429})
    refused = {str(status): _error(status) for status in sorted(statuses)}
    return {"operationId": name, "summary": summary, "responses": answers | refused}


def _error(status: int) -> Schema:
    schema = {"$ref": "#/components/schemas/ErrorAnswer"}
    answer: Schema = {"description": ERRORS[status], "content": {JSON: {"schema": schema}}}
    return answer | {"headers": {"Retry-After": RETRY_AFTER}} if status == 429 else answer


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
    one = applicant if len(kinds) == 1 else {"oneOf": kinds}
    many = {"type": "array", "items": one, "maxItems": settings.max_rows}
    answer = {"oneOf": [decision, {"type": "array", "items": decision}]}
    said = "One decision, or an array of decisions in the order of the applicants."
    answers = {"200": _answer(said, JSON, answer) | {"headers": DECIDED}}
    summary = "Score one applicant or an array."
    operation = _operation("predict", summary, answers, False, _READING_ERRORS)
    schema = {"oneOf": [*kinds, many]}
    body = {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}
    return operation | {"parameters": PARAMETERS, "requestBody": body}


def _decision() -> Schema:
    summary = "A decision of the log."
    answers = {"200": _answer(summary, JSON, {"$ref": "#/components/schemas/LoggedDecision"})}
    place = {"name": "id", "in": "path", "required": True, "schema": _TEXT}
    operation = _operation("decision", summary, answers, False, (404,))
    return operation | {"parameters": [place | {"description": "The header X-Decision-ID."}]}


def _invocations(model: LoadedModel) -> Schema:
    predictions = {"$ref": "#/components/schemas/Predictions"}
    answer = _answer("One prediction per applicant, in order.", JSON, predictions)
    answers = {"200": answer | {"headers": DECIDED | WARNINGS}}
    summary = "MLflow's scoring protocol."
    operation = _operation("invocations", summary, answers, False, _READING_ERRORS)
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
    return operation | {"parameters": [REFERENCE], "requestBody": body}
