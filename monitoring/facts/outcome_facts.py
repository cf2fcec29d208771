"""What is counted of the outcomes: sums by month, without any single decision."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from scoring_model.types import FloatArray


@dataclass(frozen=True, slots=True)
class OutcomeProblem:
    """Outcomes, or decisions, that are not used.

    Attributes
    ----------
    kind : str
        `unknown` (no such decision), `contradictory`, `before_decision`, `refused_applicant`,
        `superseded` (accepted, without an outcome, and the reference has a later accepted
        decision), `without_outcome` (accepted, and the table has no row), `erased` (accepted, and
        the reference was erased), `digests` (accepted, and the log keeps a digest of the reference,
        but there is no secret to compare it with the references of the table).
    count : int
        Number of references or ids for `unknown` and `refused_applicant`, else of decisions.
    listed : tuple of str
        At most 20 of the ids or references, sorted; empty for `without_outcome`, `erased` and
        `digests`.
    """

    kind: str
    count: int
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeSums:
    """Accepted decisions with a row in the table of outcomes, of one month by one version.

    `s` is the share of the defaults that is known at the age of the decision. If the version does
    not know it, only mature decisions count, with `s` = 1.

    Attributes
    ----------
    month : int
    manifest : str
    decisions, defaults : int
        `defaults` are those that were known on the day of the monitoring.
    mature, mature_defaults : int
        Mature decisions, and the defaults among them.
    expected, expected_variance : float
        Sums of `p s` and of `p s (1 - p s)`.
    expected_cost, expected_cost_variance : float
        Sums of `FN p s` and of `FN^2 p s (1 - p s)`.
    realised_cost, realised_cost_squares : float
        Sums of `FN` and of `FN^2` over the defaults.
    amounts : int
        Defaults with an amount lost.
    amount_lost : float
    uncosted : int
        Decisions whose costs are not known; they are in none of the sums of costs.
    """

    month: int
    manifest: str
    decisions: int
    defaults: int
    mature: int
    mature_defaults: int
    expected: float
    expected_variance: float
    expected_cost: float
    expected_cost_variance: float
    realised_cost: float
    realised_cost_squares: float
    amounts: int
    amount_lost: float
    uncosted: int = 0


@dataclass(frozen=True, slots=True)
class VintagePoint:
    """Defaults of a month's accepted decisions by age, as far as the youngest of them is old.

    Attributes
    ----------
    month : int
    age_days : int
        A multiple of 30.
    decisions, defaults : int
        All decisions of the month, over all versions; `defaults` known until this age.
    expected : float or None
        Defaults that were expected until this age; None if a version does not know the share.
    """

    month: int
    age_days: int
    decisions: int
    defaults: int
    expected: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well probabilities order the mature decisions of one month, or of all.

    Attributes
    ----------
    month : int or None
        None for all months.
    manifest : str or None
        None for all versions; only with `month`.
    defaults, repaid : int
    auc : float
        NaN if one of both is 0.
    auc_variance : float
        By DeLong's formula; NaN if one of both is less than 2.
    expected_auc : float
        What `auc` should be if each of these decisions defaults with its probability `p s`; NaN
        for less than two decisions.
    """

    month: int | None
    manifest: str | None
    defaults: int
    repaid: int
    auc: float
    auc_variance: float
    expected_auc: float


@dataclass(frozen=True, slots=True)
class Band:
    """One tenth of a version's mature decisions, in the order of their probabilities.

    Attributes
    ----------
    manifest : str
    number : int
        From 1, the lowest probabilities, to 10.
    decisions, defaults : int
    expected, expected_variance : float
        Sums of `p s` and of `p s (1 - p s)`.
    """

    manifest: str
    number: int
    decisions: int
    defaults: int
    expected: float
    expected_variance: float


@dataclass(frozen=True, slots=True, eq=False)
class FitCells:
    """Comparable decisions of one version in small cells of log-odds and age, for a quick fit.

    Attributes
    ----------
    log_odds : ndarray of float64, shape (cells,)
        Mean of `log(p / (1 - p))`.
    share : ndarray of float64, shape (cells,)
        Mean share of the defaults known.
    decisions, defaults : ndarray of float64, shape (cells,)
    """

    log_odds: FloatArray
    share: FloatArray
    decisions: FloatArray
    defaults: FloatArray


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What is counted of the table of outcomes.

    Attributes
    ----------
    known_until : date
        The last day up to which the table says who defaulted: its newest day, or the day of the
        monitoring if that is earlier. Ages and shares of known defaults count up to it.
    problems : tuple of OutcomeProblem
        Those that occur.
    sums : tuple of OutcomeSums
    vintages : tuple of VintagePoint
    rankings : tuple of Ranking
        One of each version, and one of each month.
    bands : tuple of Band
    cells : mapping of str to FitCells
        By manifest.
    """

    known_until: datetime.date
    problems: tuple[OutcomeProblem, ...]
    sums: tuple[OutcomeSums, ...]
    vintages: tuple[VintagePoint, ...]
    rankings: tuple[Ranking, ...]
    bands: tuple[Band, ...]
    cells: Mapping[str, FitCells]
