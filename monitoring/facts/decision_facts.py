"""What is counted of the decisions: sums by month, without any single decision."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring_model.decision_log import VersionName
from scoring_model.types import FloatArray
from scoring_model.version import Scorer


@dataclass(frozen=True, slots=True, eq=False)
class FeatureBins:
    """How a version's profile cuts one feature, or the probability, into bins.

    Attributes
    ----------
    name : str
        The feature; `PROBABILITY` for the probability.
    labels : tuple of str
        What each bin holds, for people: `under 12`, `12 to 20`, a level, `all others`.
    shares : ndarray of float64, shape (bins,)
        Share of each bin among the training rows with a value; a bin of `all others` may have 0.
    missing : float
        Share of the training rows without a value.
    rows : int
        Number of training rows.
    """

    name: str
    labels: tuple[str, ...]
    shares: FloatArray
    missing: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class JudgedVersion:
    """A version that made decisions.

    Attributes
    ----------
    name : VersionName
    scorer : Scorer or None
        None if it was not found.
    problem : str
        Why it was not found; empty if it was.
    bins : tuple of FeatureBins
        The bins of every feature in its profile, then those of the probability. What the profile
        lacks is left out.
    """

    name: VersionName
    scorer: Scorer | None
    problem: str
    bins: tuple[FeatureBins, ...]


@dataclass(frozen=True, slots=True)
class DecisionSums:
    """All decisions of one month by one version. `w` is what a wrong decision would cost.

    Attributes
    ----------
    month : int
    manifest : str
        The version.
    decisions, accepted, erased : int
    uncosted : int
        Decisions whose costs are not known: the version was not found, or each loan has its own
        costs and the applicant was erased. They are in none of the sums below.
    cost : float
        Sum of the expected costs: `FN * p` if accepted, `FP * (1 - p)` if refused.
    cost_variance : float
        Variance of the sum of the costs that will be realised: sum of `w^2 p (1 - p)`.
    cost_squares : float
        Sum of the squares of the expected costs.
    refused_cost : float
        The part of `cost` of refused applicants.
    accept_all_cost, refuse_all_cost : float
        Sums of `FN * p` and of `FP * (1 - p)`.
    """

    month: int
    manifest: str
    decisions: int
    accepted: int
    erased: int
    uncosted: int
    cost: float
    cost_variance: float
    cost_squares: float
    refused_cost: float
    accept_all_cost: float
    refuse_all_cost: float


@dataclass(frozen=True, slots=True, eq=False)
class BinCounts:
    """How often each bin of a feature occurs in one month of one version.

    Attributes
    ----------
    month : int
    manifest : str
    feature : str
    counts : ndarray of int64, shape (bins,)
        In the order of the version's `FeatureBins`. A category that was never seen in training
        counts among `all others`.
    missing, unseen : int
        Applicants without a value; with a category that was never seen in training.
    """

    month: int
    manifest: str
    feature: str
    counts: NDArray[np.int64]
    missing: int
    unseen: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests of one month that are no decisions.

    Attributes
    ----------
    month : int
        Month of the request.
    kind : str
        `refused`, `simulated` or `unlogged`.
    cause : str
    count : int
    """

    month: int
    kind: str
    cause: str
    count: int


@dataclass(frozen=True, slots=True)
class RecalibratedSums:
    """What another calibration, `p' = 1 / (1 + exp(-(slope x + intercept)))`, would have saved.

    `x` is the log-odds of `p`. The new decisions refuse at the theoretical threshold. Only
    decisions that change count: `saving` is the sum of the expected costs of the old decisions less
    those of the new ones, under `p'`.

    Attributes
    ----------
    decisions : int
        All decisions that were looked at, with costs.
    saving : float
    by_slope, by_intercept : float
        Derivatives of `saving` for the same new decisions.
    cost : float
        Sum of the expected costs of the old decisions, under `p'`.
    accept_all_cost, refuse_all_cost : float
        Sums, under `p'`.
    """

    decisions: int
    saving: float
    by_slope: float
    by_intercept: float
    cost: float
    accept_all_cost: float
    refuse_all_cost: float
