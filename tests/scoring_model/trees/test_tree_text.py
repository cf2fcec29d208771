"""The text of a model is split into parts without loss."""

import pytest

from scoring_model.trees import split_text
from scoring_model.trees.tree_text import read_trees
from tests.scoring_model.trees.boosters import train


@pytest.mark.parametrize("trees", [1, 3])
def test_the_parts_can_be_joined_to_the_text_again(trees: int) -> None:
    text = train(trees).model_to_string()
    head, bodies, tail = split_text(text)
    assert len(bodies) == trees
    assert head.startswith("tree\nversion=")
    assert all(body.startswith("num_leaves=") for body in bodies)
    assert tail.startswith("end of trees\n")
    blocks = [f"\nTree={number}\n{body}" for number, body in enumerate(bodies)]
    assert "".join([head, *blocks, "\n", tail]) == text


def test_a_text_that_is_cut_off_has_no_tail() -> None:
    text = "tree\nversion=v4\n\nTree=0\nnum_leaves=1\nleaf_value=0.5\n"
    assert split_text(text) == (
        "tree\nversion=v4\n",
        ["num_leaves=1\nleaf_value=0.5\n"],
        "",
    )


def test_parents_come_before_their_children() -> None:
    trees = read_trees(train(3).model_to_string())
    assert trees is not None
    for tree in trees:
        assert len(tree.nodes) == len(tree.values) - 1
        places = {node.left | node.right: place for place, node in enumerate(tree.nodes)}
        assert places[(1 << len(tree.values)) - 1] == 0
        for place, node in enumerate(tree.nodes):
            assert not node.left & node.right
            # a single leaf is not a node
            below = [side for side in (node.left, node.right) if side.bit_count() > 1]
            assert all(places[side] > place for side in below)


def test_a_model_without_trees_is_not_read() -> None:
    head, _, tail = split_text(train(1).model_to_string())
    empty = f"{head}\n{tail}"
    assert split_text(empty) == (head, [], tail)
    assert read_trees(empty) is None
