"""`find_rankings`: AUC of mature decisions beside what was expected, and its alarm; vintages."""

import math
from collections import defaultdict

from scipy.stats import norm

from monitoring.facts import Facts, Ranking, VintagePoint
from monitoring.findings.findings import Alarm
from monitoring.findings.options import LEAST_OF_CLASS
from monitoring.findings.outcome_findings import RankingMonth, Vintage
from monitoring.findings.traffic import InUse
from train.statistics import NORMAL_QUANTILE, Interval, wilson

LEAST_FALL = 0.01
"""An AUC that is lower than expected by less than this is no alarm, however sure it is."""


def find_rankings(
    facts: Facts, in_use: InUse, confidence: float
) -> tuple[tuple[RankingMonth, ...], tuple[Alarm, ...]]:
    """Return the ranking of each month, then that of the version in use, and its alarm.

    A month has the decisions of all versions. Only the version in use can ring.
    """
    rankings = () if facts.outcomes is None else facts.outcomes.rankings
    months = sorted(
        (one for one in rankings if one.month is not None and not math.isnan(one.auc)),
        key=lambda one: one.month or 0,
    )
    whole = [
        one
        for one in rankings
        if one.month is None and one.manifest == in_use.manifest and not math.isnan(one.auc)
    ]
    alarms = (alarm for one in whole if (alarm := _find_alarm(one, confidence)) is not None)
    return tuple(map(_describe, [*months, *whole])), tuple(alarms)


def find_vintages(facts: Facts, min_decisions: int) -> tuple[Vintage, ...]:
    """Return the share of defaults by age, for the decisions of each month."""
    points: dict[int, list[VintagePoint]] = defaultdict(list)
    for point in () if facts.outcomes is None else facts.outcomes.vintages:
        points[point.month].append(point)
    found = []
    for month, of_month in sorted(points.items()):
        of_month.sort(key=lambda one: one.age_days)
        expected = [p.expected / p.decisions for p in of_month if p.expected is not None]
        found.append(
            Vintage(
                month=month,
                decisions=of_month[0].decisions,
                ages_days=tuple(p.age_days for p in of_month),
                default_rates=tuple(wilson(p.defaults, p.decisions) for p in of_month),
                expected_rates=tuple(expected) if len(expected) == len(of_month) else (),
                is_judged=of_month[0].decisions >= min_decisions,
            )
        )
    return tuple(found)


def _describe(ranking: Ranking) -> RankingMonth:
    half = NORMAL_QUANTILE * math.sqrt(ranking.auc_variance)
    auc = Interval(ranking.auc, max(ranking.auc - half, 0.0), min(ranking.auc + half, 1.0))
    return RankingMonth(ranking.month, ranking.defaults, ranking.repaid, auc, ranking.expected_auc)


def _find_alarm(ranking: Ranking, confidence: float) -> Alarm | None:
    if min(ranking.defaults, ranking.repaid) < LEAST_OF_CLASS:
        return None
    error = math.sqrt(ranking.auc_variance)
    by_chance = ranking.expected_auc - float(norm.ppf(confidence)) * error
    limit = min(by_chance, ranking.expected_auc - LEAST_FALL)
    if not ranking.auc < limit:
        return None
    text = (
        f"Mature decisions are ordered worse than expected: their AUC is {ranking.auc:.3f}, where "
        f"{ranking.expected_auc:.3f} was expected and chance explains down to {by_chance:.3f}."
    )
    return Alarm("ranking", None, "", ranking.auc, limit, text)
