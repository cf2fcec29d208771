"""The AUC of one column alone: finds relations without an order, and finds none in noise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from train.statistics.single_feature_auc import single_feature_auc, value_cells

ROWS = 4000


@pytest.fixture
def y() -> np.ndarray:
    return (np.random.default_rng(0).random(ROWS) < 0.2).astype(np.int8)


def test_noise_is_near_a_half(y: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    for column in (
        pd.Series(rng.normal(size=ROWS)),
        pd.Series(rng.choice([f"level {n}" for n in range(300)], ROWS)),
        pd.Series(rng.integers(0, 400, ROWS)),
    ):
        assert 0.5 <= single_feature_auc(column, y, 0) < 0.55


def test_an_ordered_number_has_its_own_auc(y: np.ndarray) -> None:
    values = np.random.default_rng(1).normal(size=ROWS) - 1.5 * y
    auc = roc_auc_score(y, -values)
    assert single_feature_auc(pd.Series(values), y, 0) == pytest.approx(auc, abs=0.01)


def test_a_relation_without_order_is_found(y: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    # a defaulter's months are never a multiple of 12
    months = 12 * rng.integers(1, 20, ROWS) + np.where(y == 1, rng.integers(1, 12, ROWS), 0)
    assert roc_auc_score(y, months) < 0.6
    assert single_feature_auc(pd.Series(months), y, 0) > 0.95
    hump = np.where(y == 1, rng.normal(0, 0.1, ROWS), rng.choice([-1, 1], ROWS))
    assert single_feature_auc(pd.Series(hump), y, 0) > 0.95


def test_missing_counts_as_a_value(y: np.ndarray) -> None:
    values = pd.Series(np.random.default_rng(1).normal(size=ROWS)).where(y == 0)
    assert single_feature_auc(values, y, 0) > 0.95
    assert single_feature_auc(values.map("{:.0f}".format, na_action="ignore"), y, 0) > 0.95


def test_too_few_rows_of_a_class_give_a_half() -> None:
    y = np.zeros(1000, dtype=np.int8)
    y[:10] = 1
    assert single_feature_auc(pd.Series(y.astype(float)), y, 0) == 0.5


def test_cells_keep_frequent_values_and_share_the_others() -> None:
    column = pd.Series([1.0] * 40 + [2.0] * 40 + list(np.linspace(10, 20, 60)) + [None] * 5)
    cells = value_cells(column)
    assert len(set(cells[:40])) == len(set(cells[40:80])) == 1
    assert set(cells[80:140]).isdisjoint(set(cells[:80]))
    assert len(set(cells[80:140])) == 2
    assert set(cells[140:]) == {0}


def test_a_column_without_any_value_says_nothing(y: np.ndarray) -> None:
    for column in (pd.Series([None] * ROWS, dtype=object), pd.Series(np.full(ROWS, np.nan))):
        assert single_feature_auc(column, y, 0) == 0.5
