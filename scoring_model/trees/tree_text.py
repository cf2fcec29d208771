"""`split_text` and `read_trees`: read the parts and the trees of LightGBM's text format."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_TREE_LINE = "\nTree="
_LAST_LINE = "\nend of trees"
# bits of `decision_type`, as in LightGBM's tree.h
_IS_CATEGORY = 1
_DEFAULT_LEFT = 2
_MISSING_SHIFT = 2
_MISSING_IS_NONE, _MISSING_IS_ZERO, _MISSING_IS_NAN = range(3)
_WORD_BITS = 32
# LightGBM treats numbers nearer to zero than this (1e-35 as a 32-bit float) as zero
ZERO = float(np.float32(1e-35))
_BELOW_ZERO = float(np.nextafter(-ZERO, -np.inf))

# a set of leaves: bit i is set for leaf i of the tree
Leaves = int


class Node(NamedTuple):
    """A node of a tree: a test of one column.

    Attributes
    ----------
    column : int
    threshold : float
        Numbers up to it go left. For a category it is 0.0 and not used.
    categories : int or None
        Bit c is set if code c goes left; all other codes go right. None for a number.
    missing_left : bool
        Whether NaN goes left.
    left, right : int
        The leaves on either side, one bit each.
    """

    column: int
    threshold: float
    categories: int | None
    missing_left: bool
    left: Leaves
    right: Leaves


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree.

    Attributes
    ----------
    values : list of float
        What each leaf adds to the margin.
    nodes : list of Node
        Parents before their children; empty in a tree of one leaf.
    """

    values: list[float]
    nodes: list[Node]


def split_text(text: str) -> tuple[str, list[str], str]:
    """Return the parts of a model's text.

    Parameters
    ----------
    text : str
        A model in LightGBM's text format.

    Returns
    -------
    head : str
        The lines before the first tree.
    bodies : list of str
        The lines of each tree after `Tree=<number>`, without the last line break.
    tail : str
        From the line `end of trees` to the end.
    """
    before, line_break, after = text.partition(_LAST_LINE)
    head, *blocks = before.split(_TREE_LINE)
    bodies = [block.partition("\n")[2] for block in blocks]
    return head, bodies, (line_break + after).removeprefix("\n")


def read_trees(text: str) -> list[Tree] | None:
    """Return the trees of a model, or None if it is of a kind that is not supported here.

    Not supported are several outputs, averages (random forests), linear leaves, and zero as a
    missing value.

    Parameters
    ----------
    text : str
        A model in LightGBM's text format.

    Returns
    -------
    list of Tree or None
        In the order in which LightGBM adds them up.
    """
    head, bodies, _ = split_text(text)
    lines = head.split("\n")
    if not {"version=v4", "num_tree_per_iteration=1"} <= set(lines) or "average_output" in lines:
        return None
    trees = []
    for body in bodies:
        fields = dict(line.split("=", 1) for line in body.split("\n") if "=" in line)
        if fields.get("is_linear", "0") != "0":
            return None
        tree = _read_tree(fields)
        if tree is None:
            return None
        trees.append(tree)
    return trees or None


def _read_tree(fields: Mapping[str, str]) -> Tree | None:
    values = list(map(float, fields["leaf_value"].split()))
    if len(values) == 1:
        return Tree(values, [])

    def read(name: str) -> list[int]:
        return list(map(int, fields.get(name, "").split()))

    thresholds = list(map(float, fields["threshold"].split()))
    boundaries, words = read("cat_boundaries"), read("cat_threshold")
    kinds = read("decision_type")
    leaves = _collect_leaves(read("left_child"), read("right_child"))
    nodes = []
    for column, threshold, kind, (left, right) in zip(
        read("split_feature"), thresholds, kinds, leaves, strict=True
    ):
        missing = kind >> _MISSING_SHIFT
        if kind & _IS_CATEGORY:
            place = int(threshold)
            categories = _join(words[boundaries[place] : boundaries[place + 1]])
            nodes.append(Node(column, 0.0, categories, False, left, right))
        elif missing == _MISSING_IS_ZERO:
            return None
        else:
            # if training had no missing values, LightGBM treats NaN as zero
            default_left = bool(kind & _DEFAULT_LEFT)
            missing_left = default_left if missing == _MISSING_IS_NAN else threshold >= 0.0
            nodes.append(Node(column, _widen_zero(threshold), None, missing_left, left, right))
    return Tree(values, nodes)


def _collect_leaves(left_child: list[int], right_child: list[int]) -> list[tuple[Leaves, Leaves]]:
    """Return the leaves to the left and right of each node; a child below 0 is leaf `~child`."""
    below: list[tuple[Leaves, Leaves]] = [(0, 0)] * len(left_child)

    def leaves_of(child: int) -> Leaves:
        return 1 << ~child if child < 0 else below[child][0] | below[child][1]

    # a node is created when a leaf is split, so children come after their parents
    for node in reversed(range(len(left_child))):
        below[node] = leaves_of(left_child[node]), leaves_of(right_child[node])
    return below


def _join(words: list[int]) -> int:
    return sum(word << (_WORD_BITS * place) for place, word in enumerate(words))


def _widen_zero(threshold: float) -> float:
    """Return a threshold that sends numbers next to zero to the same side as zero."""
    if not -ZERO <= threshold < ZERO:
        return threshold
    return ZERO if threshold >= 0.0 else _BELOW_ZERO
