"""`describe_tables`: the JSON Schema of an applicant with its history, and an example of one."""

from collections.abc import Mapping
from typing import Any

from scoring_model.contract import FeatureContract
from scoring_model.features import APPLICATION, FeatureSql, History
from scoring_model.http.document.api_schemas import (
    LARGEST,
    UNREAD,
    describe_fields,
    describe_unscored,
)
from scoring_model.http.document.common_schemas import Schema

_KINDS: Mapping[str, Schema] = {
    "BIGINT": {"type": ["integer", "null"], "minimum": -(2**63), "maximum": 2**63 - 1},
    "DOUBLE": {"type": ["number", "null"], "minimum": -LARGEST, "maximum": LARGEST},
    "BOOLEAN": {"type": ["boolean", "null"]},
    "DATE": {"type": ["string", "null"], "format": "date"},
    "TIMESTAMP": {"type": ["string", "null"], "description": "For example 2004-01-31T09:30:00."},
}
_TEXT: Schema = {"type": ["string", "null"]}


def describe_tables(
    features: FeatureSql, contract: FeatureContract, example: Mapping[str, Any]
) -> Schema:
    """Return the schema of an applicant with its history.

    Parameters
    ----------
    features : FeatureSql
        The tables of the version and the SQL of its features.
    contract : FeatureContract
    example : mapping
        The row of features that was logged with the version.
    """
    computed = features.labels()
    own = {f.name: f for f in contract.fields if f.name not in computed}
    described = describe_fields(contract)
    tables: Schema = {}
    for history in features.histories:
        columns = {name: _KINDS.get(kind, _TEXT) for name, kind in history.columns.items()}
        columns |= dict.fromkeys(history.unread, UNREAD)
        row: Schema = {"type": "object", "properties": columns, "additionalProperties": False}
        if history.table != APPLICATION:
            tables[history.table] = {"type": ["array", "null"], "items": row}
            continue
        fields = {name: described[name] for name in own if name in columns}
        unscored = describe_unscored(contract).items()
        columns |= {name: schema for name, schema in unscored if name not in history.columns}
        row["properties"] = columns | fields
        row["required"] = [name for name in fields if not own[name].nullable]
        tables[APPLICATION] = row
    applicant = {
        "type": "object",
        "description": "The applicant has no rows in a table that is left out. The key "
        f"{features.key} may be left out in every table.",
        "properties": tables,
        "required": [APPLICATION],
        "additionalProperties": False,
        "example": example_with_history(features, example),
    }
    return {"ApplicantWithHistory": applicant}


def example_with_history(features: FeatureSql, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return an example applicant with one invented row in each history; its numbers are 0."""
    computed = features.labels()
    body: dict[str, Any] = {}
    for history in features.histories:
        if history.table == APPLICATION:
            known = (n for n in history.columns if n in example and n not in computed)
            body[APPLICATION] = {name: _as_column(history, name, example) for name in known}
        else:
            kinds = history.columns.items()
            body[history.table] = [{n: 0 for n, kind in kinds if kind in ("BIGINT", "DOUBLE")}]
            body[history.table][0].pop(features.key, None)
    return body


def _as_column(history: History, name: str, example: Mapping[str, Any]) -> Any:
    """Return a value of the example in the type of its column. A category may be a number there."""
    value, kind = example[name], history.columns[name]
    if kind == "BIGINT" or (kind == "DOUBLE" and type(value) is str):
        return int(value)
    return value
