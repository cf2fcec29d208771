"""The sections of a `portfolio.toml`: a dataclass for each, and what they share."""

from train.portfolio.sections.answer_settings import AnswerSettings
from train.portfolio.sections.file_text import key_text, read_toml, value_text
from train.portfolio.sections.gate_limits import GateLimits
from train.portfolio.sections.head import MODEL_NAME, Head, Outcomes, TargetValues
from train.portfolio.sections.history_sources import HistorySource, HistorySources
from train.portfolio.sections.model_settings import Direction, MeasureName, ModelSettings
from train.portfolio.sections.monitoring_settings import MonitoringSettings
from train.portfolio.sections.read_settings import ReadSettings
from train.portfolio.sections.section import (
    SECTION,
    Reason,
    Text,
    explain_mistakes,
    rule,
)
from train.portfolio.sections.split import ColumnSplit, DateSplit, RandomSplit, Split
from train.portfolio.sections.value_rules import Formula, Limit

__all__ = [
    "MODEL_NAME",
    "SECTION",
    "AnswerSettings",
    "ColumnSplit",
    "DateSplit",
    "Direction",
    "Formula",
    "GateLimits",
    "Head",
    "HistorySource",
    "HistorySources",
    "Limit",
    "MeasureName",
    "ModelSettings",
    "MonitoringSettings",
    "Outcomes",
    "RandomSplit",
    "ReadSettings",
    "Reason",
    "Split",
    "TargetValues",
    "Text",
    "explain_mistakes",
    "key_text",
    "read_toml",
    "rule",
    "value_text",
]
