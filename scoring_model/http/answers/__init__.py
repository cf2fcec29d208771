"""From the body of a request to its answer: functions that need no server."""

from scoring_model.http.answers.additions import DECISIONS
from scoring_model.http.answers.formats import CSV, JSON, PARQUET, encode_body
from scoring_model.http.answers.invocations import answer_invocation, prepare_request
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.http.answers.logged import (
    Asked,
    decision_headers,
    log_many,
    log_one,
    read_reference,
)
from scoring_model.http.answers.predict import (
    PredictQuery,
    predict_many,
    predict_one,
    read_query,
)
from scoring_model.http.answers.warning_headers import make_warning_headers

__all__ = [
    "CSV",
    "DECISIONS",
    "JSON",
    "PARQUET",
    "Asked",
    "PredictQuery",
    "RequestLimits",
    "answer_invocation",
    "decision_headers",
    "encode_body",
    "log_many",
    "log_one",
    "make_warning_headers",
    "predict_many",
    "predict_one",
    "prepare_request",
    "read_query",
    "read_reference",
]
