"""`Findings`: all that monitoring finds, the alarms, and what to do."""

import datetime
from dataclasses import dataclass
from typing import Literal

from monitoring.findings.decision_findings import CostMonth, DriftMonth, TrafficMonth
from monitoring.findings.outcome_findings import (
    AlarmKind,
    CalibratedBand,
    OutcomeMonth,
    RankingMonth,
    Vintage,
)
from scoring_model.decision_log import VersionName
from train.statistics import Interval

Action = Literal["nothing", "recalibrate", "retrain", "stop"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is worse than the limits of the portfolio allow.

    Attributes
    ----------
    kind : {"drift", "defaults", "cost", "ranking"}
        `drift` needs no outcomes; the other three rest on outcomes.
    month : int or None
        None for all months together.
    subject : str
        The feature, or `probability`; empty for alarms on outcomes.
    value, limit : float
        What was found; with a value on the good side of `limit` it cannot ring.
    text : str
        One sentence for people.
    """

    kind: AlarmKind
    month: int | None
    subject: str
    value: float
    limit: float
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that could be done, and what it would save.

    Attributes
    ----------
    action : {"nothing", "recalibrate", "retrain", "stop"}
    saving : Interval or None
        Per applicant; None if it cannot be said.
    reason : str
        What the saving rests on, or why it cannot be said.
    """

    action: Action
    saving: Interval | None
    reason: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do.

    Attributes
    ----------
    chosen : Option
    options : tuple of Option
        All four, with `chosen` among them.
    """

    chosen: Option
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Unused:
    """Something that is not used, or not known.

    Attributes
    ----------
    text : str
        One sentence, without any reference.
    listed : tuple of str
        Ids or references that the sentence is about, at most 20; the screen does not show them.
    """

    text: str
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings of one monitoring.

    Attributes
    ----------
    as_of : date
    model : str
    version : VersionName
        The version in use: it made most decisions of `month`. Alarms and advice are about it.
    month : int
        The newest month with enough decisions; the newest month if none has.
    decisions : int
    damaged : int
    traffic : tuple of TrafficMonth
    drift : tuple of DriftMonth
    costs : tuple of CostMonth
    outcomes : tuple of OutcomeMonth
        By month, then all months; empty without outcomes that can be compared.
    rankings : tuple of RankingMonth
    bands : tuple of CalibratedBand
    vintages : tuple of Vintage
    alarms : tuple of Alarm
    advice : Advice
    problems : tuple of Unused
        What is not used or not known.
    """

    as_of: datetime.date
    model: str
    version: VersionName
    month: int
    decisions: int
    damaged: int
    traffic: tuple[TrafficMonth, ...]
    drift: tuple[DriftMonth, ...]
    costs: tuple[CostMonth, ...]
    outcomes: tuple[OutcomeMonth, ...]
    rankings: tuple[RankingMonth, ...]
    bands: tuple[CalibratedBand, ...]
    vintages: tuple[Vintage, ...]
    alarms: tuple[Alarm, ...]
    advice: Advice
    problems: tuple[Unused, ...]
