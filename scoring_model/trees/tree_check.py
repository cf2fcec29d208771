"""`check_tree_text`: refuse a booster's text that LightGBM could not read or score safely.

LightGBM trusts its text: a wrong length, a child out of range or a cycle ends the process or keeps
it busy for ever. So every line that it reads is checked first, against what LightGBM 4 writes.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

from scoring_model.errors import ArtifactError
from scoring_model.trees.tree_fields import TreeFields, read_fields
from scoring_model.trees.tree_text import split_text

# beyond what training makes; LightGBM walks a tree by recursion to compute contributions
MOST_LEAVES = 1024
_MOST_TAIL_BYTES = 1 << 20
_MOST_COUNT = 2**31 - 1
_LARGEST_WORD = 2**32 - 1
_WORD_BITS = 32
# bits of `decision_type`: a category, default left, and a kind of missing value from 0 to 2
_IS_CATEGORY = 1
_LARGEST_DECISION = 11

_HEAD = {
    "version": re.compile("v4"),
    "num_class": re.compile("1"),
    "num_tree_per_iteration": re.compile("1"),
    "label_index": re.compile("0"),
    "max_feature_idx": re.compile("[0-9]{1,6}"),
    "objective": re.compile(r"binary sigmoid:[0-9]+(\.[0-9]+)?"),
    "feature_names": re.compile("[!-~]+( [!-~]+)*"),
    "monotone_constraints": re.compile("(-1|0|1)( (-1|0|1))*"),
    "feature_infos": re.compile(r"[\[\]0-9a-z.:+-]+( [\[\]0-9a-z.:+-]+)*"),
    "tree_sizes": re.compile("[0-9]{1,9}( [0-9]{1,9})*"),
}
_PER_FEATURE = ("feature_names", "monotone_constraints", "feature_infos")
_OPTIONAL = {"objective", "monotone_constraints"}
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
# lines of a tree that scoring does not use, and whether they have a number per leaf
_UNUSED = {"split_gain": 0, "leaf_weight": 1, "internal_value": 0, "internal_weight": 0}
_BEFORE = [
    *("num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type"),
    *("left_child", "right_child", "leaf_value", "leaf_weight", "leaf_count"),
    *("internal_value", "internal_weight", "internal_count"),
]
_CATEGORIES = ["cat_boundaries", "cat_threshold"]
_AFTER = ["is_linear", "shrinkage"]


def check_tree_text(text: str, names: Sequence[str], codes: Sequence[int]) -> None:
    """Check the text of a booster.

    Parameters
    ----------
    text : str
        A model in LightGBM's text format.
    names : sequence of str
        The feature of each column.
    codes : sequence of int
        Number of codes of each column; 0 for a number.

    Raises
    ------
    ArtifactError
        A part is missing or wrong, or the columns are not these features in this order.
    """
    if _CONTROL.search(text):
        raise ArtifactError("the booster must hold plain lines of text")
    head, bodies, tail = split_text(text)
    if not tail.startswith("end of trees\n") or len(tail) > _MOST_TAIL_BYTES:
        raise ArtifactError("the booster must have all its trees and a short list of parameters")
    _check_sizes(_check_head(head, names), text, head, tail)
    largest = 0.0
    for number, body in enumerate(bodies):
        fields = _read_tree(f"tree {number} of the booster", body)
        _check_nodes(fields, codes)
        largest += max(map(abs, _check_leaves(fields)))
    if not math.isfinite(largest):
        raise ArtifactError("the booster must give finite margins")


def name_columns(text: str, names: Sequence[str]) -> str:
    """Return a booster's text with the names of its features, in place of `Column_0` and so on.

    Parameters
    ----------
    text : str
        A model in LightGBM's text format.
    names : sequence of str
        The feature of each column.
    """
    return re.sub(r"(?m)^feature_names=.*$", f"feature_names={_quoted(names)}", text, count=1)


def _quoted(names: Sequence[str]) -> str:
    """Return names in one line: LightGBM takes neither spaces nor special characters in them."""
    return " ".join(quote(name, safe="") for name in names)


def _check_head(head: str, names: Sequence[str]) -> list[int]:
    """Return the sizes of the trees in bytes."""
    first, *lines, last = head.split("\n")
    fields = read_fields("the head of the booster", lines)
    known = (
        fields.values.keys() <= _HEAD.keys() and _HEAD.keys() - _OPTIONAL <= fields.values.keys()
    )
    if (first, last) != ("tree", "") or not known:
        raise fields.refuse("must have the lines that LightGBM 4 writes")
    for name, value in fields.values.items():
        if not _HEAD[name].fullmatch(value):
            raise fields.refuse(f"has a value of {name} that is not supported")
        if name in _PER_FEATURE and value.count(" ") + 1 != len(names):
            raise fields.refuse(f"must have {name} for {len(names)} features")
    # training leaves LightGBM's own names; `save_scorer` writes the features' names now
    unnamed = " ".join(f"Column_{column}" for column in range(len(names)))
    if fields.values["feature_names"] not in (_quoted(names), unnamed):
        raise fields.refuse("must name the features of the contract, in its order")
    if int(fields.values["max_feature_idx"]) != len(names) - 1:
        raise fields.refuse(f"must have {len(names)} features")
    return list(map(int, fields.values["tree_sizes"].split(" ")))


def _check_sizes(sizes: Sequence[int], text: str, head: str, tail: str) -> None:
    """Check where LightGBM will look for each tree: at the sum of the sizes before it."""
    trees = text[len(head) + 1 : len(text) - len(tail)].encode()
    place = 0
    for number, size in enumerate(sizes):
        if not trees[place : place + size].startswith(b"Tree=%d\n" % number):
            raise ArtifactError(f"tree {number} of the booster is not where tree_sizes says")
        place += size
    if place != len(trees) or trees.count(b"Tree=") != len(sizes):
        raise ArtifactError("the booster must have as many trees as tree_sizes says")


def _read_tree(place: str, body: str) -> TreeFields:
    *lines, before, last = body.split("\n")
    fields = read_fields(place, lines)
    categories = _CATEGORIES if fields.values.get("num_cat") != "0" else []
    if list(fields.values) != _BEFORE + categories + _AFTER or before or last:
        raise fields.refuse("must have the lines that LightGBM 4 writes, in their order")
    fields.integers("is_linear", 1, 0, 0)
    fields.numbers("shrinkage", 1)
    return fields


def _check_leaves(fields: TreeFields) -> list[float]:
    """Check the values and counts of leaves and nodes, and return the leaves' values."""
    (leaves,) = fields.integers("num_leaves", 1, 1, MOST_LEAVES)
    values = fields.numbers("leaf_value", leaves)
    if leaves > 1:  # LightGBM reads nothing else of a tree with one leaf
        for name, more in _UNUSED.items():
            fields.numbers(name, leaves - 1 + more, finite=False)
        # contributions divide by these counts
        fields.integers("leaf_count", leaves, 1, _MOST_COUNT)
        fields.integers("internal_count", leaves - 1, 1, _MOST_COUNT)
    return values


def _check_nodes(fields: TreeFields, codes: Sequence[int]) -> None:
    """Check that the nodes are one tree, and that each tests a column as the contract has it."""
    (leaves,) = fields.integers("num_leaves", 1, 1, MOST_LEAVES)
    nodes = leaves - 1
    words = _count_words(fields, nodes)
    if not nodes:
        return
    left = fields.integers("left_child", nodes, -leaves, nodes - 1)
    right = fields.integers("right_child", nodes, -leaves, nodes - 1)
    # each node but the root, and each leaf `~child`, has one parent; LightGBM numbers it later
    once = sorted(left + right) == [*range(-leaves, 0), *range(1, nodes)]
    later = all(c < 0 or c > node for pair in (left, right) for node, c in enumerate(pair))
    if not (once and later):
        raise fields.refuse("must reach each node and each leaf once")
    columns = fields.integers("split_feature", nodes, 0, len(codes) - 1)
    kinds = fields.integers("decision_type", nodes, 0, _LARGEST_DECISION)
    # infinity separates missing values from all others
    thresholds = fields.numbers("threshold", nodes, finite=False)
    if any(map(math.isnan, thresholds)):
        raise fields.refuse("must have no NaN in threshold")
    for column, kind, threshold in zip(columns, kinds, thresholds, strict=True):
        most = -(-codes[column] // _WORD_BITS)
        if bool(kind & _IS_CATEGORY) != bool(most):
            raise fields.refuse("tests a number as a category, or a category as a number")
        if most and (threshold not in range(len(words)) or words[int(threshold)] > most):
            raise fields.refuse("tests codes that the category does not have")


def _count_words(fields: TreeFields, nodes: int) -> list[int]:
    """Return the number of 32-bit words in each set of codes."""
    (sets,) = fields.integers("num_cat", 1, 0, nodes)
    if not sets:
        return []
    ends = fields.integers("cat_boundaries", sets + 1, 0, _MOST_COUNT)
    words = [end - start for start, end in pairwise(ends)]
    if ends[0] != 0 or min(words) < 1:
        raise fields.refuse("must have rising cat_boundaries that begin with 0")
    fields.integers("cat_threshold", ends[-1], 0, _LARGEST_WORD)
    return words
