"""What another calibration would have saved, beside a plain recount."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitoring.facts import RecalibratedSums
from monitoring.facts.recalibrated_sums import sum_recalibrated
from tests.monitoring.facts.outcome_logs import AS_OF, decide, in_duckdb, make_rows

MONTHS = (200501, 200507, 200612)


def ask(
    rows: list[dict[str, Any]],
    slope: float,
    intercept: float,
    months: tuple[int, ...] = MONTHS,
) -> RecalibratedSums:
    with in_duckdb(rows, []) as tables:
        return sum_recalibrated(tables, AS_OF, "known", slope, intercept, months)


def recount(rows: list[dict[str, Any]], slope: float, intercept: float) -> dict[str, float]:
    """Return the same by a loop over all decisions."""
    sums = dict.fromkeys(RecalibratedSums.__dataclass_fields__, 0.0)
    for row in rows:
        fn, fp, is_accepted = row["false_negative_cost"], row["false_positive_cost"], row["score"]
        if (row["manifest"], row["month"] in MONTHS) != ("known", True) or fn is None:
            continue
        p = min(max(row["probability"], 1e-12), 1 - 1e-12)
        x = np.log(p / (1 - p))
        q = 1 / (1 + np.exp(-(slope * x + intercept)))
        old = fn * q if is_accepted else fp * (1 - q)
        accepts = q < fp / (fp + fn)
        sums["decisions"] += 1
        sums["cost"] += old
        sums["accept_all_cost"] += fn * q
        sums["refuse_all_cost"] += fp * (1 - q)
        if accepts != bool(is_accepted):
            sign = 1 if is_accepted else -1
            sums["saving"] += old - (fn * q if accepts else fp * (1 - q))
            sums["by_slope"] += sign * (fn + fp) * q * (1 - q) * x
            sums["by_intercept"] += sign * (fn + fp) * q * (1 - q)
    return sums


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.5), (0.7, -1.0), (1.3, 2.0)])
def test_savings_are_those_of_a_plain_recount(slope: float, intercept: float) -> None:
    rows, _ = make_rows(4000)
    found = asdict(ask(rows, slope, intercept))
    expected = recount(rows, slope, intercept)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
    assert found["saving"] > 0.0


def test_derivatives_are_the_slopes_of_the_saving() -> None:
    # with fixed new decisions: a step too small for any decision to change
    rows = [decide(str(n), "2005-01-01", probability=p) for n, p in enumerate((0.1, 0.15, 0.3))]
    step = 1e-5
    found = ask(rows, 1.0, 1.0)
    assert found.decisions == 3
    by_slope = (ask(rows, 1 + step, 1.0).saving - ask(rows, 1 - step, 1.0).saving) / (2 * step)
    by_intercept = (ask(rows, 1.0, 1 + step).saving - ask(rows, 1.0, 1 - step).saving) / (2 * step)
    assert found.by_slope == pytest.approx(by_slope, rel=1e-6)
    assert found.by_intercept == pytest.approx(by_intercept, rel=1e-6)


def test_certain_probabilities_and_steep_maps_have_finite_sums() -> None:
    rows = [decide(str(n), "2005-01-01", probability=p) for n, p in enumerate((0.0, 1.0))]
    found = ask(rows, 50.0, 0.0)
    assert found.decisions == 2
    # accepted, but it will default: it costs 4, and a refusal nothing
    assert found.saving == pytest.approx(4.0)
    assert np.isfinite(pd.Series(asdict(found))).all()


def test_no_decision_saves_nothing() -> None:
    late = decide("1", "2007-01-02")
    assert ask([late], 1.0, 1.0, (200701,)) == RecalibratedSums(0, 0, 0, 0, 0, 0, 0)
