"""`render_metrics`: the metrics of all workers of a server in Prometheus' text format."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from scoring_model.telemetry.counter_file import Key
from scoring_model.telemetry.metric_names import AGE, LOADED, METRICS, REQUESTS, SUM, Metric
from scoring_model.telemetry.metrics import Metrics

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


def render_metrics(metrics: Metrics) -> bytes:
    """Return the metrics of a worker and of those that share its folder."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics))
    return generate_latest(registry)


class _Collector:
    """Gives the sums over all workers to prometheus-client."""

    def __init__(self, metrics: Metrics) -> None:
        self._folder = metrics.folder

    def collect(self) -> Iterator[Any]:
        values: dict[str, dict[Key, float]] = {name: defaultdict(float) for name in METRICS}
        for key, value, runs in self._folder.read_counters():
            name, *labels = key
            found, kind = values[str(name)], METRICS[str(name)].kind
            if kind == "latest" and runs:
                found[tuple(labels)] = max(found[tuple(labels)], value)
            elif kind in ("counter", "histogram") or (kind == "gauge" and runs):
                found[tuple(labels)] += value
        for name, metric in METRICS.items():
            make = _histogram if metric.limits else _numbers
            yield make(name, metric, values[name])
        yield _ages(values[LOADED])


def _numbers(name: str, metric: Metric, values: Mapping[Key, float]) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    family: Any
    if metric.kind == "counter":
        family = CounterMetricFamily(name, metric.help, labels=metric.labels)
    else:
        family = GaugeMetricFamily(name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        # a status that a route never returned is left out; other counters are shown even at 0
        if value or name != REQUESTS:
            family.add_metric([str(label) for label in labels], value)
    return family


def _histogram(name: str, metric: Metric, values: Mapping[Key, float]) -> Any:
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(name, metric.help, labels=metric.labels)
    for owner in dict.fromkeys(key[:-1] for key in values):
        edges: tuple[str | float, ...] = (*metric.limits, "+Inf")
        running = itertools.accumulate(values.get((*owner, edge), 0.0) for edge in edges)
        buckets = [(str(edge), total) for edge, total in zip(edges, running, strict=True)]
        if buckets[-1][1]:
            total = values.get((*owner, SUM), 0.0)
            family.add_metric([str(label) for label in owner], buckets, total)
    return family


def _ages(loaded: Mapping[Key, float]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    ages = GaugeMetricFamily(
        AGE,
        "Seconds since a running worker last loaded this model version.",
        labels=METRICS[LOADED].labels,
    )
    for labels, moment in loaded.items():
        ages.add_metric([str(label) for label in labels], time.time() - moment)
    return ages
