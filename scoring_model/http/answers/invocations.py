"""`POST /invocations`: what MLflow's app is sent, and the same answer without that app."""

import json
from typing import NamedTuple

from scoring_model.contract import EncodedRows, FeatureContract
from scoring_model.http.answers.formats import JSON, EncodedBody, encode_body
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.http.answers.logged import check_references
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
    contract: FeatureContract,
    media_type: str,
    body: bytes,
    limits: RequestLimits,
    scoring: TimedScoring,
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
    scoring : TimedScoring
        Gets what the decision log needs.

    Raises
    ------
    InvalidRequest
        The body breaks the contract.
    TooLarge
        It exceeds a limit.
    UnsupportedMediaType
        The content type is not JSON, CSV or Parquet.
    """
    encoded = _encode(contract, media_type, body, limits, scoring)
    if encoded.make_split is None:
        return Prepared(encoded.rows, media_type.encode(), body)
    return Prepared(encoded.rows, JSON.encode(), encoded.make_split())


def answer_invocation(
    scorer: Scorer, media_type: str, body: bytes, limits: RequestLimits, scoring: TimedScoring
) -> bytes:
    """Return the bytes that MLflow's app answers a request with; it raises the same errors."""
    rows = _encode(scorer.contract, media_type, body, limits, scoring).rows
    return json.dumps({"predictions": scoring.score(scorer, rows).answers()}).encode()


def _encode(
    contract: FeatureContract,
    media_type: str,
    body: bytes,
    limits: RequestLimits,
    scoring: TimedScoring,
) -> EncodedBody:
    if not scoring.is_logged:
        return encode_body(media_type, body, contract, limits)
    reference = contract.answer.reference if contract.answer else ""
    encoded = encode_body(media_type, body, contract, limits, reference)
    check_references(encoded.references, reference)
    scoring.applicants, scoring.references = encoded.list_applicants(), encoded.references
    return encoded
