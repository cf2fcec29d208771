"""`LeafMasks`: the margins of a booster by looking leaves up, not by walking its trees.

A walk takes a branch at each node that no processor can foresee. But what all nodes that ask about
one column answer depends only on the interval, or the category, in which the value lies: a row of a
table holds, as a mask for each tree, the leaves that they leave open. The rows of all columns,
combined bit by bit, leave one leaf of each tree. This is QuickScorer [1]_, with a table per column.

.. [1] C. Lucchese et al., QuickScorer: a fast algorithm to rank documents with additive ensembles
   of regression trees, SIGIR 2015.
"""

from collections.abc import Sequence

import numpy as np

from scoring_model.trees.leaf_tables import WORD_BITS, Column, Masks, build_table, words_of
from scoring_model.trees.tree_text import Tree
from scoring_model.types import FloatArray

# beyond these the trees' own walk is as fast, and smaller
_MOST_COLUMNS = 128
_MOST_BYTES = 1 << 25
# of a matrix at once: their masks stay in the processor's cache
_STEP_ROWS = 64
_ONE = np.uint32(1)


class LeafMasks:
    """Margins equal to LightGBM's own to the last bit.

    Parameters
    ----------
    trees : sequence of Tree
        In the order in which LightGBM adds them up.
    columns : sequence of Column
        As `build_table` returns them.
    table : ndarray of uint32, shape (rows, words)
        As `build_table` returns it.
    """

    def __init__(self, trees: Sequence[Tree], columns: Sequence[Column], table: Masks) -> None:
        self._columns = columns
        self._table = table
        words = table.shape[1]
        # of each word its leaves' values, and 0.0 for when the tree's open leaf is in another word
        values = np.zeros((words, WORD_BITS + 1))
        for row, (tree, first) in zip(values, words_of(trees), strict=True):
            leaves = tree.values[first : first + WORD_BITS]
            row[: len(leaves)] = leaves
        # LightGBM adds to 0.0, which makes 0.0 of a first leaf of -0.0
        self._values = values.ravel() + 0.0
        self._offsets = np.arange(words, dtype=np.intp) * (WORD_BITS + 1)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the margin of each row of a matrix.

        Parameters
        ----------
        matrix : ndarray of float64, shape (rows, columns)
            Missing is NaN.

        Returns
        -------
        ndarray of float64, shape (rows,)
            Log-odds.
        """
        places = np.array([c.find_rows(matrix[:, c.index]) for c in self._columns])
        margins = np.empty(len(matrix))
        shape = min(_STEP_ROWS, len(matrix)), self._table.shape[1]
        masks, rows = np.empty(shape, np.uint32), np.empty(shape, np.uint32)
        for start in range(0, len(matrix), _STEP_ROWS):
            step = slice(start, start + _STEP_ROWS)
            first, *others = places[:, step]
            mask, row = masks[: len(first)], rows[: len(first)]
            self._table.take(first, 0, mask, mode="clip")
            for place in others:
                self._table.take(place, 0, row, mode="clip")
                np.bitwise_and(mask, row, mask)
            margins[step] = np.add.accumulate(self._look_up(mask), 1)[:, -1]
        return margins

    def _look_up(self, mask: Masks) -> FloatArray:
        """Return the values of the leaves that are left, to be added one after the other.

        As LightGBM does: a sum by halves differs in the last bit.
        """
        # one bit is left, and below it as many as there are leaves before
        leaf = np.bitwise_count(np.subtract(mask, _ONE, mask))
        return self._values.take(self._offsets + leaf)


def build_leaf_masks(trees: Sequence[Tree]) -> LeafMasks | None:
    """Return the masks of a booster, None where they do not pay or cannot tell its answers.

    Parameters
    ----------
    trees : sequence of Tree

    Returns
    -------
    LeafMasks or None
    """
    made = build_table(trees, _MOST_COLUMNS, _MOST_BYTES)
    return None if made is None else LeafMasks(trees, *made)
