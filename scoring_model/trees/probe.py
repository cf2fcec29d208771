"""`make_probe`: rows that show whether a table of leaves answers as the trees do."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from scoring_model.trees.tree_text import ZERO, Node, Tree
from scoring_model.types import FloatArray

MOST_ROWS = 4_000
# with each value in so many rows, most of the trees' leaves are reached
_ROWS_PER_VALUE = 20
# of a column, so that missing and special values keep a place in `MOST_ROWS`
_MOST_EDGES = 3_700
_EDGES_PER_MISSING = 16
_SEED = 0

# the first two do not fit in the 32 bits of a code
_LARGE = np.array([2.0**31, 2.0**32 + 1, 1.7e308])
_TINY = np.array([5e-324, 1e-36, ZERO, np.nextafter(ZERO, 0.0), np.nextafter(ZERO, 1.0)])
_SPECIAL = np.concatenate([[0.0, -0.0], _LARGE, -_LARGE, _TINY, -_TINY])


def make_probe(trees: Sequence[Tree], columns: int) -> FloatArray:
    """Return rows made of the values at which the trees' answers change.

    Each column takes its values in a random order of its own, so that every row is a new
    combination. The same trees always give the same rows.

    Parameters
    ----------
    trees : sequence of Tree
    columns : int
        How many the matrix has; one that no node asks about is 0.0.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        At most `MOST_ROWS` rows: of a column with more values, a random choice of them.
    """
    nodes: dict[int, list[Node]] = defaultdict(list)
    for tree in trees:
        for node in tree.nodes:
            nodes[node.column].append(node)
    random = np.random.default_rng(_SEED)
    values = {column: _choose_values(nodes[column], random) for column in sorted(nodes)}
    most = max(map(len, values.values()), default=0)
    rows = min(MOST_ROWS, most * _ROWS_PER_VALUE)
    matrix = np.zeros((rows, columns))
    for column, some in values.items():
        rounds = -(-rows // len(some))
        matrix[:, column] = np.concatenate([random.permutation(some) for _ in range(rounds)])[:rows]
    return matrix


def have_equal_bits(margins: FloatArray, others: FloatArray) -> bool:
    """Return whether two arrays of one shape hold the same doubles, bit by bit.

    Unlike `==`, this tells 0.0 from -0.0, and takes NaN for equal to itself.

    Parameters
    ----------
    margins, others : ndarray of float64

    Returns
    -------
    bool
    """
    return np.array_equal(margins.view(np.uint64), others.view(np.uint64))


def _choose_values(nodes: Sequence[Node], random: np.random.Generator) -> FloatArray:
    """Return the values at which answers to a column's nodes change, and special ones."""
    categories = [node.categories for node in nodes if node.categories is not None]
    if categories:
        # LightGBM cuts fractions off: what lies above -1 is code 0
        places = np.arange(-2.0, max(map(int.bit_length, categories)) + 2)
    else:
        places = np.unique([node.threshold for node in nodes])
    edges = [places, np.nextafter(places, -np.inf), np.nextafter(places, np.inf)]
    chosen = random.permutation(np.concatenate(edges))[:_MOST_EDGES]
    # each node has an answer of its own to NaN: a single row would reach few of them
    missing = np.full(len(chosen) // _EDGES_PER_MISSING + 1, np.nan)
    return np.concatenate([chosen, missing, _SPECIAL])
