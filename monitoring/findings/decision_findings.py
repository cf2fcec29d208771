"""What is found without outcomes: traffic, drift and expected cost, by month."""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring_model.decision_log import VersionName
from train.statistics import Interval


@dataclass(frozen=True, slots=True)
class TrafficMonth:
    """Decisions and other requests of one month.

    Attributes
    ----------
    month : int
    decisions : int
    acceptance_rate : Interval
    erased : int
        Decisions whose applicant was erased.
    refused_requests, simulated, unlogged : mapping of str to int
        Requests that are no decisions, by cause.
    is_judged : bool
        Whether there are enough decisions.
    """

    month: int
    decisions: int
    acceptance_rate: Interval
    erased: int
    refused_requests: Mapping[str, int]
    simulated: Mapping[str, int]
    unlogged: Mapping[str, int]
    is_judged: bool


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One feature, or the probability, in one month, beside the training rows.

    Attributes
    ----------
    feature : str
    psi : float
        Population stability index. Bins in which few decisions are expected are joined.
    by_chance : float
        What the PSI stays under in 95 of 100 months if nothing has changed.
    change : Interval
        The PSI less its mean by chance, with its interval; not below 0.
    p_value : float
    rings : bool
    missing, unseen : Interval
        Share of the applicants without a value, with a category never seen in training.
    missing_in_training : float
    bins : tuple of (str, float, float)
        Name of the bin, its share of all rows in training and in the month. The last bin holds the
        rows without a value.
    """

    feature: str
    psi: float
    by_chance: float
    change: Interval
    p_value: float
    rings: bool
    missing: Interval
    unseen: Interval
    missing_in_training: float
    bins: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class DriftMonth:
    """Drift of one month's decisions by one version.

    Attributes
    ----------
    month : int
    version : VersionName
    decisions : int
    features : tuple of FeatureDrift
        Those that enough decisions have; erased applicants have none.
    cost_rise : Interval or None
        Expected cost per applicant of the month less that of the profile; None if the profile lacks
        it.
    """

    month: int
    version: VersionName
    decisions: int
    features: tuple[FeatureDrift, ...]
    cost_rise: Interval | None


@dataclass(frozen=True, slots=True)
class CostMonth:
    """What the decisions of one month should cost, if the probabilities are right.

    Attributes
    ----------
    month : int
    decisions : int
        With costs.
    uncosted : int
        Without.
    cost : Interval
        Per applicant; the interval is that of the cost that will be realised.
    accept_all_cost, refuse_all_cost : float
        Per applicant.
    """

    month: int
    decisions: int
    uncosted: int
    cost: Interval
    accept_all_cost: float
    refuse_all_cost: float
