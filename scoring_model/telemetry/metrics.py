"""`Metrics`: the counters of one worker, which `/metrics` adds up over all workers."""

import itertools
import json
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from scoring_model.contract import FeatureContract
from scoring_model.policy import Decisions
from scoring_model.telemetry.counter_file import (
    SUFFIX,
    CounterFile,
    shared_folder,
)

LATENCY_SECONDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
PROBABILITY = tuple(round(0.05 * step, 2) for step in range(1, 21))
STATUSES = (200, 400, 401, 404, 405, 413, 415, 500, 503, 504)
REFUSED, ACCEPTED = "refused", "accepted"
OUTCOMES = (REFUSED, ACCEPTED)

REQUESTS = "scoring_requests"
LATENCY = "scoring_request_seconds"
ROWS = "scoring_rows"
DECISIONS = "scoring_decisions"
PROBABILITIES = "scoring_probability_of_default"
UNSEEN = "scoring_unseen_categories"
LOADED = "scoring_model_loaded_timestamp_seconds"
REFRESHES = "scoring_model_refreshes"
REFRESH_OUTCOMES = ("swapped", "refused", "unreachable")
GIVE_UPS = "scoring_fast_path_given_up"
BULK = "scoring_bulk_requests"
SUM = "sum"

BulkState = Literal["running", "waiting"]
BULK_STATES = get_args(BulkState)

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

_LATENCY_SLOTS: tuple[str | float, ...] = (*LATENCY_SECONDS, "+Inf", SUM)
_PROBABILITY_SLOTS: tuple[str | float, ...] = (*PROBABILITY, "+Inf", SUM)

HELP = {
    REQUESTS: "Number of requests answered, by route and HTTP status.",
    LATENCY: "Seconds from the headers of a request to its answer, by route.",
    ROWS: "Number of applicants scored, by model version.",
    DECISIONS: "Number of decisions, by outcome (accepted, refused) and model version.",
    PROBABILITIES: "Probabilities of default (0 to 1) of the applicants scored, by model version.",
    UNSEEN: "Number of values whose category training never saw, by feature and model version.",
    REFRESHES: "Number of attempts to load a model version, by outcome: swapped (it answers now), "
    "refused (it failed its checks), unreachable (the registry did not answer).",
    GIVE_UPS: "Number of requests to /predict that the fast path for single applicants handed over "
    "to the normal path, by cause. The cause fault means a bug.",
    BULK: "Number of large requests that child processes answer now (running), and of those that "
    "wait for a free process (waiting), in all workers.",
    LOADED: "Unix time in seconds at which a running worker last loaded this model version.",
}


def _key(*parts: str | float) -> str:
    return json.dumps(parts)


class RequestCounters:
    """Counters of all requests; use them in the event loop's thread only."""

    def __init__(self, path: Path, routes: Sequence[str]) -> None:
        self._routes = {route: index for index, route in enumerate(routes)}
        keys = [_key(REQUESTS, route, status) for route in routes for status in STATUSES]
        self._statuses = {status: index for index, status in enumerate(STATUSES)}
        self._buckets = len(keys)
        for route in routes:
            keys += [_key(LATENCY, route, limit) for limit in _LATENCY_SLOTS]
        self._give_ups = {cause: len(keys) + n for n, cause in enumerate(get_args(GiveUp))}
        keys += [_key(GIVE_UPS, cause) for cause in self._give_ups]
        self._values = CounterFile(path, keys).values

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request to a known route."""
        values = self._values
        position = self._routes[route]
        values[position * len(STATUSES) + self._statuses[status]] += 1.0
        start = self._buckets + position * (len(LATENCY_SECONDS) + 2)
        values[start + bisect_left(LATENCY_SECONDS, seconds)] += 1.0
        values[start + len(LATENCY_SECONDS) + 1] += seconds

    def count_give_up(self, cause: GiveUp) -> None:
        """Count a request that the fast path did not answer."""
        self._values[self._give_ups[cause]] += 1.0


class ModelCounters:
    """Counters of the decisions of one version; use them in the event loop's thread only."""

    def __init__(self, path: Path, version: str, contract: FeatureContract) -> None:
        keys = [_key(LOADED, version), _key(ROWS, version)]
        keys += [_key(DECISIONS, version, outcome) for outcome in OUTCOMES]
        self._buckets = len(keys)
        keys += [_key(PROBABILITIES, version, limit) for limit in _PROBABILITY_SLOTS]
        names = [contract.names[index] for index in contract.categorical_indices]
        self._unseen = {name: len(keys) + index for index, name in enumerate(names)}
        keys += [_key(UNSEEN, version, name) for name in names]
        self._values = CounterFile(path, keys).values
        self._values[0] = time.time()

    def count_one(self, probability: float, score: int, unseen: Sequence[str]) -> None:
        """Count the decision of one applicant."""
        values = self._values
        values[1] += 1.0
        values[2 + score] += 1.0
        values[self._buckets + bisect_left(PROBABILITY, probability)] += 1.0
        values[self._buckets + len(PROBABILITY) + 1] += probability
        for name in unseen:
            values[self._unseen[name]] += 1.0

    def count_many(self, decisions: Decisions, unseen: Mapping[str, int]) -> None:
        """Count the decisions of an array of applicants, and the unseen levels of each feature."""
        values = self._values
        rows = len(decisions.probability)
        accepted = int(decisions.score.sum())
        values[1] += rows
        values[2] += rows - accepted
        values[3] += accepted
        places = np.searchsorted(PROBABILITY, decisions.probability, side="left")
        for place, count in enumerate(np.bincount(places, minlength=len(PROBABILITY) + 1)):
            values[self._buckets + place] += float(count)
        values[self._buckets + len(PROBABILITY) + 1] += float(decisions.probability.sum())
        for name, count in unseen.items():
            values[self._unseen[name]] += count


class BulkGauge:
    """The large requests of one worker that are answered now, and those that wait."""

    def __init__(self, path: Path) -> None:
        self._values = CounterFile(path, [_key(BULK, state) for state in BULK_STATES]).values
        self._lock = threading.Lock()

    def change(self, state: BulkState, by: int) -> None:
        """Add to the number of requests in a state; any thread may do it."""
        with self._lock:
            self._values[BULK_STATES.index(state)] += by


class Metrics:
    """The counters of this worker.

    Parameters
    ----------
    folder : Path or None
        The folder that the workers share; None makes a temporary folder, the same one for all
        workers of a server.
    routes : sequence of str
        Names of the paths that are counted.
    """

    def __init__(self, folder: Path | None, routes: Sequence[str]) -> None:
        self.folder = folder or shared_folder()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._numbers = itertools.count()
        self.requests = RequestCounters(self._new_path(), routes)
        self.bulk = BulkGauge(self._new_path())

    def _new_path(self) -> Path:
        return self.folder / f"{os.getpid()}-{time.time_ns()}-{next(self._numbers)}{SUFFIX}"

    def start_model(self, version: str, contract: FeatureContract) -> ModelCounters:
        """Return the counters of a version that has been loaded."""
        return ModelCounters(self._new_path(), version, contract)

    def start_refreshes(self) -> Callable[[str], None]:
        """Return a function that counts an attempt to load a version by its outcome."""
        keys = [_key(REFRESHES, outcome) for outcome in REFRESH_OUTCOMES]
        values = CounterFile(self._new_path(), keys).values

        def count(outcome: str) -> None:
            values[REFRESH_OUTCOMES.index(outcome)] += 1.0

        return count
