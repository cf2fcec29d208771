"""Looking leaves up gives LightGBM's own margins to the last bit, for every kind of tree."""

from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from scoring_model.booster import TreeModel
from scoring_model.leaf_masks import build_leaf_masks
from scoring_model.leaf_tables import build_table
from scoring_model.tree_text import read_trees

ROWS, NUMBERS, CODES = 1500, 5, 70
FloatArray = NDArray[np.float64]


def make_matrix(random: np.random.Generator, rows: int) -> FloatArray:
    """Return numbers with and without gaps, counts with zeros, and two columns of codes."""
    matrix = random.normal(size=(rows, NUMBERS + 2))
    matrix[random.random(rows) < 0.3, 1] = np.nan
    matrix[:, 2] = random.poisson(0.7, rows)
    matrix[:, 3] *= 1e-35
    matrix[:, NUMBERS] = random.integers(0, CODES, rows)
    matrix[:, NUMBERS + 1] = random.choice([0.0, 1.0, np.nan], rows)
    return matrix


def train(trees: int = 30, **parameters: Any) -> lightgbm.Booster:
    """Train on numbers and categories."""
    random = np.random.default_rng(3)
    matrix = make_matrix(random, ROWS)
    known = np.nan_to_num(matrix)
    risk = known[:, 0] + known[:, 1] * (known[:, 2] > 0) + np.sin(known[:, NUMBERS])
    risk += 3e34 * known[:, 3] + random.normal(size=ROWS)
    settings = {
        "objective": "binary",
        "verbose": -1,
        "num_threads": 1,
        "min_data_in_leaf": 3,
        "max_cat_to_onehot": 1,
        "cat_smooth": 1.0,
        "cat_l2": 1.0,
        "min_data_per_group": 5,
        **parameters,
    }
    classes = settings.get("num_class", 2)
    label = np.digitize(risk, np.quantile(risk, np.arange(1, classes) / classes))
    categories = [NUMBERS, NUMBERS + 1]
    data = lightgbm.Dataset(matrix, label, categorical_feature=categories)
    return lightgbm.train(settings, data, trees)


def find_thresholds(booster: lightgbm.Booster) -> list[float]:
    lines = booster.model_to_string().split("\n")
    texts = [line.partition("=")[2].split() for line in lines if line.startswith("threshold=")]
    return sorted({float(text) for some in texts for text in some})


def make_hard_rows(booster: lightgbm.Booster) -> FloatArray:
    """Return rows at, right below and right above thresholds, next to zero, missing, unknown."""
    random = np.random.default_rng(4)
    cuts = np.array(find_thresholds(booster))
    zeros = np.array([0.0, -0.0, 1e-35, -1e-35, 1e-36, -1e-36, 5e-324, 1.0000001e-35])
    large = np.array([np.nan, 1.7e308, -1.7e308])
    values = np.concatenate([cuts, np.nextafter(cuts, 9e9), np.nextafter(cuts, -9e9), zeros, large])
    matrix = make_matrix(random, 1000)
    edges = random.random(matrix.shape) < 0.5
    edges[:, NUMBERS:] = False
    matrix[edges] = random.choice(values, edges.sum())
    codes = [-1.0, -0.5, 0.0, 31.0, 32.0, CODES - 1.0, float(CODES), 1e5, np.nan]
    matrix[::2, NUMBERS] = random.choice(codes, 500)
    return matrix


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"num_leaves": 2},
        {"num_leaves": 33},
        {"num_leaves": 200},
        {"use_missing": False},
        {"extra_trees": True, "path_smooth": 2.0},
        {"boosting": "dart", "num_leaves": 6},
        {"min_data_in_leaf": 400, "num_leaves": 64},
        {"max_cat_to_onehot": 100},
    ],
    ids=str,
)
def test_margins_are_those_of_lightgbm(parameters: dict[str, Any]) -> None:
    booster = train(**parameters)
    masks = build_leaf_masks(booster.model_to_string())
    assert masks is not None
    matrix = make_hard_rows(booster)
    expected = booster.predict(matrix, raw_score=True)
    assert np.array_equal(masks.predict(matrix), expected)
    assert masks.predict(matrix[:0]).shape == (0,)


@pytest.mark.parametrize(
    "parameters",
    [
        {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
        {"linear_tree": True},
        {"zero_as_missing": True},
        {"min_gain_to_split": 1e9},
    ],
    ids=str,
)
def test_lightgbm_itself_answers_where_masks_would_not_pay(parameters: dict[str, Any]) -> None:
    booster = train(**parameters)
    text = booster.model_to_string()
    assert build_leaf_masks(text) is None
    matrix = make_hard_rows(booster)[:200]
    expected = booster.predict(matrix, raw_score=True)
    model = TreeModel(text)
    assert np.array_equal(model.predict(matrix), expected)
    assert np.array_equal([model.predict_row(row) for row in matrix.tolist()], expected)


def test_a_table_keeps_to_its_limits() -> None:
    trees = read_trees(train().model_to_string())
    assert trees is not None
    made = build_table(trees, most_columns=7, most_bytes=1 << 20)
    assert made is not None
    columns, table = made
    assert len(table) == columns[-1].last + 1
    assert build_table(trees, most_columns=7, most_bytes=table.nbytes - 1) is None
    assert build_table(trees, most_columns=len(columns) - 1, most_bytes=1 << 20) is None


def test_several_outputs_are_not_looked_up() -> None:
    booster = train(objective="multiclass", num_class=3)
    assert build_leaf_masks(booster.model_to_string()) is None
