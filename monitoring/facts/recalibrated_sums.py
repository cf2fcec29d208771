"""`sum_recalibrated`: what another calibration would have saved, in SQL."""

import datetime
from collections.abc import Collection, Mapping
from typing import Any

from monitoring.facts.decision_facts import RecalibratedSums
from monitoring.facts.tables import FactTables, sql_date

_CLIPPED = "GREATEST(LEAST(probability, 1e0 - 1e-12), 1e-12)"
LOG_ODDS = f"LN({_CLIPPED} / (1e0 - {_CLIPPED}))"
"""Log-odds of a probability, in SQL."""

# `sign` is 1 for a decision that changes to refused, and -1 for one that changes to accepted
_RECALIBRATED = f"""
WITH odds AS (
  SELECT score, false_negative_cost AS fn, false_positive_cost AS fp, {LOG_ODDS} AS x
  FROM decisions
  WHERE day <= {{as_of}} AND manifest = '{{manifest}}' AND month IN ({{months}})
    AND false_negative_cost IS NOT NULL AND false_positive_cost IS NOT NULL
), mapped AS (
  SELECT *, 1 / (1 + EXP(-({{slope}} * x + {{intercept}}))) AS p FROM odds
), changes AS (
  SELECT *, fn * p AS accepted_cost, fp * (1 - p) AS refused_cost, (fn + fp) * p * (1 - p) AS rise,
    score - CASE WHEN p * (fn + fp) < fp THEN 1 ELSE 0 END AS sign
  FROM mapped
)
SELECT COUNT(*) AS decisions,
  SUM(sign * (accepted_cost - refused_cost)) AS saving,
  SUM(sign * rise * x) AS by_slope,
  SUM(sign * rise) AS by_intercept,
  SUM(CASE WHEN score = 1 THEN accepted_cost ELSE refused_cost END) AS cost,
  SUM(accepted_cost) AS accept_all_cost,
  SUM(refused_cost) AS refuse_all_cost
FROM changes
"""


def sum_recalibrated(
    tables: FactTables,
    as_of: datetime.date,
    manifest: str,
    slope: float,
    intercept: float,
    months: Collection[int],
) -> RecalibratedSums:
    """Sum what another calibration would have saved.

    Parameters
    ----------
    tables : FactTables
        With the table `decisions`.
    as_of : date
        The last day that counts.
    manifest : str
        The version that decided.
    slope, intercept : float
        Slope and intercept of the other calibration.
    months : collection of int
        Whose decisions count, such as 200501; at least one.
    """
    sql = _RECALIBRATED.format(
        as_of=sql_date(as_of),
        manifest=manifest.replace("'", "''"),
        slope=f"{slope:.17e}",
        intercept=f"{intercept:.17e}",
        months=", ".join(map(str, sorted(months))),
    )
    [row] = tables.rows(sql)
    return RecalibratedSums(**without_null(row))


def without_null(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with 0 for sums over nothing, and sums of whole numbers as int.

    DuckDB returns the latter as `Decimal`.
    """
    return {
        name: 0 if value is None else value if isinstance(value, int | float | str) else int(value)
        for name, value in row.items()
    }
