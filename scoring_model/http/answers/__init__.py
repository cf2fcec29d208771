"""From the body of a request to its answer: functions that need no server."""

from scoring_model.http.answers.formats import CSV, JSON, PARQUET, encode_body
from scoring_model.http.answers.invocations import answer_invocation, prepare_request
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.http.answers.predict import predict_many, predict_one, read_explanation
from scoring_model.http.answers.warning_headers import make_warning_headers

__all__ = [
    "CSV",
    "JSON",
    "PARQUET",
    "RequestLimits",
    "answer_invocation",
    "encode_body",
    "make_warning_headers",
    "predict_many",
    "predict_one",
    "prepare_request",
    "read_explanation",
]
