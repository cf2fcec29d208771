"""Metrics and logs of the server."""

from scoring_model.telemetry.exposition import CONTENT_TYPE, render_metrics
from scoring_model.telemetry.metrics import BulkGauge, BulkState, GiveUp, Metrics, ModelCounters
from scoring_model.telemetry.request_log import EventHandler, RequestLog, write_event

__all__ = [
    "CONTENT_TYPE",
    "BulkGauge",
    "BulkState",
    "EventHandler",
    "GiveUp",
    "Metrics",
    "ModelCounters",
    "RequestLog",
    "render_metrics",
    "write_event",
]
