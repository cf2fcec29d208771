"""Spark counts what DuckDB counts, within 1e-9."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from monitoring.facts.duckdb_tables import open_duckdb_tables
from monitoring.facts.outcome_queries import gather_outcomes
from monitoring.facts.recalibrated_sums import sum_recalibrated
from monitoring.facts.spark_tables import SparkTables
from monitoring.facts.tables import FactTables
from tests.monitoring.facts.outcome_logs import (
    AS_OF,
    MATURITY_DAYS,
    VERSIONS,
    decide,
    fill,
    make_rows,
    observe,
)

pytestmark = pytest.mark.slow


def count(tables: FactTables) -> dict[str, Any]:
    decisions, outcomes = make_rows(1500)
    decisions += [
        decide("a", "2005-01-10", reference="twice"),
        decide("b", "2005-02-10", reference="twice"),
        decide("c", "2005-02-10", is_erased=True, reference=None),
        decide("d", "2005-02-10", reference="digest", probability=0.0),
        decide("e", "2005-02-10", probability=0.5, score=0),
        decide("f", "2005-02-10", reference="plain", probability=1.0),
        decide("g", "2005-02-10", reference="hmac", is_digest=True),
        decide("h", "2006-03-10", reference="again"),
        decide("j", "2005-02-10"),
        decide("i", "2006-06-10", reference="again"),
    ]
    outcomes += [
        observe("twice", "2006-02-09", 1),
        observe("digest", "2006-02-09", plain="text"),
        observe("hidden", "2006-02-09", plain="plain"),
        observe("e", "2006-02-09"),
        observe("unknown", "2006-02-09", plain="unknown"),
        observe("again", "2006-05-10", 1, amount_lost=3.0),
        observe("again", "2006-06-10"),
        observe("a", "2005-01-09"),
        observe("j", "2006-02-09", 1, amount_lost=1.0),
        observe("j", "2006-02-09", 1, amount_lost=2.0),
    ]
    fill(tables, decisions, outcomes)
    facts = gather_outcomes(tables, VERSIONS, AS_OF, MATURITY_DAYS)
    months = sorted({row["month"] for row in decisions})
    sums = sum_recalibrated(tables, AS_OF, "known", 0.8, 0.5, months)
    return asdict(facts) | {"recalibrated": asdict(sums)}


def assert_close(left: Any, right: Any, where: str = "") -> None:
    """Compare numbers within 1e-9, and all else exactly."""
    if isinstance(left, Mapping):
        assert left.keys() == right.keys(), where
        for key in left:
            assert_close(left[key], right[key], f"{where}.{key}")
    elif isinstance(left, list | tuple):
        assert len(left) == len(right), where
        for place, pair in enumerate(zip(left, right, strict=True)):
            assert_close(*pair, f"{where}[{place}]")
    elif isinstance(left, np.ndarray):
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9, err_msg=where)
    elif isinstance(left, float) and not math.isnan(left):
        assert right == pytest.approx(left, rel=1e-9, abs=1e-9), where
    elif not isinstance(left, float):
        assert left == right, where
    else:
        assert math.isnan(right), where


def test_spark_counts_what_duckdb_counts(spark: Any) -> None:
    with open_duckdb_tables("1GB", 2) as tables:
        in_duckdb = count(tables)
    in_spark = count(SparkTables(spark))
    assert len(in_duckdb["problems"]) == 8
    assert all(in_duckdb.values())
    assert_close(in_duckdb, in_spark)
