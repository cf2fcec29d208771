"""Metrics and logs of the server."""

from scoring_model.telemetry.exposition import CONTENT_TYPE, render_metrics
from scoring_model.telemetry.log_handler import EventHandler, take_over_output
from scoring_model.telemetry.log_queue import LOG, write_event
from scoring_model.telemetry.metric_names import BulkState, GiveUp
from scoring_model.telemetry.metrics import BulkGauge, Metrics, ModelCounters
from scoring_model.telemetry.request_log import RequestLog
from scoring_model.telemetry.shadow_counters import ShadowCounters

__all__ = [
    "CONTENT_TYPE",
    "LOG",
    "BulkGauge",
    "BulkState",
    "EventHandler",
    "GiveUp",
    "Metrics",
    "ModelCounters",
    "RequestLog",
    "ShadowCounters",
    "render_metrics",
    "take_over_output",
    "write_event",
]
