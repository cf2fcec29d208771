"""The report of a monitoring: sections, pictures, its run."""

from monitoring.report.documents import alarm_message, findings_document
from monitoring.report.monitored import MonitoredModel
from monitoring.report.monitoring_page import draw_findings, write_monitoring_report
from monitoring.report.monitoring_run import MONITORING, log_findings, name_of_run, summary_lines
from monitoring.report.portfolio_in_use import find_portfolio

__all__ = [
    "MONITORING",
    "MonitoredModel",
    "alarm_message",
    "draw_findings",
    "find_portfolio",
    "findings_document",
    "log_findings",
    "name_of_run",
    "summary_lines",
    "write_monitoring_report",
]
