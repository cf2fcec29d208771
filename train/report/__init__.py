"""The report of a training run: sections, pictures, tables."""

from train.report.evidence_tables import evidence_tables, quarter_figures
from train.report.finished_run import FinishedRun
from train.report.formatting import percent, plain, value_of, whole
from train.report.report import draw_pictures, save_pictures, write_report

__all__ = [
    "FinishedRun",
    "draw_pictures",
    "evidence_tables",
    "percent",
    "plain",
    "quarter_figures",
    "save_pictures",
    "value_of",
    "whole",
    "write_report",
]
