"""`Metrics`: the counters of one worker, which `/metrics` adds up over all workers."""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from scoring_model.contract import FeatureContract, Notice
from scoring_model.policy import Decisions
from scoring_model.telemetry.counter_file import CounterFolder, Key
from scoring_model.telemetry.log_queue import LOG
from scoring_model.telemetry.metric_names import (
    BULK,
    BULK_STATES,
    DECISIONS,
    DROPPED_LINES,
    GIVE_UP_CAUSES,
    GIVE_UPS,
    LATENCY,
    LATENCY_SECONDS,
    LOADED,
    OTHER_STATUS,
    OUTCOMES,
    PROBABILITIES,
    PROBABILITY,
    REFRESH_OUTCOMES,
    REFRESHES,
    REFUSAL_CAUSES,
    REFUSALS,
    REQUESTS,
    ROWS,
    SIMULATED,
    STATUSES,
    UNLOGGED,
    UNSEEN,
    WRONG_KEYS,
    BulkState,
    GiveUp,
    histogram_keys,
)
from scoring_model.telemetry.shadow_counters import ShadowCounters


class RequestCounters:
    """Counters of all requests; use them in the event loop's thread only."""

    def __init__(self, folder: CounterFolder, routes: Sequence[str]) -> None:
        self._routes = {route: index for index, route in enumerate(routes)}
        statuses = (*STATUSES, OTHER_STATUS)
        keys: list[Key] = [(REQUESTS, route, status) for route in routes for status in statuses]
        self._statuses = {status: index for index, status in enumerate(STATUSES)}
        self._buckets = len(keys)
        for route in routes:
            keys += histogram_keys(LATENCY, route)
        self._give_ups = {cause: len(keys) + n for n, cause in enumerate(GIVE_UP_CAUSES)}
        keys += [(GIVE_UPS, cause) for cause in GIVE_UP_CAUSES]
        self._refusals = {cause: len(keys) + n for n, cause in enumerate(REFUSAL_CAUSES)}
        keys += [(REFUSALS, cause) for cause in REFUSAL_CAUSES]
        keys += [(SIMULATED,), (UNLOGGED,), (WRONG_KEYS,)]
        self._values = folder.make_counters(keys)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request to a known route."""
        values = self._values
        position = self._routes[route]
        place = self._statuses.get(status, len(STATUSES))
        values[position * (len(STATUSES) + 1) + place] += 1.0
        start = self._buckets + position * (len(LATENCY_SECONDS) + 2)
        values[start + bisect_left(LATENCY_SECONDS, seconds)] += 1.0
        values[start + len(LATENCY_SECONDS) + 1] += seconds

    def count_give_up(self, cause: GiveUp) -> None:
        """Count a request that the fast path did not answer."""
        self._values[self._give_ups[cause]] += 1.0

    def count_refusal(self, cause: str) -> None:
        """Count a request for decisions that was refused, by the code of the error."""
        self._values[self._refusals[cause]] += 1.0

    def count_simulated(self, applicants: int) -> None:
        """Count applicants whose scores are no decisions."""
        self._values[-3] += applicants

    def count_unlogged(self, decisions: int) -> None:
        """Count decisions that were answered and could not be logged."""
        self._values[-2] += decisions

    def count_wrong_key(self) -> None:
        """Count a request with a key that is not known."""
        self._values[-1] += 1.0


class ModelCounters:
    """Counters of the decisions of one version; use them in the event loop's thread only."""

    def __init__(self, folder: CounterFolder, version: str, contract: FeatureContract) -> None:
        keys: list[Key] = [(LOADED, version), (ROWS, version)]
        keys += [(DECISIONS, version, outcome) for outcome in OUTCOMES]
        self._buckets = len(keys)
        keys += histogram_keys(PROBABILITIES, version)
        names = [contract.names[index] for index in contract.categorical_indices]
        self._unseen = {name: len(keys) + index for index, name in enumerate(names)}
        keys += [(UNSEEN, version, name) for name in names]
        self._values = folder.make_counters(keys)
        self._values[0] = time.time()

    def count_one(self, probability: float, score: int, notices: Sequence[Notice]) -> None:
        """Count the decision of one applicant."""
        values = self._values
        values[1] += 1.0
        values[2 + score] += 1.0
        values[self._buckets + bisect_left(PROBABILITY, probability)] += 1.0
        values[self._buckets + len(PROBABILITY) + 1] += probability
        for notice in notices:
            if notice.is_unseen:
                values[self._unseen[notice.field]] += 1.0

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
    """The large requests of one worker that are answered now, and those that wait.

    Parameters
    ----------
    folder : CounterFolder
    """

    def __init__(self, folder: CounterFolder) -> None:
        self._values = folder.make_counters([(BULK, state) for state in BULK_STATES])
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
        The folder that all workers of the server share. With None the counters stay in the memory
        of this process, and `/metrics` shows this worker only.
    routes : sequence of str
        Names of the paths that are counted.
    """

    def __init__(self, folder: Path | None, routes: Sequence[str]) -> None:
        self.folder = CounterFolder(folder)
        self.requests = RequestCounters(self.folder, routes)
        self.bulk = BulkGauge(self.folder)
        # `/metrics` is answered in this thread: large requests may keep all other threads busy
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        LOG.report_lost_lines(self.folder.make_counters([(DROPPED_LINES,)]))

    def start_model(self, version: str, contract: FeatureContract) -> ModelCounters:
        """Return the counters of a version that has been loaded."""
        return ModelCounters(self.folder, version, contract)

    def start_shadow(self) -> ShadowCounters:
        """Return the counters of the version in the shadow."""
        return ShadowCounters(self.folder)

    def start_refreshes(self) -> Callable[[str], None]:
        """Return a function that counts an attempt to load a version by its outcome."""
        values = self.folder.make_counters([(REFRESHES, outcome) for outcome in REFRESH_OUTCOMES])

        def count(outcome: str) -> None:
            values[REFRESH_OUTCOMES.index(outcome)] += 1.0

        return count
