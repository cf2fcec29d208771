"""`describe_schemas`: applicants, decisions and errors as JSON Schema."""

from collections.abc import Collection
from typing import Any

from scoring_model.contract import (
    ADDITIONS,
    MOST_REFERENCE_CHARACTERS,
    YES_NO,
    AnswerFields,
    Feature,
    FeatureContract,
)
from scoring_model.http.answers import DECISIONS
from scoring_model.http.document.common_schemas import COMMON, DECISION, TEXT, Schema, object_schema
from scoring_model.version import label_of

LARGEST = 1.7976931348623157e308

_ADDITIONS: Schema = {
    "decision": TEXT | {"enum": list(DECISIONS), "description": "The score as a word."},
    "model_version": TEXT
    | {"description": "The version that made the decision, as in the header X-Model-Version."},
}
UNREAD: Schema = {"description": "Accepted but not used."}
_EXTRAS: Schema = {
    "warnings": {
        "type": "array",
        "description": "Present only if there is something to know about a valid value: a category "
        "that training never saw, or a number far outside the values seen in training.",
        "items": {"$ref": "#/components/schemas/FieldWarning"},
    },
    "reasons": {
        "type": "array",
        "description": "The features with the largest contributions, the largest first. For a "
        "refused applicant only features that raise the risk are listed, unless top=all. A "
        "contribution is a difference in log-odds before calibration.",
        "items": {"$ref": "#/components/schemas/Reason"},
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


def describe_schemas(contract: FeatureContract, example: dict[str, Any]) -> Schema:
    """Return the schemas of the API for a version's contract and its example applicant."""
    fields = describe_fields(contract)
    optional = [field.name for field in contract.fields if field.nullable]
    unscored = describe_unscored(contract)
    added = _describe_answer(contract.answer) if contract.answer else {}
    sometimes = [*_EXTRAS, *(name for name in added if name not in ADDITIONS)]
    applicant = object_schema(fields | unscored, [*optional, *unscored], closed=True)
    return {
        "Applicant": applicant | {"example": example},
        "Row": object_schema(fields, optional),
        **_invocations(fields, optional),
        **COMMON,
        "Decision": object_schema(DECISION | added | _EXTRAS, sometimes, closed=True),
    }


def describe_fields(contract: FeatureContract) -> Schema:
    """Return the schema of each field of an applicant: kind, nullability, limits, categories."""
    fields = {field.name: _describe(field) for field in contract.fields}
    if contract.decision_date:
        fields[contract.decision_date]["description"] = _DECISION_DATE
    return fields


def describe_unscored(contract: FeatureContract) -> Schema:
    """Return the schema of each field that an applicant may carry and that is not scored."""
    fields = dict.fromkeys(contract.unread, UNREAD)
    if contract.answer and contract.answer.reference:
        fields[contract.answer.reference] = {
            "type": ["string", "integer", "null"],
            "maxLength": MOST_REFERENCE_CHARACTERS,
            "minimum": -(2**63),
            "maximum": 2**64 - 1,
            "description": "The caller's own reference. The answer repeats it. It is not scored.",
        }
    return fields


def _describe_answer(wanted: AnswerFields) -> Schema:
    """Return the schema of each field that the answer has in addition, in its order."""
    added = {name: schema for name, schema in _ADDITIONS.items() if name in wanted.include}
    if wanted.reference:
        added[wanted.reference] = {
            "type": ["string", "integer"],
            "description": "The applicant's reference, as it was sent. Absent without one.",
        }
    return added


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


def _invocations(fields: Schema, optional: Collection[str]) -> Schema:
    rows: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    columns = {name: {"type": "array", "items": field} for name, field in fields.items()}
    split = {
        "columns": {"type": "array", "items": TEXT, "examples": [list(fields)]},
        "data": {"type": "array", "items": {"type": "array", "items": {}}},
        "index": {"type": "array", "items": {}},
    }
    inputs = {"oneOf": [{"$ref": "#/components/schemas/Columns"}, rows]}
    kinds = {
        "DataframeRecords": object_schema({"dataframe_records": rows}),
        "DataframeSplit": object_schema(
            {"dataframe_split": {"$ref": "#/components/schemas/Table"}}
        ),
        "Inputs": object_schema({"inputs": inputs}),
        "Instances": object_schema({"instances": rows}),
    }
    return {
        "Invocation": {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in kinds]},
        **kinds,
        "Table": object_schema(split, ["index"], closed=True),
        "Columns": object_schema(columns, optional)
        | {"description": "One array per column, all of the same length."},
    }
