"""`describe_schemas`: applicants, decisions and errors as JSON Schema."""

from typing import Any

from scoring_model.contract import YES_NO, Feature, FeatureContract
from scoring_model.version import LOWERS, NEITHER, RAISES, label_of

Schema = dict[str, Any]

LARGEST = 1.7976931348623157e308

_DECISION: Schema = {
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
_TEXT = {"type": "string"}
_EXTRAS: Schema = {
    "warnings": {
        "type": "array",
        "description": "Present only if there is something to know about a valid value: a category "
        "that training never saw, or a number far outside the values seen in training.",
        "items": {
            "type": "object",
            "properties": {"field": _TEXT, "problem": _TEXT},
            "required": ["field", "problem"],
        },
    },
    "reasons": {
        "type": "array",
        "description": "The features with the largest contributions, the largest first. For a "
        "refused applicant only features that raise the risk are listed, unless top=all. A "
        "contribution is a difference in log-odds before calibration.",
        "items": {
            "type": "object",
            "properties": {
                "feature": _TEXT,
                "label": _TEXT,
                "contribution": {"type": "number"},
                "direction": {"enum": [RAISES, LOWERS, NEITHER]},
            },
            "required": ["feature", "label", "contribution", "direction"],
        },
    },
    "base_value": {
        "type": "number",
        "description": "Present only with top=all. The base value plus all contributions is the "
        "log-odds before calibration.",
    },
}
_DATE = "A day such as 2021-12-31. Of a time with an offset, the day in UTC counts."
_YES_NO = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$"
_DECISION_DATE = (
    "The day of the decision, from which dates are counted, such as 2021-12-31. Without it the day "
    "is today, in UTC."
)
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "additionalProperties": False,
            "properties": {
                "code": _TEXT,
                "message": _TEXT,
                "fields": {
                    "type": "array",
                    "description": "The problems, at most the first 100.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "row": {"type": "integer", "minimum": 0},
                            "field": _TEXT,
                            "problem": _TEXT,
                        },
                        "required": ["row", "field", "problem"],
                    },
                },
            },
        }
    },
}


def describe_schemas(contract: FeatureContract, example: dict[str, Any]) -> Schema:
    """Return the schemas of the API for a version's contract and its example applicant."""
    fields = describe_fields(contract)
    required = [field.name for field in contract.fields if not field.nullable]
    applicant: Schema = {
        "type": "object",
        "properties": fields,
        "required": required,
        "additionalProperties": False,
        "example": example,
    }
    return {
        "Applicant": applicant,
        "Row": {"type": "object", "properties": fields, "required": required},
        "Invocation": _invocation(fields, required),
        "Prediction": {
            "type": "object",
            "properties": _DECISION,
            "required": list(_DECISION),
            "additionalProperties": False,
        },
        "Decision": {
            "type": "object",
            "properties": _DECISION | _EXTRAS,
            "required": list(_DECISION),
            "additionalProperties": False,
        },
        "Error": _ERROR,
    }


def describe_fields(contract: FeatureContract) -> Schema:
    """Return the schema of each field of an applicant: kind, nullability, limits, categories."""
    fields = {field.name: _describe(field) for field in contract.fields}
    if contract.decision_date:
        fields[contract.decision_date]["description"] = _DECISION_DATE
    return fields


def _describe(field: Feature) -> Schema:
    types = ["number"] if field.kind == "number" else ["string"]
    if field.is_yes_no:
        types.append("boolean")
    if field.nullable:
        types.append("null")
    schema: Schema = {"type": types, "title": label_of(field, "en")}
    if field.labels:
        schema["x-labels"] = dict(field.labels)
    if field.kind == "number":
        least, most = max(field.minimum, -LARGEST), min(field.maximum, LARGEST)
        return schema | {"minimum": least, "maximum": most}
    if field.kind == "date":
        return schema | {"format": "date", "description": _DATE}
    if field.is_yes_no:
        return schema | {"pattern": _YES_NO, "x-categories": list(YES_NO)}
    schema["description"] = "A category that is not listed is scored as missing, with a warning."
    return schema | {"x-categories": [*field.levels, *field.rare_levels]}


def _invocation(fields: Schema, required: list[str]) -> Schema:
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    columns: Schema = {
        "type": "object",
        "description": "One array per column, all of the same length.",
        "properties": {name: {"type": "array", "items": field} for name, field in fields.items()},
        "required": required,
    }
    split: Schema = {
        "type": "object",
        "required": ["columns", "data"],
        "additionalProperties": False,
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}, "examples": [list(fields)]},
            "data": {"type": "array", "items": {"type": "array"}},
            "index": {"type": "array"},
        },
    }
    kinds = {
        "dataframe_records": rows,
        "dataframe_split": split,
        "inputs": {"anyOf": [columns, rows]},
        "instances": rows,
    }
    return {
        "oneOf": [
            {"type": "object", "required": [name], "properties": {name: schema}}
            for name, schema in kinds.items()
        ]
    }
