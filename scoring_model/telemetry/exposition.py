"""`render_metrics`: the metrics of all workers of a server in Prometheus' text format."""

import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scoring_model.telemetry.counter_file import is_alive, read_counters
from scoring_model.telemetry.metrics import (
    BULK,
    DECISIONS,
    GIVE_UPS,
    HELP,
    LATENCY,
    LATENCY_SECONDS,
    LOADED,
    PROBABILITIES,
    PROBABILITY,
    REFRESHES,
    REQUESTS,
    ROWS,
    SUM,
    UNSEEN,
)

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


def render_metrics(folder: Path) -> bytes:
    """Return the metrics, summed over the counter files in a folder."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(folder))
    return generate_latest(registry)


class _Collector:
    """Gives the sums over the counter files to prometheus-client."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Any]:
        counters: dict[tuple[Any, ...], float] = defaultdict(float)
        loaded: dict[str, float] = {}
        bulk: dict[str, float] = defaultdict(float)
        for process, key, value in read_counters(self._folder):
            name, *labels = json.loads(key)
            if name not in {LOADED, BULK}:
                counters[(name, *labels)] += value
            elif not is_alive(process):
                continue
            elif name == BULK:
                bulk[labels[0]] += value
            else:
                loaded[labels[0]] = max(value, loaded.get(labels[0], 0.0))
        yield from _counters(counters)
        yield _histogram(counters, LATENCY, "route", LATENCY_SECONDS)
        yield _histogram(counters, PROBABILITIES, "model_version", PROBABILITY)
        yield from _gauges(loaded)
        yield _bulk_gauge(bulk)


def _bulk_gauge(requests: dict[str, float]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(BULK, HELP[BULK], labels=("state",))
    for state, number in requests.items():
        family.add_metric([state], number)
    return family


def _counters(values: dict[tuple[Any, ...], float]) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily

    for name, labels in (
        (REQUESTS, ("route", "status")),
        (ROWS, ("model_version",)),
        (DECISIONS, ("model_version", "outcome")),
        (UNSEEN, ("model_version", "feature")),
        (REFRESHES, ("outcome",)),
        (GIVE_UPS, ("cause",)),
    ):
        family = CounterMetricFamily(name, HELP[name], labels=labels)
        for key, value in values.items():
            # a status that a route never returned is left out; other counters are shown even at 0
            if key[0] == name and (value or name != REQUESTS):
                family.add_metric([str(label) for label in key[1:]], value)
        yield family


def _histogram(
    values: dict[tuple[Any, ...], float], name: str, label: str, limits: Sequence[float]
) -> Any:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(name, HELP[name], labels=(label,))
    for owner in dict.fromkeys(key[1] for key in values if key[0] == name):
        edges = (*limits, "+Inf")
        running = itertools.accumulate(values[name, owner, edge] for edge in edges)
        buckets = [(str(edge), total) for edge, total in zip(edges, running, strict=True)]
        if buckets[-1][1]:
            family.add_metric([owner], buckets, values[name, owner, SUM])
    return family


def _gauges(loaded: dict[str, float]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily

    times = GaugeMetricFamily(LOADED, HELP[LOADED], labels=("model_version",))
    ages = GaugeMetricFamily(
        "scoring_model_age_seconds",
        "Seconds since a running worker last loaded this model version.",
        labels=("model_version",),
    )
    for version, moment in loaded.items():
        times.add_metric([version], moment)
        ages.add_metric([version], time.time() - moment)
    yield times
    yield ages
