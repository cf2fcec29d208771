"""The description of the API: the OpenAPI document and the page `/docs`."""

from scoring_model.http.document.openapi import build_document
from scoring_model.http.document.pages import PATHS, read_page

__all__ = [
    "PATHS",
    "build_document",
    "read_page",
]
