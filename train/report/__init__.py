"""The report of a training run: sections, pictures, tables. The page of any report."""

from train.report.evidence_tables import evidence_tables, flat_figures, quarter_figures
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    INTERVAL,
    NOTHING,
    Section,
    Table,
    between,
    cost_unit,
    counted,
    in_currency,
    listed,
    percent,
    plain,
    precise,
    stacked,
    value_of,
    whole,
)
from train.report.page import ReportPage, save_pictures, write_page
from train.report.report import draw_pictures, write_report

__all__ = [
    "INTERVAL",
    "NOTHING",
    "FinishedRun",
    "ReportPage",
    "Section",
    "Table",
    "between",
    "cost_unit",
    "counted",
    "draw_pictures",
    "evidence_tables",
    "flat_figures",
    "in_currency",
    "listed",
    "percent",
    "plain",
    "precise",
    "quarter_figures",
    "save_pictures",
    "stacked",
    "value_of",
    "whole",
    "write_page",
    "write_report",
]
