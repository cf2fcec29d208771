"""`make_probe`: rows that show whether a table of leaves gives the same answers as the trees."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from scoring_model.trees.tree_text import ZERO, Node, Tree
from scoring_model.types import FloatArray

MOST_ROWS = 4_000
# each value is in this many rows, so that most leaves of the trees are reached
_ROWS_PER_VALUE = 20
# limit for one column, so that missing and special values also fit into `MOST_ROWS`
_MOST_EDGES = 3_700
_EDGES_PER_MISSING = 16
_SEED = 0

# the first two do not fit in the 32 bits of a code
_LARGE = np.array([2.0**31, 2.0**32 + 1, 1.7e308])
_TINY = np.array([5e-324, 1e-36, ZERO, np.nextafter(ZERO, 0.0), np.nextafter(ZERO, 1.0)])
_SPECIAL = np.concatenate([[0.0, -0.0], _LARGE, -_LARGE, _TINY, -_TINY])


def make_probe(trees: Sequence[Tree], columns: int) -> FloatArray:
    """Return rows made of the values at which the trees' answers change.

    The values of each column are shuffled separately, so that every row is a new combination. The
    same trees always give the same rows.

    Parameters
    ----------
    trees : sequence of Tree
    columns : int
        Number of columns of the matrix. A column that no node tests is 0.0.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        At most `MOST_ROWS` rows. If a column has more values, they are a random choice.
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

    Unlike `==`, this distinguishes 0.0 from -0.0, and NaN is equal to itself.

    Parameters
    ----------
    margins, others : ndarray of float64
    """
    return np.array_equal(margins.view(np.uint64), others.view(np.uint64))


def _choose_values(nodes: Sequence[Node], random: np.random.Generator) -> FloatArray:
    """Return the values at which the answers of a column's nodes change, and special values."""
    categories = [node.categories for node in nodes if node.categories is not None]
    if categories:
        # LightGBM drops the fraction of a code: values between -1 and 1 are code 0
        places = np.arange(-2.0, max(map(int.bit_length, categories)) + 2)
    else:
        places = np.unique([node.threshold for node in nodes])
    edges = [places, np.nextafter(places, -np.inf), np.nextafter(places, np.inf)]
    chosen = random.permutation(np.concatenate(edges))[:_MOST_EDGES]
    # each node has its own answer for NaN, and a single row would reach only few nodes
    missing = np.full(len(chosen) // _EDGES_PER_MISSING + 1, np.nan)
    return np.concatenate([chosen, missing, _SPECIAL])
