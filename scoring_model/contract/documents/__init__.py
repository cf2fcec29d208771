"""JSON documents: the bodies of requests, and the files of a version."""

from scoring_model.contract.documents.json_body import (
    DUPLICATE,
    NOT_FINITE,
    parse_exactly,
    parse_json,
    refuse_duplicates,
)
from scoring_model.contract.documents.versioned import JsonFields, read_document, read_versioned

__all__ = [
    "DUPLICATE",
    "NOT_FINITE",
    "JsonFields",
    "parse_exactly",
    "parse_json",
    "read_document",
    "read_versioned",
    "refuse_duplicates",
]
