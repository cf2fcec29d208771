"""The probe finds every table that gives other answers than LightGBM."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import lightgbm
import numpy as np
import pytest

from scoring_model.trees import TreeModel
from scoring_model.trees.leaf_masks import build_leaf_masks
from scoring_model.trees.probe import MOST_ROWS, have_equal_bits, make_probe
from scoring_model.trees.tree_text import Node, Tree, read_trees
from scoring_model.types import FloatArray
from tests.scoring_model.trees.boosters import CATEGORIES, NUMBERS, make_hard_rows, train

SMALL_CODES = 7


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    # few trees: in a long sum, the last bit of a leaf is lost
    return train(trees=3)


def read(booster: lightgbm.Booster) -> list[Tree]:
    trees = read_trees(booster.model_to_string())
    assert trees is not None
    return trees


def spoil_text(text: str, field: str) -> str:
    """Change the first value of a field by the smallest possible step."""
    before, name, after = text.partition(f"\n{field}=")
    values, line_break, rest = after.partition("\n")
    first, *others = values.split()
    changed = str(int(first) ^ 1) if field == "cat_threshold" else repr(float(next_up(first)))
    return "".join([before, name, " ".join([changed, *others]), line_break, rest])


def next_up(value: str | float) -> float:
    return float(np.nextafter(float(value), np.inf))


def test_a_real_booster_keeps_its_tables(
    booster: lightgbm.Booster, caplog: pytest.LogCaptureFixture
) -> None:
    text = booster.model_to_string()
    model = TreeModel(text)
    assert model.use_tables(read_trees(text))
    assert not caplog.records


@pytest.mark.parametrize("field", ["leaf_value", "threshold", "cat_threshold"])
def test_spoiled_tables_are_not_used(
    booster: lightgbm.Booster, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = booster.model_to_string()
    spoiled = spoil_text(text, field)
    assert spoiled != text
    model = TreeModel(text)
    assert not model.use_tables(read_trees(spoiled))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("scoring_model.trees.booster", logging.WARNING)
    assert "\n" not in record.getMessage()
    matrix = make_hard_rows(booster)
    expected = booster.predict(matrix, raw_score=True)
    assert have_equal_bits(model.predict(matrix), expected)
    assert model.use_tables(read_trees(text))
    assert have_equal_bits(model.predict(matrix), expected)


def train_small() -> lightgbm.Booster:
    """Train on three columns, so few that all combinations of their values fit in memory."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(900, 3))
    matrix[random.random(900) < 0.2, 0] = np.nan
    matrix[:, 1] = random.poisson(2, 900)
    matrix[:, 2] = random.integers(0, SMALL_CODES, 900)
    risk = np.nan_to_num(matrix[:, 0]) + 0.4 * matrix[:, 1] + np.sin(3 * matrix[:, 2])
    label = risk + random.normal(size=900) > 1
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 6}
    settings |= {"min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_to_onehot": 1}
    data = lightgbm.Dataset(matrix, label, categorical_feature=[2])
    return lightgbm.train(settings, data, 4)


def combine_all(trees: list[Tree]) -> FloatArray:
    """Return every combination of the values around the small booster's thresholds and codes."""
    values = []
    for column in range(2):
        nodes = [node for tree in trees for node in tree.nodes if node.column == column]
        cuts = np.array(sorted({node.threshold for node in nodes}))
        neighbours = [np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)]
        values.append(np.concatenate([cuts, *neighbours, [np.nan]]))
    return np.array(list(product(*values, [np.nan, *range(-1, SMALL_CODES + 2)])))


def spoil_node(node: Node) -> Iterator[Node]:
    if node.categories is None:
        yield node._replace(threshold=next_up(node.threshold))
        yield node._replace(threshold=-next_up(-node.threshold))
        yield node._replace(missing_left=not node.missing_left)
    else:
        for code in range(SMALL_CODES):
            yield node._replace(categories=node.categories ^ (1 << code))


def spoil_each(trees: list[Tree]) -> Iterator[list[Tree]]:
    """Yield the trees with one threshold, direction of missing values, code or leaf changed."""
    for place, tree in enumerate(trees):
        spoiled = [
            replace(tree, nodes=[*tree.nodes[:i], node, *tree.nodes[i + 1 :]])
            for i, kept in enumerate(tree.nodes)
            for node in spoil_node(kept)
        ]
        spoiled += [
            replace(tree, values=[*tree.values[:i], next_up(value), *tree.values[i + 1 :]])
            for i, value in enumerate(tree.values)
        ]
        for other in spoiled:
            yield [*trees[:place], other, *trees[place + 1 :]]


def test_each_fault_that_changes_an_answer_is_found() -> None:
    booster = train_small()
    trees = read(booster)
    model = TreeModel(booster.model_to_string())
    matrix = combine_all(trees)
    expected = booster.predict(matrix, raw_score=True)
    right, wrong = 0, 0
    for spoiled in spoil_each(trees):
        masks = build_leaf_masks(spoiled)
        assert masks is not None
        harmless = have_equal_bits(masks.predict(matrix), expected)
        assert model.use_tables(spoiled) == harmless
        right, wrong = right + harmless, wrong + (not harmless)
    assert wrong > 60
    assert right < wrong / 4


def test_the_probe_holds_each_value_in_each_column() -> None:
    trees = read(train())
    probe = make_probe(trees, NUMBERS + 3)
    assert len(probe) <= MOST_ROWS
    assert not probe[:, NUMBERS + 2].any()
    for column in range(NUMBERS):
        nodes = [node for tree in trees for node in tree.nodes if node.column == column]
        cuts = np.array([node.threshold for node in nodes])
        wanted = [cuts, np.nextafter(cuts, -np.inf), np.nextafter(cuts, np.inf)]
        wanted.append(np.array([np.nan, 1e-36, -1e-36, 1.7e308, -1.7e308]))
        assert np.isin(
            np.concatenate(wanted).view(np.uint64), probe[:, column].view(np.uint64)
        ).all()
    for column in CATEGORIES:
        nodes = [node for tree in trees for node in tree.nodes if node.column == column]
        codes = max((node.categories or 0).bit_length() for node in nodes)
        wanted_codes = np.arange(-2.0, codes + 1)
        assert np.isin(wanted_codes, probe[:, column]).all()
        assert np.isin(np.nextafter(wanted_codes, -np.inf), probe[:, column]).all()
        assert np.isnan(probe[:, column]).any()
    signs = np.signbit(probe[:, 0][probe[:, 0] == 0.0])
    assert signs.any()
    assert not signs.all()


def test_the_probe_is_always_the_same(booster: lightgbm.Booster) -> None:
    probe = make_probe(read(booster), NUMBERS + 2)
    assert have_equal_bits(probe, make_probe(read(booster), NUMBERS + 2))


def test_a_column_of_many_values_is_sampled() -> None:
    nodes = [Node(0, float(cut), None, False, 1, 2) for cut in range(MOST_ROWS)]
    nodes += [Node(1, 0.5, None, False, 1, 2)]
    probe = make_probe([Tree([0.0, 1.0], [node]) for node in nodes], 2)
    assert probe.shape == (MOST_ROWS, 2)
    assert len(np.unique(probe[:, 0])) > MOST_ROWS * 0.9
    assert np.isnan(probe[:, 0]).any()
    assert np.isin([0.0, 1.7e308, -1.7e308, 1e-36], probe[:, 0]).all()
    assert np.isin([0.5, next_up(0.5)], probe[:, 1]).all()


def test_bits_are_compared() -> None:
    values = np.array([0.0, np.nan, 1.0])
    assert have_equal_bits(values, values.copy())
    assert not have_equal_bits(values, np.array([-0.0, np.nan, 1.0]))
    assert not have_equal_bits(values, np.array([0.0, np.nan, next_up(1.0)]))
    assert not have_equal_bits(values, np.array([0.0, 0.0, 1.0]))
