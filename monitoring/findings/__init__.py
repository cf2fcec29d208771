"""Judges what was counted: drift, costs, outcomes, alarms, and what to do."""

from monitoring.findings.decision_findings import CostMonth, DriftMonth, FeatureDrift, TrafficMonth
from monitoring.findings.findings import Action, Advice, Alarm, Findings, Option, Unused
from monitoring.findings.judging import judge_facts
from monitoring.findings.options import Recalibrate
from monitoring.findings.outcome_findings import (
    AlarmKind,
    CalibratedBand,
    OutcomeMonth,
    RankingMonth,
    Vintage,
)

__all__ = [
    "Action",
    "Advice",
    "Alarm",
    "AlarmKind",
    "CalibratedBand",
    "CostMonth",
    "DriftMonth",
    "FeatureDrift",
    "Findings",
    "Option",
    "OutcomeMonth",
    "RankingMonth",
    "Recalibrate",
    "TrafficMonth",
    "Unused",
    "Vintage",
    "judge_facts",
]
