"""What is counted of decisions and of other requests, by month."""

import datetime
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from monitoring.facts.decision_facts import DecisionSums, RequestCounts
from monitoring.facts.tables import FactTables, sql_date

# the names of the columns are those of `DecisionSums`
_SUMS = """
WITH answers AS (
    SELECT *, false_negative_cost * probability AS accepting,
        false_positive_cost * (1 - probability) AS refusing,
        CASE WHEN score = 1 THEN false_negative_cost ELSE false_positive_cost END AS weight
    FROM decisions WHERE day <= {day}
), costs AS (
    SELECT *, CASE WHEN score = 1 THEN accepting ELSE refusing END AS cost FROM answers
)
SELECT month, manifest,
    COUNT(*) AS decisions,
    CAST(SUM(score) AS BIGINT) AS accepted,
    CAST(SUM(CASE WHEN is_erased THEN 1 ELSE 0 END) AS BIGINT) AS erased,
    CAST(SUM(CASE WHEN cost IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS uncosted,
    COALESCE(SUM(cost), 0.0E0) AS cost,
    COALESCE(SUM(weight * weight * probability * (1 - probability)), 0.0E0) AS cost_variance,
    COALESCE(SUM(cost * cost), 0.0E0) AS cost_squares,
    COALESCE(SUM(CASE WHEN score = 0 THEN cost END), 0.0E0) AS refused_cost,
    COALESCE(SUM(accepting), 0.0E0) AS accept_all_cost,
    COALESCE(SUM(refusing), 0.0E0) AS refuse_all_cost
FROM costs GROUP BY month, manifest ORDER BY month, manifest
"""


def sum_decisions(tables: FactTables, as_of: datetime.date) -> list[DecisionSums]:
    """Return the sums of the table `decisions` by month and version, up to a day."""
    return [DecisionSums(**row) for row in tables.rows(_SUMS.format(day=sql_date(as_of)))]


def count_requests(counts: Iterable[dict[str, Any]], as_of: datetime.date) -> list[RequestCounts]:
    """Return the numbers of requests that are no decisions, by month.

    Parameters
    ----------
    counts : iterable of dict
        From the reader of a log. What is damaged is left out: nothing proves these numbers.
    as_of : date
        The last day that counts.
    """
    found: Counter[tuple[int, str, str]] = Counter()
    for document in counts:
        with suppress(ValueError, LookupError, TypeError):
            day = datetime.date.fromisoformat(document["time"][:10])
            if day <= as_of:
                key = (100 * day.year + day.month, str(document["kind"]), str(document["cause"]))
                found[key] += int(document["count"])
    return [RequestCounts(*key, count) for key, count in sorted(found.items())]
