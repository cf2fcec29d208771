"""Looking up leaves gives LightGBM's own margins to the last bit, for every kind of tree."""

from typing import Any

import lightgbm
import numpy as np
import pytest

from scoring_model.trees import TreeModel
from scoring_model.trees.leaf_masks import LeafMasks, build_leaf_masks
from scoring_model.trees.leaf_tables import build_table
from scoring_model.trees.probe import have_equal_bits
from scoring_model.trees.tree_text import read_trees
from tests.scoring_model.trees.boosters import CATEGORIES, make_hard_rows, train
from train.fitting.averaging import average_boosters


def build(booster: lightgbm.Booster) -> LeafMasks | None:
    trees = read_trees(booster.model_to_string())
    return None if trees is None else build_leaf_masks(trees)


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
    masks = build(booster)
    assert masks is not None
    matrix = make_hard_rows(booster)
    expected = booster.predict(matrix, raw_score=True)
    assert have_equal_bits(masks.predict(matrix), expected)
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
def test_lightgbm_itself_predicts_if_there_are_no_masks(parameters: dict[str, Any]) -> None:
    booster = train(**parameters)
    assert build(booster) is None
    matrix = make_hard_rows(booster)[:200]
    expected = booster.predict(matrix, raw_score=True)
    model = TreeModel(booster.model_to_string())
    assert np.array_equal(model.predict(matrix), expected)
    assert np.array_equal([model.predict_row(row) for row in matrix.tolist()], expected)


def test_a_table_stays_within_its_limits() -> None:
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
    assert build(booster) is None


def test_lightgbm_itself_predicts_for_a_column_of_both_kinds() -> None:
    column, other = CATEGORIES
    both = average_boosters([train(), train(categories=(other,))], [1.0, 1.0])
    trees = read_trees(both.model_to_string())
    assert trees is not None
    kinds = {n.categories is None for tree in trees for n in tree.nodes if n.column == column}
    assert kinds == {True, False}
    assert build_leaf_masks(trees) is None
    model = TreeModel(both.model_to_string())
    assert not model.use_tables(trees)
    matrix = make_hard_rows(both)
    assert have_equal_bits(model.predict(matrix), both.predict(matrix, raw_score=True))


def test_a_margin_of_zero_has_the_sign_of_lightgbm() -> None:
    text = train(trees=1, num_leaves=2).model_to_string()
    before, name, after = text.partition("leaf_value=")
    zeros = f"{before}{name}-0 -0\n{after.partition(chr(10))[2]}"
    assert TreeModel(zeros).use_tables(read_trees(zeros))
