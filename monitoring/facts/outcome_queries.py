"""`gather_outcomes`: sums over decisions and their outcomes, in SQL."""

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from monitoring.facts.decision_facts import JudgedVersion
from monitoring.facts.outcome_facts import (
    Band,
    FitCells,
    OutcomeFacts,
    OutcomeSums,
    Ranking,
    VintagePoint,
)
from monitoring.facts.outcome_members import (
    count_problems,
    define_members,
    known_defaults_of,
    require_matches,
)
from monitoring.facts.recalibrated_sums import LOG_ODDS, without_null
from monitoring.facts.tables import FactTables

_VINTAGE_DAYS = 30
# the widest cell of the quick fit: 1 / 50 of log-odds, and 30 days of age
_CELLS_PER_UNIT, _CELL_DAYS = 50, 30

_COMPARED = """(
  SELECT *, probability * share AS expected FROM members WHERE share IS NOT NULL
) c"""

_SUMS = f"""
SELECT month, manifest,
  COUNT(*) AS decisions,
  COUNT(CASE WHEN defaulted = 1 THEN 1 END) AS defaults,
  COUNT(CASE WHEN is_mature THEN 1 END) AS mature,
  COUNT(CASE WHEN is_mature AND defaulted = 1 THEN 1 END) AS mature_defaults,
  SUM(expected) AS expected,
  SUM(expected * (1 - expected)) AS expected_variance,
  SUM(false_negative_cost * expected) AS expected_cost,
  SUM(false_negative_cost * false_negative_cost * expected * (1 - expected))
    AS expected_cost_variance,
  SUM(false_negative_cost * defaulted) AS realised_cost,
  SUM(false_negative_cost * false_negative_cost * defaulted) AS realised_cost_squares,
  COUNT(amount_lost) AS amounts,
  SUM(amount_lost) AS amount_lost,
  COUNT(*) - COUNT(false_negative_cost) AS uncosted
FROM {_COMPARED}
GROUP BY month, manifest
ORDER BY month, manifest
"""

_VINTAGES = """
SELECT month, manifest, COUNT(*) AS decisions, SUM(probability) AS probability,
  MIN(age_days) AS youngest
FROM members
GROUP BY month, manifest
ORDER BY month, manifest
"""

# by the first age that is a multiple of the step and at which the default is known
_VINTAGE_DEFAULTS = f"""
SELECT month, {_VINTAGE_DAYS} * CAST(
  CEIL(CAST(CAST(defaulted_on - day AS INT) AS DOUBLE) / {_VINTAGE_DAYS}) AS INT) AS age_days,
  COUNT(*) AS defaults
FROM members
WHERE defaulted = 1
GROUP BY 1, 2
"""

# decisions with equal probabilities are one point; a pair of them counts half
_RANKINGS = """
WITH points AS (
  SELECT {group}, probability,
    CAST(SUM(defaulted) AS DOUBLE) AS defaults,
    CAST(COUNT(*) - SUM(defaulted) AS DOUBLE) AS repaid,
    SUM(expected) AS expected,
    SUM(1 - expected) AS expected_repaid,
    SUM(expected * (1 - expected)) AS with_itself
  FROM {compared}
  WHERE is_mature
  GROUP BY {group}, probability
), placed AS (
  SELECT *,
    (SUM(repaid) OVER up_to) - repaid / 2 AS repaid_below,
    (SUM(defaults) OVER all_of) - (SUM(defaults) OVER up_to) + defaults / 2 AS defaults_above,
    (SUM(expected_repaid) OVER up_to) - expected_repaid / 2 AS expected_below
  FROM points
  WINDOW up_to AS (PARTITION BY {group} ORDER BY probability
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
  all_of AS (PARTITION BY {group})
)
SELECT {group},
  SUM(defaults) AS defaults,
  SUM(repaid) AS repaid,
  SUM(defaults * repaid_below) AS pairs,
  SUM(defaults * repaid_below * repaid_below) AS squares_of_defaults,
  SUM(repaid * defaults_above * defaults_above) AS squares_of_repaid,
  SUM(expected * expected_below) - SUM(with_itself) / 2 AS expected_pairs,
  SUM(expected) * SUM(expected_repaid) - SUM(with_itself) AS expected_of
FROM placed
GROUP BY {group}
ORDER BY {group}
"""

_BANDS = f"""
SELECT manifest, number, COUNT(*) AS decisions, SUM(defaulted) AS defaults,
  SUM(expected) AS expected, SUM(expected * (1 - expected)) AS expected_variance
FROM (
  SELECT manifest, defaulted, expected,
    NTILE(10) OVER (PARTITION BY manifest ORDER BY probability, id) AS number
  FROM {_COMPARED}
  WHERE is_mature
) b
GROUP BY manifest, number
ORDER BY manifest, number
"""

_FIT_CELLS = f"""
SELECT manifest, AVG(log_odds) AS log_odds, AVG(share) AS share, COUNT(*) AS decisions,
  SUM(defaulted) AS defaults
FROM (
  SELECT manifest, log_odds, share, defaulted,
    FLOOR(log_odds * {_CELLS_PER_UNIT} + 0.5) AS odds_cell,
    FLOOR(CAST(age_days AS DOUBLE) / {_CELL_DAYS}) AS age_cell
  FROM (SELECT *, {LOG_ODDS} AS log_odds FROM {_COMPARED}) l
) f
GROUP BY manifest, odds_cell, age_cell
ORDER BY manifest, odds_cell, age_cell
"""


def gather_outcomes(
    tables: FactTables,
    versions: Mapping[str, JudgedVersion],
    as_of: datetime.date,
    maturity_days: int,
) -> OutcomeFacts:
    """Count the outcomes of decisions; it also makes the table `members`.

    Parameters
    ----------
    tables : FactTables
        With the tables `decisions` and `outcomes`.
    versions : mapping of str to JudgedVersion
        By manifest.
    as_of : date
        The last day that counts.
    maturity_days : int
        From this age on, a decision is mature.

    Raises
    ------
    InputError
        No outcome is about a decision.
    """
    known_until = define_members(tables, versions, as_of, maturity_days)
    require_matches(tables)
    sums = [OutcomeSums(**without_null(row)) for row in tables.rows(_SUMS)]
    rankings = (*_rank(tables, "manifest"), *_rank(tables, "month"))
    bands = [Band(**without_null(row)) for row in tables.rows(_BANDS)]
    return OutcomeFacts(
        known_until=known_until,
        problems=count_problems(tables, as_of),
        sums=tuple(sums),
        vintages=tuple(_list_vintages(tables, versions)),
        rankings=rankings,
        bands=tuple(bands),
        cells=_list_cells(tables),
    )


def _list_vintages(
    tables: FactTables, versions: Mapping[str, JudgedVersion]
) -> Iterator[VintagePoint]:
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in tables.rows(_VINTAGES):
        parts[row["month"]].append(row)
    defaults = {
        (row["month"], row["age_days"]): row["defaults"] for row in tables.rows(_VINTAGE_DEFAULTS)
    }
    known = {manifest: known_defaults_of(version) for manifest, version in versions.items()}
    for month, rows in parts.items():
        decisions = sum(row["decisions"] for row in rows)
        youngest = min(row["youngest"] for row in rows)
        ages = np.arange(_VINTAGE_DAYS, youngest + 1, _VINTAGE_DAYS, dtype=np.float64)
        expected = np.zeros(len(ages))
        for row in rows:
            shares = known.get(row["manifest"])
            expected += row["probability"] * shares.share_at(ages) if shares else math.nan
        # a default on the day of the decision is known at each age
        until = defaults.get((month, 0), 0)
        for age, value in zip(ages.astype(int).tolist(), expected.tolist(), strict=True):
            until += defaults.get((month, age), 0)
            yield VintagePoint(month, age, decisions, until, None if math.isnan(value) else value)


def _rank(tables: FactTables, group: Literal["manifest", "month"]) -> list[Ranking]:
    sql = _RANKINGS.format(group=group, compared=_COMPARED)
    return [_make_ranking(row) for row in tables.rows(sql)]


def _make_ranking(row: Mapping[str, Any]) -> Ranking:
    # DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44(3). The place of a default is the
    # share of the repaid with a lower probability, that of a repaid one the share of the defaults
    # with a higher one; equal ones count half. The variance of the area is the variance of the
    # places of the defaults divided by their number, plus the same of the repaid. The expected
    # area leaves out the pair of a decision with itself.
    defaults, repaid = float(row["defaults"]), float(row["repaid"])
    auc = row["pairs"] / (defaults * repaid) if defaults and repaid else math.nan
    variance = math.nan
    if defaults > 1 and repaid > 1:
        of_defaults = row["squares_of_defaults"] / repaid**2 - defaults * auc**2
        of_repaid = row["squares_of_repaid"] / defaults**2 - repaid * auc**2
        variance = of_defaults / (defaults - 1) / defaults + of_repaid / (repaid - 1) / repaid
    return Ranking(
        month=row.get("month"),
        manifest=row.get("manifest"),
        defaults=int(defaults),
        repaid=int(repaid),
        auc=auc,
        auc_variance=variance if math.isnan(variance) else max(variance, 0.0),
        expected_auc=row["expected_pairs"] / row["expected_of"] if row["expected_of"] else math.nan,
    )


def _list_cells(tables: FactTables) -> dict[str, FitCells]:
    table = tables.columns(_FIT_CELLS)
    columns = {
        name: np.asarray(table.column(name).cast("float64").to_numpy())
        for name in ("log_odds", "share", "decisions", "defaults")
    }
    manifests = table.column("manifest").to_numpy()
    return {
        str(manifest): FitCells(
            **{n: column[manifests == manifest] for n, column in columns.items()}
        )
        for manifest in np.unique(manifests)
    }
