"""The decisions of a log: opens it, reads its records, and finds the versions that decided."""

from monitoring.decisions.decided_row import EPOCH, DecidedRow, read_decided_row
from monitoring.decisions.logged_applicants import encode_logged
from monitoring.decisions.logged_records import find_model, name_version, parse_record
from monitoring.decisions.months import month_name
from monitoring.decisions.opening import check_engine, open_decisions
from monitoring.decisions.spark_segments import (
    find_sent_scorer,
    list_logged_versions,
    work_on_segments,
)
from monitoring.decisions.versions import VersionFinder

__all__ = [
    "EPOCH",
    "DecidedRow",
    "VersionFinder",
    "check_engine",
    "encode_logged",
    "find_model",
    "find_sent_scorer",
    "list_logged_versions",
    "month_name",
    "name_version",
    "open_decisions",
    "parse_record",
    "read_decided_row",
    "work_on_segments",
]
