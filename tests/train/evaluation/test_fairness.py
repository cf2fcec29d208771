"""The fairness audit: agrees with fairlearn, compares acceptance, does not judge small groups."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
)

from train.evaluation.fairness import (
    ColumnFairness,
    audit_fairness,
    fairness_metrics,
    fairness_notes,
)
from train.statistics import cut_groups

ROWS = 6000


def planted(sex_effect: float = 0.0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return protected columns, labels, probabilities and refusals of synthetic applicants."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["female", "male"], ROWS)
    protected = pd.DataFrame(
        {
            "sex": sex,
            "age": rng.integers(20, 70, ROWS),
            "origin": rng.choice(["here", "there", "elsewhere"], ROWS, p=[0.7, 0.29, 0.01]),
        }
    )
    margin = rng.normal(-1.5, 1.0, ROWS) + sex_effect * (sex == "male")
    probability = 1 / (1 + np.exp(-margin))
    y = (rng.random(ROWS) < probability).astype(np.int8)
    return protected, y, probability, probability >= 0.25


def column(audit: tuple[ColumnFairness, ...], *names: str) -> ColumnFairness:
    return next(found for found in audit if found.columns == names)


@pytest.mark.parametrize(
    "columns", [("sex",), ("age",), ("origin",), ("sex", "age"), ("sex", "origin")]
)
def test_fairlearn_agrees(columns: tuple[str, ...]) -> None:
    protected, y, probability, refused = planted(sex_effect=0.8)
    groups = {name: cut_groups(protected[name]) for name in columns}
    theirs = MetricFrame(
        metrics={
            "refused": selection_rate,
            "false_positive_rate": false_positive_rate,
            "false_negative_rate": false_negative_rate,
        },
        y_true=y,
        y_pred=refused,
        sensitive_features=pd.DataFrame(
            {name: [cut.names[n] for n in cut.number] for name, cut in groups.items()}
        ),
    ).by_group
    ours = column(audit_fairness(protected, y, probability, refused), *columns)
    assert len(ours.groups) == len(theirs)
    best = 1.0 - min(
        theirs.loc[_key(group.name, columns), "refused"] for group in ours.groups if group.is_judged
    )
    for group in ours.groups:
        row = theirs.loc[_key(group.name, columns)]
        assert group.acceptance_rate.value == pytest.approx(1.0 - row["refused"])
        for name in ("false_positive_rate", "false_negative_rate"):
            if (rate := getattr(group, name)) is not None:
                assert rate.value == pytest.approx(row[name])
                assert rate.low <= rate.value <= rate.high
        if group.acceptance_ratio is not None:
            assert group.acceptance_ratio.value == pytest.approx((1.0 - row["refused"]) / best)


def _key(name: str, columns: tuple[str, ...]) -> str | tuple[str, ...]:
    return name if len(columns) == 1 else tuple(name.split(", "))


def test_a_group_that_is_refused_more_is_a_warning() -> None:
    audit = audit_fairness(*planted(sex_effect=1.0))
    sex = column(audit, "sex")
    assert sex.best == "female"
    assert sex.lowest is not None
    assert sex.lowest.name == "male"
    assert sex.lowest_ratio is not None
    assert sex.lowest_ratio < 0.8
    notes = fairness_notes(audit)
    assert notes[0].startswith("fairness: sex: the acceptance rate of male is 0.")
    assert notes[0].endswith("below the limit of 0.8")
    assert "pairs of protected columns" in notes[-1]
    metrics = fairness_metrics(audit)
    assert metrics["fairness/acceptance_ratio"] == metrics["fairness/acceptance_ratio_sex"]
    assert metrics["fairness/acceptance_ratio_sex"] == sex.lowest_ratio
    assert "fairness/acceptance_ratio_sex_x_age" in metrics


def test_equal_groups_give_no_warning() -> None:
    audit = audit_fairness(*planted())
    assert fairness_notes(audit) == []
    assert fairness_metrics(audit)["fairness/acceptance_ratio"] > 0.8


def test_four_fifths_is_about_acceptance_not_about_predicted_default() -> None:
    # Few are refused. One group has twice as many refusals, but nearly the same acceptance rate.
    sex = np.repeat(["female", "male"], 1000)
    refused = np.concatenate([np.arange(1000) < 50, np.arange(1000) < 100])
    y = np.zeros(2000, dtype=np.int8)
    audit = audit_fairness(pd.DataFrame({"sex": sex}), y, np.full(2000, 0.05), refused)
    assert audit[0].lowest_ratio == pytest.approx(0.90 / 0.95)
    assert fairness_notes(audit) == []
    # Few are accepted. The groups have nearly the same refusal rate, but not the same acceptance.
    turned = audit_fairness(pd.DataFrame({"sex": sex}), y, np.full(2000, 0.05), ~refused)
    assert turned[0].lowest_ratio == pytest.approx(0.5)
    assert len(fairness_notes(turned)) == 1


def test_small_groups_are_shown_but_not_judged() -> None:
    protected, y, probability, refused = planted()
    few = protected["origin"] == "elsewhere"
    refused = np.where(few, True, refused)
    origin = column(audit_fairness(protected, y, probability, refused), "origin")
    group = next(found for found in origin.groups if found.name == "elsewhere")
    assert group.rows == few.sum() < 100
    assert not group.is_judged
    assert group.acceptance_ratio is None
    assert group.acceptance_rate.high > 0
    assert origin.lowest_ratio is not None
    assert origin.lowest_ratio > 0.8


def test_if_nobody_is_accepted_there_is_no_ratio() -> None:
    protected, y, probability, _ = planted()
    audit = audit_fairness(protected, y, probability, np.ones(ROWS, dtype=bool))
    assert fairness_metrics(audit) == {}
    assert fairness_notes(audit) == []


def test_rare_levels_of_a_long_column_share_a_group() -> None:
    protected, y, probability, refused = planted()
    rng = np.random.default_rng(1)
    protected["postcode"] = [f"{code:05d}" for code in rng.integers(0, 3000, ROWS)]
    protected["born"] = pd.Timestamp("1960-01-01") + pd.to_timedelta(
        rng.integers(0, 15_000, ROWS), "D"
    )
    audit = audit_fairness(protected, y, probability, refused)
    assert len(column(audit, "postcode").groups) == 41
    assert len(column(audit, "born").groups) == 5
    assert len(column(audit, "origin", "postcode").groups) <= 3 * 13
    assert sum(group.rows for group in column(audit, "postcode").groups) == ROWS
