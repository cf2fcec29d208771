"""`define_members`: which decisions have which outcome, and which outcomes are not used.

It makes the table `members`: accepted decisions up to the day of the monitoring with an outcome
that can be used. Its columns are those of `decisions`, and

- `age_days`: days from the decision to the last day that the monitoring and the table of outcomes
  both know: after it, nobody knows who has not defaulted,
- `is_mature`: whether the decision is as old as the maturity,
- `share`: of the defaults, the share that is known at this age; null if that is not known, so that
  the decision cannot be compared,
- `defaulted`: 1 if the default was known on the day of the monitoring, otherwise 0,
- `defaulted_on`: day of the default, also if it was known later; null if there is none,
- `amount_lost`: null if it is not known.
"""

import datetime
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from monitoring.facts.decision_facts import JudgedVersion
from monitoring.facts.outcome_facts import OutcomeProblem
from monitoring.facts.tables import FactTables, sql_date
from scoring_model.profile import KnownDefaults
from train.errors import InputError

_MOST_LISTED = 20
_KNOWN_SHARES = pa.schema(
    [("manifest", pa.string()), ("age_days", pa.int32()), ("share", pa.float64())]
)

# the decisions that an outcome may be about: the log names them by id, and by reference or digest
_NAMED_DECISIONS = """
SELECT n.key, d.id, d.score, d.day
FROM (
  SELECT key, key AS name FROM outcomes
  UNION
  SELECT key, plain AS name FROM outcomes WHERE plain IS NOT NULL
) n
JOIN (
  SELECT id AS name, id, score, day FROM decisions
  UNION ALL
  SELECT reference AS name, id, score, day FROM decisions WHERE reference IS NOT NULL
) d ON d.name = n.name
"""

# text that sorts by day, and by time within a day: ids are in the order of time
_PLACE = "CAST(d.day AS STRING) || d.id"
_ID_START = len("2005-01-10") + 1

# which decision an outcome is about: the latest one up to its day; null if all are later
_MEANT_DECISIONS = f"""
SELECT o.key, o.observed_on,
  SUBSTR(MAX(CASE WHEN d.day <= o.observed_on THEN {_PLACE} END), {_ID_START}) AS id,
  SUBSTR(MIN({_PLACE}), {_ID_START}) AS first_id,
  SUBSTR(MAX({_PLACE}), {_ID_START}) AS last_id
FROM (SELECT DISTINCT key, observed_on FROM outcomes) o
JOIN named_decisions d ON d.key = o.key
WHERE d.score = 1 AND d.day <= {{as_of}}
GROUP BY o.key, o.observed_on
"""

_HISTORIES = """
WITH days AS (
  SELECT m.id, o.observed_on, o.observed_on <= {as_of} AS is_known,
    MIN(o.defaulted) AS least_defaulted,
    MAX(o.defaulted) AS defaulted,
    MIN(CASE WHEN o.defaulted = 1 THEN o.amount_lost END) AS least_amount,
    MAX(CASE WHEN o.defaulted = 1 THEN o.amount_lost END) AS amount
  FROM outcomes o
  JOIN meant_decisions m ON m.key = o.key AND m.observed_on = o.observed_on
  WHERE m.id IS NOT NULL
  GROUP BY m.id, o.observed_on
)
SELECT id,
  MIN(CASE WHEN defaulted = 1 THEN observed_on END) AS defaulted_on,
  MAX_BY(amount, CASE WHEN is_known AND amount IS NOT NULL THEN observed_on END) AS amount_lost,
  COALESCE(MAX(CASE WHEN is_known AND least_defaulted = 0 THEN observed_on END)
    >= MIN(CASE WHEN is_known AND defaulted = 1 THEN observed_on END), FALSE)
  OR COALESCE(BOOL_OR(is_known AND least_amount < amount), FALSE) AS is_contradictory
FROM days
GROUP BY id
"""

_SUPERSEDED = """
SELECT DISTINCT d.id AS name
FROM named_decisions d
JOIN meant_decisions m ON m.key = d.key
LEFT JOIN histories h ON h.id = d.id
WHERE d.score = 1 AND d.day <= {as_of} AND d.id <> m.last_id AND h.id IS NULL
"""

# a date less a date is days in DuckDB and an interval of days in Spark: both become whole numbers
_MEMBERS = """
SELECT d.*, k.share, h.defaulted_on, h.amount_lost,
  d.age_days >= {maturity_days} AS is_mature,
  CASE WHEN h.defaulted_on <= {known_until} THEN 1 ELSE 0 END AS defaulted
FROM histories h
JOIN (SELECT *, CAST({known_until} - day AS INT) AS age_days FROM decisions) d ON d.id = h.id
LEFT JOIN known_shares k ON k.manifest = d.manifest AND k.age_days = d.age_days
WHERE NOT h.is_contradictory
"""

_BEFORE = "SELECT DISTINCT first_id AS name FROM meant_decisions WHERE id IS NULL"
_WITHOUT_ROWS = f"""
SELECT d.id AS name FROM decisions d
LEFT JOIN histories h ON h.id = d.id
LEFT JOIN superseded_decisions s ON s.name = d.id
LEFT JOIN ({_BEFORE}) b ON b.name = d.id
WHERE d.score = 1 AND d.day <= {{as_of}}
  AND h.id IS NULL AND s.name IS NULL AND b.name IS NULL AND
"""
_IS_HIDDEN = "(d.is_digest AND {without_key})"
# an outcome by id finds an erased decision
_IS_LOST = "(d.is_erased AND {by_reference})"

_PROBLEMS = {
    "unknown": """
        SELECT DISTINCT COALESCE(o.plain, o.key) AS name FROM outcomes o
        LEFT JOIN named_decisions d ON d.key = o.key WHERE d.key IS NULL""",
    "contradictory": "SELECT id AS name FROM histories WHERE is_contradictory",
    "before_decision": _BEFORE,
    "refused_applicant": """
        SELECT DISTINCT COALESCE(o.plain, o.key) AS name FROM outcomes o
        JOIN (
          SELECT key FROM named_decisions
          GROUP BY key HAVING MAX(score) = 0 AND MIN(day) <= {as_of}
        ) d ON d.key = o.key""",
    "superseded": "SELECT name FROM superseded_decisions",
    "without_outcome": f"{_WITHOUT_ROWS} NOT {_IS_LOST} AND NOT {_IS_HIDDEN}",
    "erased": f"{_WITHOUT_ROWS} {_IS_LOST}",
    "digests": f"{_WITHOUT_ROWS} {_IS_HIDDEN}",
}
_NOT_LISTED = ("without_outcome", "erased", "digests")
# outcomes by reference, and those of which no secret made a digest
_REFERENCES = """
SELECT COUNT(CASE WHEN plain = key THEN 1 END) AS without_key, COUNT(plain) AS by_reference
FROM outcomes
"""


def define_members(
    tables: FactTables,
    versions: Mapping[str, JudgedVersion],
    as_of: datetime.date,
    maturity_days: int,
) -> datetime.date:
    """Make the table `members` of the tables `decisions` and `outcomes`.

    Parameters
    ----------
    tables : FactTables
    versions : mapping of str to JudgedVersion
        By manifest.
    as_of : date
    maturity_days : int

    Returns
    -------
    date
        The last day that both the monitoring and the table of outcomes know. Ages count up to it.

    Raises
    ------
    InputError
        A row is of a day after today.
    """
    [newest] = tables.rows("SELECT MAX(observed_on) AS day FROM outcomes")
    today = datetime.datetime.now(datetime.UTC).date()
    if newest["day"] > today:
        raise InputError(f"outcomes: observed_on must not be after today, got {newest['day']}")
    known_until: datetime.date = min(as_of, newest["day"])
    shares = _list_shares(tables, versions, known_until, maturity_days)
    tables.load("known_shares", _KNOWN_SHARES, shares)
    days = {"as_of": sql_date(as_of), "known_until": sql_date(known_until)}
    tables.define("named_decisions", _NAMED_DECISIONS)
    tables.define("meant_decisions", _MEANT_DECISIONS.format(**days))
    tables.define("histories", _HISTORIES.format(**days))
    tables.define("superseded_decisions", _SUPERSEDED.format(**days))
    tables.define("members", _MEMBERS.format(**days, maturity_days=maturity_days))
    return known_until


def require_matches(tables: FactTables) -> None:
    """Raise `InputError` if no outcome is about a decision of the log.

    Parameters
    ----------
    tables : FactTables
        After `define_members`.
    """
    if tables.rows("SELECT id FROM named_decisions LIMIT 1"):
        return
    what = "decision_id or reference with those of the log"
    if tables.rows("SELECT id FROM decisions WHERE is_digest LIMIT 1"):
        what = "the references, and DECISION_LOG_KEY, with those of the log, which keeps digests"
    raise InputError(f"outcomes: none is about a decision of the log: compare {what}")


def count_problems(tables: FactTables, as_of: datetime.date) -> tuple[OutcomeProblem, ...]:
    """Count the outcomes and decisions that are not used; `define_members` comes first."""
    problems = []
    [counts] = tables.rows(_REFERENCES)
    words = {"as_of": sql_date(as_of)} | {name: bool(count) for name, count in counts.items()}
    for kind, template in _PROBLEMS.items():
        sql = template.format(**words)
        [found] = tables.rows(f"SELECT COUNT(*) AS count FROM ({sql}) p")
        listed = []
        if found["count"] and kind not in _NOT_LISTED:
            listed = tables.rows(f"SELECT name FROM ({sql}) p ORDER BY name LIMIT {_MOST_LISTED}")
        if found["count"]:
            names = tuple(row["name"] for row in listed)
            problems.append(OutcomeProblem(kind, found["count"], names))
    return tuple(problems)


def known_defaults_of(version: JudgedVersion) -> KnownDefaults | None:
    """Return the share of the defaults known by age; None if the version does not know it."""
    profile = version.scorer.profile if version.scorer else None
    return profile.known_defaults if profile else None


def _list_shares(
    tables: FactTables,
    versions: Mapping[str, JudgedVersion],
    known_until: datetime.date,
    maturity_days: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the share of the known defaults by version and age, up to the oldest decision's age."""
    [oldest] = tables.rows("SELECT MIN(day) AS day FROM decisions")
    most = (known_until - oldest["day"]).days if oldest["day"] else -1
    for manifest, version in versions.items():
        if version.scorer is None:
            continue
        known = known_defaults_of(version)
        # without shares, only mature decisions can be compared
        ages = np.arange(0 if known else maturity_days, most + 1)
        shares = known.share_at(ages.astype(np.float64)) if known else np.ones(len(ages))
        columns = [pa.array([manifest] * len(ages), pa.string()), pa.array(ages, pa.int32())]
        yield pa.RecordBatch.from_arrays([*columns, pa.array(shares)], schema=_KNOWN_SHARES)
