"""`LeafMasks`: the margins of a booster, by looking up leaves instead of walking its trees.

Walking a tree is slow, because a processor cannot predict the branch at each node. A look-up needs
no branch. Each column has a table, with one row for each interval of its values, or each category.
A row holds one bit mask for each tree: the leaves that such a value can reach. The masks of all
columns are combined by AND, and one leaf of each tree remains. This is QuickScorer [1]_, with a
table per column.

.. [1] C. Lucchese et al., QuickScorer: a fast algorithm to rank documents with additive ensembles
   of regression trees, SIGIR 2015.
"""

from collections.abc import Sequence

import numpy as np

from scoring_model.trees.leaf_tables import WORD_BITS, Column, Masks, build_table, words_of
from scoring_model.trees.tree_text import Tree
from scoring_model.types import FloatArray

# beyond these limits, LightGBM itself is as fast and takes less memory
_MOST_COLUMNS = 128
_MOST_BYTES = 1 << 25
# rows computed at once: so few that their masks stay in the processor's cache
_STEP_ROWS = 64
_ONE = np.uint32(1)


class LeafMasks:
    """Predicts margins equal to LightGBM's own to the last bit.

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
        # the values of each word's leaves, and 0.0 if the leaf is in another word of the tree
        values = np.zeros((words, WORD_BITS + 1))
        for row, (tree, first) in zip(values, words_of(trees), strict=True):
            leaves = tree.values[first : first + WORD_BITS]
            row[: len(leaves)] = leaves
        # LightGBM starts its sum at 0.0, so that a first leaf of -0.0 gives 0.0
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
        """Return the value of the leaf that remains in each word.

        Add the values one after the other, as LightGBM does. numpy's pairwise sum differs in the
        last bit.
        """
        # at most one bit is set; minus 1 sets the bits below it: their count is the leaf's place
        leaf = np.bitwise_count(np.subtract(mask, _ONE, mask))
        return self._values.take(self._offsets + leaf)


def build_leaf_masks(trees: Sequence[Tree]) -> LeafMasks | None:
    """Return the masks of a booster, or None if they are not faster or cannot represent it.

    Parameters
    ----------
    trees : sequence of Tree
    """
    made = build_table(trees, _MOST_COLUMNS, _MOST_BYTES)
    return None if made is None else LeafMasks(trees, *made)
