"""`METRICS`: name, labels and meaning of every metric of the server."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

LATENCY_SECONDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
PROBABILITY = tuple(round(0.05 * step, 2) for step in range(1, 21))
DIFFERENCE = (-0.5, -0.2, -0.1, -0.05, -0.02, -0.01, 0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
STATUSES = (200, 400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 431, 500, 503, 504)
# an answer of MLflow's app may have any status
OTHER_STATUS = "other"
REFUSED, ACCEPTED = "refused", "accepted"
OUTCOMES = (REFUSED, ACCEPTED)

REQUESTS = "scoring_requests"
LATENCY = "scoring_request_seconds"
ROWS = "scoring_rows"
DECISIONS = "scoring_decisions"
PROBABILITIES = "scoring_probability_of_default"
UNSEEN = "scoring_unseen_categories"
LOADED = "scoring_model_loaded_timestamp_seconds"
AGE = "scoring_model_age_seconds"
REFRESHES = "scoring_model_refreshes"
REFRESH_OUTCOMES = ("swapped", "refused", "unreachable")
GIVE_UPS = "scoring_fast_path_given_up"
WRONG_KEYS = "scoring_wrong_keys"
REFUSALS = "scoring_refused_requests"
SIMULATED = "scoring_simulated_applicants"
UNLOGGED = "scoring_unlogged_decisions"
BULK = "scoring_bulk_requests"
DROPPED_LINES = "scoring_log_lines_dropped"
SHADOW_APPLICANTS = "scoring_shadow_applicants"
SHADOW_DIFFERENCES = "scoring_shadow_probability_difference"
SHADOW_DECISIONS = "scoring_shadow_decisions"
SUM = "sum"

GiveUp = Literal[
    "no_model",  # no model is loaded
    "content_type",  # the body is compressed, or its type is not exactly application/json
    "size",  # the body exceeds MAX_BODY_BYTES, or is too large to be scored without a thread
    "histories",  # the version computes features from histories
    "array",  # the body is not one applicant
    "refused",  # the caller has no key, or the body breaks the contract
    "in_pieces",  # the request did not arrive at once
    "connection",  # another method, another HTTP version, or a connection that is busy or closing
    "watched",  # uvicorn's access log or limit of connections must see every request
    "fault",  # an unexpected error, which is a bug
]
"""Why the fast path did not answer a request to `/predict`."""

REFUSAL_CAUSES = (
    *("invalid_request", "invalid_histories", "too_large", "unsupported_media_type"),
    *("unauthorized", "forbidden", "too_many_requests", "method_not_allowed"),
    *("no_model", "bad_artifact", "busy", "draining", "log_unavailable", "too_slow"),
    "internal_error",
)
"""The codes of the errors that a request for decisions may be answered with."""

GIVE_UP_CAUSES: tuple[GiveUp, ...] = get_args(GiveUp)

BulkState = Literal["running", "waiting"]
"""Whether a process answers a large request now, or it waits for one."""

BULK_STATES: tuple[BulkState, ...] = get_args(BulkState)

ShadowOutcome = Literal["scored", "failed", "dropped"]
"""What became of an applicant for the version in the shadow."""

SHADOW_OUTCOMES: tuple[ShadowOutcome, ...] = get_args(ShadowOutcome)


class Metric(NamedTuple):
    """A metric of the server.

    Attributes
    ----------
    kind : {"counter", "gauge", "latest", "histogram"}
        How the workers' values become one. Counters and histograms are summed over all workers
        that ever ran. A gauge is summed over the running workers. Of `latest`, the largest value
        of the running workers is shown.
    labels : tuple of str
    help : str
        What `/metrics` and the documentation say about it.
    limits : tuple of float
        Upper limits of a histogram's buckets.
    """

    kind: Literal["counter", "gauge", "latest", "histogram"]
    labels: tuple[str, ...]
    help: str
    limits: tuple[float, ...] = ()


METRICS: Mapping[str, Metric] = {
    REQUESTS: Metric(
        "counter",
        ("route", "status"),
        "Number of requests answered, by route and HTTP status.",
    ),
    ROWS: Metric("counter", ("model_version",), "Number of applicants scored, by model version."),
    DECISIONS: Metric(
        "counter",
        ("model_version", "outcome"),
        "Number of decisions, by outcome (accepted, refused) and model version.",
    ),
    UNSEEN: Metric(
        "counter",
        ("model_version", "feature"),
        "Number of values whose category training never saw, by feature and model version.",
    ),
    REFRESHES: Metric(
        "counter",
        ("outcome",),
        "Number of attempts to load a model version, by outcome: swapped (it answers now), "
        "refused (it failed its checks), unreachable (the registry did not answer).",
    ),
    GIVE_UPS: Metric(
        "counter",
        ("cause",),
        "Number of requests to /predict that the fast path for single applicants handed over "
        "to the normal path, by cause. The cause fault means a bug.",
    ),
    REFUSALS: Metric(
        "counter",
        ("cause",),
        "Number of requests to /predict and /invocations that were refused, by the code of the "
        "error.",
    ),
    SIMULATED: Metric(
        "counter",
        (),
        "Number of applicants scored with simulate=true. They are not among the decisions.",
    ),
    UNLOGGED: Metric(
        "counter",
        (),
        "Number of decisions that were answered although they could not be logged "
        "(DECISION_LOG_ON_FAILURE=answer).",
    ),
    WRONG_KEYS: Metric("counter", (), "Number of requests with a key that is not known."),
    DROPPED_LINES: Metric(
        "counter",
        (),
        "Number of lines that the log lost, because they were written faster than they were read.",
    ),
    SHADOW_APPLICANTS: Metric(
        "counter",
        ("outcome",),
        "Number of applicants for the version in the shadow (SHADOW_URI), by outcome: scored, "
        "failed (it gave no decision), dropped (too many were waiting, or it is not loaded).",
    ),
    SHADOW_DECISIONS: Metric(
        "counter",
        ("champion", "shadow"),
        "Number of applicants by the decision of the version that answered (champion) and by that "
        "of the version in the shadow: accepted or refused.",
    ),
    LATENCY: Metric(
        "histogram",
        ("route",),
        "Seconds from the headers of a request to its answer, by route.",
        LATENCY_SECONDS,
    ),
    PROBABILITIES: Metric(
        "histogram",
        ("model_version",),
        "Probabilities of default (0 to 1) of the applicants scored, by model version.",
        PROBABILITY,
    ),
    SHADOW_DIFFERENCES: Metric(
        "histogram",
        (),
        "Probability of default by the version in the shadow minus that by the version that "
        "answered (-1 to 1).",
        DIFFERENCE,
    ),
    BULK: Metric(
        "gauge",
        ("state",),
        "Number of large requests at this moment, by state: running in a child process, or "
        "waiting for one.",
    ),
    LOADED: Metric(
        "latest",
        ("model_version",),
        "Unix time in seconds at which a running worker last loaded this model version.",
    ),
}
"""Every metric that is counted, by its name without `_total`."""


def histogram_keys(name: str, *owner: str) -> list[tuple[str | float, ...]]:
    """Return the keys of a histogram's counters: its buckets, the last bucket and the sum."""
    slots: tuple[str | float, ...] = (*METRICS[name].limits, "+Inf", SUM)
    return [(name, *owner, slot) for slot in slots]
