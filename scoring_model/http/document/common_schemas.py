"""`COMMON`: the parts of the API that are the same for every version, as JSON Schema."""

from collections.abc import Collection
from typing import Any

from scoring_model.version import LOWERS, NEITHER, RAISES

Schema = dict[str, Any]

DECISION: Schema = {
    "probability": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "Calibrated probability of default.",
    },
    "score": {
        "type": "integer",
        "enum": [0, 1],
        "description": "1 = accepted (probability < threshold), 0 = refused.",
    },
    "threshold": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "Probability of default from which an applicant is refused.",
    },
}
TEXT = {"type": "string"}
_NULLABLE_TEXT: Schema = {"type": ["string", "null"]}


def object_schema(
    properties: Schema, optional: Collection[str] = (), *, closed: bool = False
) -> Schema:
    """Return the schema of an object, which may have further fields unless it is closed."""
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": properties, "required": required}
    return schema | {"additionalProperties": False} if closed else schema


COMMON: Schema = {
    "Prediction": object_schema(DECISION, closed=True),
    "Predictions": object_schema(
        {"predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}}}
    ),
    "FieldWarning": object_schema({"field": TEXT, "problem": TEXT}),
    "Reason": object_schema(
        {
            "feature": TEXT,
            "label": TEXT,
            "contribution": {"type": "number"},
            "direction": {"type": "string", "enum": [RAISES, LOWERS, NEITHER]},
        }
    ),
    "Readiness": object_schema(
        {
            "status": {"type": "string", "enum": ["ready"]},
            "refresh": {
                "type": "string",
                "description": "Present only if a newer version could not be loaded: why.",
            },
            "decision_log": {
                "type": "string",
                "description": "Present only if decisions wait for the log's database: why.",
            },
        },
        ["refresh", "decision_log"],
    ),
    "LoggedDecision": object_schema(
        {
            "id": TEXT,
            "number": {
                "type": "integer",
                "minimum": 0,
                "description": "Position among the decisions of the process that decided.",
            },
            "time": TEXT | {"format": "date-time"},
            "decided_on": _NULLABLE_TEXT
            | {"description": "The day from which the version counted days."},
            "route": TEXT,
            "key": _NULLABLE_TEXT | {"description": "The name of the caller's key."},
            "model": _NULLABLE_TEXT,
            "version": TEXT,
            "manifest": TEXT | {"description": "SHA-256 of the version's manifest.json."},
            **DECISION,
            "commitment": TEXT,
            "applicant": {
                "type": "object",
                "description": "The applicant that was scored. Absent once it is erased.",
                "additionalProperties": True,
            },
            "reference": TEXT,
            "reference_digest": TEXT,
            "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/FieldWarning"}},
            "reasons": {"type": "array", "items": {"$ref": "#/components/schemas/Reason"}},
            "base_value": {"type": "number"},
            "shadow": {
                "type": "object",
                "description": "What the version in the shadow would have decided.",
                "additionalProperties": True,
            },
            "erased": TEXT | {"description": "The day on which the applicant was erased."},
        },
        [
            *("applicant", "reference", "reference_digest", "warnings", "reasons", "base_value"),
            *("shadow", "erased"),
        ],
    ),
    "ErrorAnswer": object_schema(
        {"error": {"$ref": "#/components/schemas/ErrorDetail"}}, closed=True
    ),
    "ErrorDetail": object_schema(
        {
            "code": TEXT,
            "message": TEXT,
            "fields": {
                "type": "array",
                "description": "The problems, at most the first 100.",
                "items": {"$ref": "#/components/schemas/FieldProblem"},
            },
        },
        closed=True,
    ),
    "FieldProblem": object_schema(
        {"row": {"type": "integer", "minimum": 0}, "field": TEXT, "problem": TEXT}
    ),
}
"""Each has a name of its own, after which generated clients call their class."""
