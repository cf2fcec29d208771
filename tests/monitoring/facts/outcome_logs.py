"""Small logs with outcomes, as Arrow tables of hand-made or random rows."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.facts import JudgedVersion, OutcomeFacts
from monitoring.facts.duckdb_tables import open_duckdb_tables
from monitoring.facts.outcome_queries import gather_outcomes
from monitoring.facts.tables import DECISIONS, OUTCOMES, FactTables
from scoring_model.decision_log import VersionName
from scoring_model.profile import KnownDefaults, Profile

AS_OF = datetime.date(2007, 1, 1)
MATURITY_DAYS = 365
KNOWN = KnownDefaults((200.0, 500.0, 900.0), (0.25, 0.75, 1.0))


def judge(manifest: str, known: KnownDefaults | None = KNOWN, *, found: bool = True) -> Any:
    """Return a version that knows the shares, or does not, or was not found."""
    # only the profile of a version matters here; a whole one takes a training
    scorer: Any = SimpleNamespace(profile=Profile(100, known_defaults=known)) if found else None
    return JudgedVersion(VersionName("credit-scoring", "1", manifest), scorer, "", ())


VERSIONS = {
    "known": judge("known"),
    "plain": judge("plain", None),
    "lost": judge("lost", found=False),
}


def decide(identifier: str, day: str, **changes: Any) -> dict[str, Any]:
    """Return a row of `decisions`: accepted, by the version that knows the shares."""
    decided = datetime.date.fromisoformat(day)
    row = {
        "id": identifier,
        "reference": f"loan {identifier}",
        "is_digest": False,
        "is_erased": False,
        "month": decided.year * 100 + decided.month,
        "day": decided,
        "manifest": "known",
        "probability": 0.1,
        "score": 1,
        "false_negative_cost": 4.0,
        "false_positive_cost": 1.0,
        "margin": None,
    }
    return row | changes


def observe(key: str, day: str, defaulted: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a row of `outcomes`."""
    row = {"key": key, "plain": None, "defaulted": defaulted, "amount_lost": None}
    return row | {"observed_on": datetime.date.fromisoformat(day)} | changes


def fill(
    tables: FactTables, decisions: Sequence[dict[str, Any]], outcomes: Sequence[dict[str, Any]]
) -> None:
    """Load both tables."""
    for name, schema, rows in (
        ("decisions", DECISIONS, decisions),
        ("outcomes", OUTCOMES, outcomes),
    ):
        tables.load(name, schema, pa.Table.from_pylist(list(rows), schema).to_batches())


@contextmanager
def in_duckdb(
    decisions: Sequence[dict[str, Any]], outcomes: Sequence[dict[str, Any]]
) -> Iterator[FactTables]:
    """Yield both tables in DuckDB."""
    with open_duckdb_tables("1GB", 2) as tables:
        fill(tables, decisions, outcomes)
        yield tables


def gather(
    decisions: Sequence[dict[str, Any]],
    outcomes: Sequence[dict[str, Any]],
    as_of: datetime.date = AS_OF,
    *,
    stale: bool = False,
) -> OutcomeFacts:
    """Return what DuckDB counts; the table knows each day up to `as_of`, unless it is stale."""
    later = [] if stale else [as_of + datetime.timedelta(1)]
    decisions = [*decisions, *(decide("later", day.isoformat()) for day in later)]
    outcomes = [*outcomes, *(observe("later", day.isoformat()) for day in later)]
    with in_duckdb(decisions, outcomes) as tables:
        return gather_outcomes(tables, VERSIONS, as_of, MATURITY_DAYS)


def make_rows(count: int, seed: int = 1) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return random decisions of all versions with outcomes for most of the accepted ones."""
    rng = np.random.default_rng(seed)
    first = np.datetime64("2005-01-01")
    days = first + rng.integers(0, 800, count).astype("timedelta64[D]")
    # few different probabilities, so that many are equal
    probabilities = np.round(rng.beta(1, 8, count), 3)
    decisions, outcomes = [], []
    for number in range(count):
        day = str(days[number])
        probability = float(probabilities[number])
        row = decide(
            f"{number:08d}",
            day,
            probability=probability,
            score=int(probability < 0.2),
            manifest=("known", "known", "plain", "lost")[number % 4],
            false_negative_cost=None if number % 50 == 0 else float(rng.integers(1, 9)),
            false_positive_cost=None if number % 50 == 0 else float(rng.integers(1, 5)),
        )
        decisions.append(row)
        if row["score"] and rng.random() < 0.9:
            observed = str(days[number] + np.timedelta64(int(rng.integers(0, 900)), "D"))
            defaulted = int(rng.random() < 3 * probability)
            amount = float(rng.integers(1, 100)) if defaulted and number % 3 else None
            outcomes.append(observe(row["reference"], observed, defaulted, amount_lost=amount))
    return decisions, outcomes


def recount(
    decisions: Sequence[dict[str, Any]],
    outcomes: Sequence[dict[str, Any]],
    share_of: Callable[[float], float] = lambda age: float(KNOWN.share_at(np.array([age]))[0]),
) -> pd.DataFrame:
    """Return the comparable decisions by plain loops over both tables, with one outcome each."""
    found = {row["key"]: row for row in outcomes}
    members = []
    for row in decisions:
        outcome = found.get(row["reference"])
        age = (AS_OF - row["day"]).days
        knows, is_mature = row["manifest"] == "known", age >= MATURITY_DAYS
        if outcome is None or age < 0 or row["manifest"] == "lost" or not (knows or is_mature):
            continue
        is_known = outcome["defaulted"] == 1 and outcome["observed_on"] <= AS_OF
        share = share_of(age) if knows else 1.0
        made = {"age": age, "is_mature": is_mature, "share": share, "defaulted": int(is_known)}
        amount = outcome["amount_lost"] if is_known else None
        members.append(row | made | {"amount_lost": amount, "expected": row["probability"] * share})
    return pd.DataFrame(members)
