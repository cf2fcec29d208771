"""What outcomes show: defaults and cost beside what was expected, ranking, vintages."""

from dataclasses import dataclass
from typing import Literal

from train.statistics import Interval

AlarmKind = Literal["drift", "defaults", "cost", "ranking"]


@dataclass(frozen=True, slots=True)
class OutcomeMonth:
    """Accepted decisions of the version in use with outcomes, of one month or of all.

    Attributes
    ----------
    month : int or None
    decisions, mature, defaults : int
    uncosted : int
        Decisions whose costs are not known; they are in no cost.
    expected_rate, default_rate : Interval
        Share of defaults expected at the age of the same decisions, and observed.
    p_value : float
        From Jeffreys' test that defaults are not more than expected.
    expected_cost, realised_cost : Interval
        Per accepted applicant; NaN if no costs are known.
    cost_p_value : float
        From a test that the realised cost is not more than expected.
    estimated_refused_cost : float
        Estimated cost per refused applicant of the same months: nobody saw these outcomes. It is 0
        if nobody was refused.
    amount_lost : float or None
        None if the table has no amounts.
    rings : tuple of {"defaults", "cost"}
        The alarms that ring.
    is_judged : bool
        Whether there are enough decisions.
    """

    month: int | None
    decisions: int
    mature: int
    defaults: int
    uncosted: int
    expected_rate: Interval
    default_rate: Interval
    p_value: float
    expected_cost: Interval
    realised_cost: Interval
    cost_p_value: float
    estimated_refused_cost: float
    amount_lost: float | None
    rings: tuple[AlarmKind, ...]
    is_judged: bool


@dataclass(frozen=True, slots=True)
class RankingMonth:
    """How well mature accepted decisions are ordered.

    Attributes
    ----------
    month : int or None
        A month has the decisions of all versions; None for all months of the version in use.
    defaults, repaid : int
    auc : Interval
    expected_auc : float
        If the probabilities are right; among accepted applicants it is lower than among all.
    """

    month: int | None
    defaults: int
    repaid: int
    auc: Interval
    expected_auc: float


@dataclass(frozen=True, slots=True)
class CalibratedBand:
    """One tenth of the mature accepted decisions, by probability.

    Attributes
    ----------
    number : int
    decisions, defaults : int
    expected_rate, default_rate : Interval
    p_value : float
    """

    number: int
    decisions: int
    defaults: int
    expected_rate: Interval
    default_rate: Interval
    p_value: float


@dataclass(frozen=True, slots=True)
class Vintage:
    """Cumulative share of defaults of the decisions of one month, by age.

    Attributes
    ----------
    month : int
    decisions : int
    ages_days : tuple of int
    default_rates : tuple of Interval
    expected_rates : tuple of float
        Empty if a version does not know the share of the defaults by age.
    is_judged : bool
        Whether there are enough decisions.
    """

    month: int
    decisions: int
    ages_days: tuple[int, ...]
    default_rates: tuple[Interval, ...]
    expected_rates: tuple[float, ...]
    is_judged: bool
