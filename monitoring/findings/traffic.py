"""Decisions and other requests by month; the month and the version in use."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from monitoring.facts import Facts, JudgedVersion
from monitoring.findings.decision_findings import TrafficMonth
from train.errors import InputError
from train.statistics import wilson


@dataclass(frozen=True, slots=True)
class InUse:
    """The month and the version that alarms and advice are about.

    Attributes
    ----------
    month : int
        The newest month with enough decisions; the newest month if none has.
    version : JudgedVersion
        It made most decisions of the month.
    """

    month: int
    version: JudgedVersion

    @property
    def manifest(self) -> str:
        """The manifest of the version."""
        return self.version.name.manifest


def find_in_use(facts: Facts, min_decisions: int) -> InUse:
    """Find the month and the version in use; raises `InputError` if there are no decisions."""
    months = count_by_month(facts)
    if not months:
        raise InputError(
            f"as_of: the log has no decision up to {facts.as_of} that can be read: choose a later "
            "day, or check `decisions`"
        )
    month = max((m for m, number in months.items() if number >= min_decisions), default=max(months))
    sums = [one for one in facts.decisions if one.month == month]
    most = max(sums, key=lambda one: (one.decisions, one.manifest))
    return InUse(month, facts.versions[most.manifest])


def count_by_month(facts: Facts) -> dict[int, int]:
    """Return the decisions of each month, over all versions."""
    months: Counter[int] = Counter()
    for sums in facts.decisions:
        months[sums.month] += sums.decisions
    return dict(sorted(months.items()))


def find_traffic(facts: Facts, min_decisions: int) -> tuple[TrafficMonth, ...]:
    """Return the traffic of each month, oldest first."""
    decisions = count_by_month(facts)
    requests: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
    for one in facts.requests:
        requests[one.month, one.kind][one.cause] = one.count
    found = []
    for month in sorted({*decisions, *(month for month, _ in requests)}):
        sums = [one for one in facts.decisions if one.month == month]
        number = decisions.get(month, 0)
        found.append(
            TrafficMonth(
                month=month,
                decisions=number,
                acceptance_rate=wilson(sum(one.accepted for one in sums), number),
                erased=sum(one.erased for one in sums),
                refused_requests=requests.get((month, "refused"), {}),
                simulated=requests.get((month, "simulated"), {}),
                unlogged=requests.get((month, "unlogged"), {}),
                is_judged=number >= min_decisions,
            )
        )
    return tuple(found)
