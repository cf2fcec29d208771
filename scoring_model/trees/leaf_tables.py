"""`build_table`: masks of the leaves that each value of a column can reach."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring_model.trees.tree_text import Node, Tree
from scoring_model.types import FloatArray, RowNumbers

Masks = NDArray[np.uint32]

WORD_BITS = 32
_FULL = (1 << WORD_BITS) - 1


@dataclass(frozen=True, slots=True)
class Column:
    """The position of a column's rows in the table, and the row of each value.

    For a number, row i is for values above `thresholds[i - 1]` and up to `thresholds[i]`. For a
    category, row i is for code i.

    Attributes
    ----------
    index : int
        Number of the column in a matrix.
    start : int
        Number of the column's first row in the table.
    last : int
        Number of the last row, which is for missing values and for codes that no node names.
    thresholds : list of float or None
        None for a category.
    """

    index: int
    start: int
    last: int
    thresholds: list[float] | None

    def find_rows(self, values: FloatArray) -> RowNumbers:
        """Return the number of the table's row for each value, shape (rows,).

        Parameters
        ----------
        values : ndarray of float64, shape (rows,)
        """
        if self.thresholds is not None:
            rows = self.start + np.searchsorted(self.thresholds, values, side="left")
            return np.where(np.isnan(values), self.last, rows)
        codes = self.last - self.start
        known = (values > -1.0) & (values < codes)
        return self.start + np.where(known, values, codes).astype(np.intp)


class _Answer(NamedTuple):
    """A node, and the leaves of one word that remain possible after it.

    Attributes
    ----------
    node : Node
    word : int
        Position of the word in a row of the table.
    left, right : int
        Leaves that remain possible if the value goes left, or right; one bit each.
    """

    node: Node
    word: int
    left: int
    right: int


def words_of(trees: Sequence[Tree]) -> Iterator[tuple[Tree, int]]:
    """Yield, for each word of a mask, its tree and its first leaf.

    Parameters
    ----------
    trees : sequence of Tree

    Yields
    ------
    tree : Tree
    first : int
        Leaf of the word's lowest bit. A tree with more than 32 leaves has several words.
    """
    for tree in trees:
        for first in range(0, len(tree.values), WORD_BITS):
            yield tree, first


def build_table(
    trees: Sequence[Tree], most_columns: int, most_bytes: int
) -> tuple[list[Column], Masks] | None:
    """Return the columns that the trees use, and the masks of their values.

    Parameters
    ----------
    trees : sequence of Tree
    most_columns : int
        If the trees use more columns, or none, None is returned.
    most_bytes : int
        If the table would be larger, None is returned.

    Returns
    -------
    columns : list of Column
        All columns that nodes test. If one is a number in one tree and a category in another,
        None is returned instead of columns and table.
    table : ndarray of uint32, shape (rows of all columns, words of all trees)
        The leaves that each value can reach. One row of each column, combined by AND, leaves one
        leaf of each tree.
    """
    words = list(words_of(trees))
    answers = _collect_answers(words)
    columns = _place_columns(answers)
    if columns is None or not 0 < len(columns) <= most_columns:
        return None
    if (columns[-1].last + 1) * len(words) * np.uint32().nbytes > most_bytes:
        return None
    fill = [_fill_category if column.thresholds is None else _fill_number for column in columns]
    table = np.concatenate(
        [f(c, answers[c.index], len(words)) for f, c in zip(fill, columns, strict=True)]
    )
    leaves = [min(len(tree.values) - first, WORD_BITS) for tree, first in words]
    table &= np.array([(1 << count) - 1 for count in leaves], dtype=np.uint32)
    return columns, table


def _collect_answers(words: Sequence[tuple[Tree, int]]) -> dict[int, list[_Answer]]:
    """Return the answers of all nodes, by the column that the node tests."""
    answers: dict[int, list[_Answer]] = defaultdict(list)
    for word, (tree, first) in enumerate(words):
        for node in tree.nodes:
            left, right = ~(node.right >> first) & _FULL, ~(node.left >> first) & _FULL
            answers[node.column].append(_Answer(node, word, left, right))
    return answers


def _place_columns(answers: dict[int, list[_Answer]]) -> list[Column] | None:
    columns: list[Column] = []
    start = 0
    for index, given in sorted(answers.items()):
        categories = [a.node.categories for a in given if a.node.categories is not None]
        # a row is for an interval or for a code; a column cannot have both
        if 0 < len(categories) < len(given):
            return None
        thresholds = None
        if categories:
            last = start + max(map(int.bit_length, categories))
        else:
            thresholds = sorted({answer.node.threshold for answer in given})
            last = start + len(thresholds) + 1
        columns.append(Column(index, start, last, thresholds))
        start = last + 1
    return columns


def _fill_number(column: Column, answers: Sequence[_Answer], words: int) -> Masks:
    shape = (column.last - column.start, words)
    left, right = np.full(shape, _FULL, np.uint32), np.full(shape, _FULL, np.uint32)
    missing = np.full(words, _FULL, np.uint32)
    thresholds = column.thresholds or []
    for node, word, goes_left, goes_right in answers:
        # here only the row next to the threshold gets the answer; the accumulations after the
        # loop add left answers to all lower rows, and right answers to all higher rows
        row = bisect_left(thresholds, node.threshold)
        left[row, word] &= goes_left
        right[row + 1, word] &= goes_right
        missing[word] &= goes_left if node.missing_left else goes_right
    downwards = np.bitwise_and.accumulate(left[::-1])[::-1]
    return np.vstack([downwards & np.bitwise_and.accumulate(right), missing])


def _fill_category(column: Column, answers: Sequence[_Answer], words: int) -> Masks:
    codes = column.last - column.start
    table = np.full((words, codes + 1), _FULL, np.uint32)
    for answer in answers:
        wanted = answer.node.categories or 0
        bits = np.frombuffer(wanted.to_bytes(codes // 8 + 1, "little"), dtype=np.uint8)
        goes_left = np.unpackbits(bits, count=codes + 1, bitorder="little").astype(bool)
        table[answer.word] &= np.where(goes_left, *np.array([answer.left, answer.right], np.uint32))
    return table.T
