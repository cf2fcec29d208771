"""`Facts`: all that is counted of a decision log and of its outcomes.

A month is a number such as 200501. It is the month of `decided_on`, or of the time (UTC) if the
record has no such day. Sums run over the decisions of one month by one version.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.facts.decision_facts import BinCounts, DecisionSums, JudgedVersion, RequestCounts
from monitoring.facts.outcome_facts import OutcomeFacts


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted of a decision log and of the outcomes, up to one day.

    Attributes
    ----------
    as_of : date
        The last day that counts.
    versions : mapping of str to JudgedVersion
        By manifest.
    decisions : tuple of DecisionSums
    bins : tuple of BinCounts
    requests : tuple of RequestCounts
    damaged : int
        Decisions that cannot be read; they count nowhere else.
    outcomes : OutcomeFacts or None
        None without a table of outcomes.
    """

    as_of: datetime.date
    versions: Mapping[str, JudgedVersion]
    decisions: tuple[DecisionSums, ...]
    bins: tuple[BinCounts, ...]
    requests: tuple[RequestCounts, ...]
    damaged: int
    outcomes: OutcomeFacts | None
