"""What decisions should cost by their probabilities: by month, and beside the profile."""

import math

from monitoring.facts import DecisionSums, Facts, JudgedVersion
from monitoring.findings.decision_findings import CostMonth
from monitoring.findings.traffic import InUse
from scoring_model.profile import ExpectedDecisions
from train.statistics import NORMAL_QUANTILE, Interval


def interval_of_mean(total: float, variance: float, number: int) -> Interval:
    """Return the mean of `number` values with its normal interval.

    Parameters
    ----------
    total, variance : float
        Sum of the values, and the variance of this sum.
    number : int
        Without any value, the interval is of NaN.
    """
    if not number:
        return Interval(math.nan, math.nan, math.nan)
    mean = total / number
    half = NORMAL_QUANTILE * math.sqrt(max(variance, 0.0)) / number
    return Interval(mean, mean - half, mean + half)


def find_costs(facts: Facts, in_use: InUse) -> tuple[CostMonth, ...]:
    """Return the expected cost of each month that has decisions with costs, oldest first.

    Decisions by versions with other costs than the version in use are left out: their costs may
    have another unit. Those of versions that were not found are without costs.
    """
    others = find_other_costs(facts, in_use)
    found = []
    for month in sorted({one.month for one in facts.decisions}):
        sums = [one for one in facts.decisions if one.month == month and one.manifest not in others]
        uncosted = sum(one.uncosted for one in sums)
        costed = sum(one.decisions for one in sums) - uncosted
        if costed:
            found.append(
                CostMonth(
                    month=month,
                    decisions=costed,
                    uncosted=uncosted,
                    cost=interval_of_mean(
                        sum(one.cost for one in sums),
                        sum(one.cost_variance for one in sums),
                        costed,
                    ),
                    accept_all_cost=sum(one.accept_all_cost for one in sums) / costed,
                    refuse_all_cost=sum(one.refuse_all_cost for one in sums) / costed,
                )
            )
    return tuple(found)


def find_other_costs(facts: Facts, in_use: InUse) -> frozenset[str]:
    """Return the manifests of the versions with other costs than the version in use."""
    own = _costs_of(in_use.version)
    costs = {manifest: _costs_of(version) for manifest, version in facts.versions.items()}
    return frozenset(name for name, found in costs.items() if found not in (own, None))


def _costs_of(version: JudgedVersion) -> tuple[str, str] | tuple[float, float] | None:
    """Return what a wrong decision costs: two expressions or two numbers; None if not found."""
    if version.scorer is None:
        return None
    policy = version.scorer.policy
    if policy.loan_costs is not None:
        return policy.loan_costs.false_negative, policy.loan_costs.false_positive
    return policy.false_negative_cost, policy.false_positive_cost


def expected_in_training(version: JudgedVersion) -> ExpectedDecisions | None:
    """Return the decisions that the version's profile expects; None if it lacks them."""
    if version.scorer is None or version.scorer.profile is None:
        return None
    return version.scorer.profile.expected


def find_cost_rise(sums: DecisionSums, version: JudgedVersion) -> Interval | None:
    """Return the expected cost per applicant of a month less that of the profile.

    Both means have a sampling error. The profile keeps no spread: that of the month is taken for
    both. None if the profile has no cost, or the month has fewer than two decisions with costs.
    """
    expected = expected_in_training(version)
    costed = sums.decisions - sums.uncosted
    if expected is None or costed < 2:
        return None
    mean = sums.cost / costed
    spread = max(sums.cost_squares / costed - mean**2, 0.0)
    half = NORMAL_QUANTILE * math.sqrt(spread / costed + spread / expected.rows)
    rise = mean - expected.cost
    return Interval(rise, rise - half, rise + half)
