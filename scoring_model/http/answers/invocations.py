"""`POST /invocations`: what MLflow's app is sent, and the same answer without that app."""

import json
from typing import NamedTuple

from scoring_model.contract import EncodedRows, FeatureContract
from scoring_model.http.answers.formats import JSON, encode_body
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.version import Scorer, TimedScoring


class Prepared(NamedTuple):
    """A checked request.

    Attributes
    ----------
    rows : EncodedRows
        Its encoded applicants, which are scored.
    content_type, body : bytes
        The request to MLflow's app. The app reads the same number of rows from it.
    """

    rows: EncodedRows
    content_type: bytes
    body: bytes


def prepare_request(
    contract: FeatureContract, media_type: str, body: bytes, limits: RequestLimits
) -> Prepared:
    """Check and encode a request, and return what to send to MLflow's app.

    The body is rewritten if MLflow would refuse it or read other rows from it: MLflow drops rows of
    `instances` with absent fields, and refuses a JSON boolean where the signature has text. A body
    with unknown columns is rewritten too, since MLflow would write their names into its log.

    Parameters
    ----------
    contract : FeatureContract
    media_type : str
        Content type in lower case, without parameters.
    body : bytes
    limits : RequestLimits

    Raises
    ------
    InvalidRequest
        The body breaks the contract.
    TooLarge
        It exceeds a limit.
    UnsupportedMediaType
        The content type is not JSON, CSV or Parquet.
    """
    encoded = encode_body(media_type, body, contract, limits)
    if encoded.make_split is None:
        return Prepared(encoded.rows, media_type.encode(), body)
    return Prepared(encoded.rows, JSON.encode(), encoded.make_split())


def answer_invocation(
    scorer: Scorer, media_type: str, body: bytes, limits: RequestLimits, scoring: TimedScoring
) -> bytes:
    """Return the bytes that MLflow's app answers a request with; it raises the same errors."""
    rows = encode_body(media_type, body, scorer.contract, limits).rows
    return json.dumps({"predictions": scoring.score(scorer, rows).answers()}).encode()
