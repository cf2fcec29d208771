"""Which rows a fold fits on and which it holds out; how many of them a search needs."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from scoring_model.types import LabelArray, RowNumbers
from train.errors import InputError
from train.settings import FoldMethod

FoldRows = tuple[RowNumbers, RowNumbers]
"""Rows to fit on and rows that are held out."""

# A search needs the order of trials, not their exact cost: more rows than this only make it slow.
SEARCH_ROWS = 40_000
# Under so many rows one shuffle's luck shows in the cost: several are averaged.
SMALL_ROWS = 6_000
REPEAT_ROWS = 9_000
MAX_REPEATS = 3


def split_folds(
    y: LabelArray,
    method: FoldMethod,
    folds: int,
    seed: int,
    dates: NDArray[np.datetime64] | None = None,
) -> list[FoldRows]:
    """Return (fit rows, held-out rows) of each fold.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
    method : {"stratified", "time"}
        `stratified` shuffles and keeps the default rate; `time` fits on what was decided before
        the held-out rows, so that the first block is never held out.
    folds : int
    seed : int
        Seeds the shuffle.
    dates : ndarray of datetime64, shape (rows,), optional
        When each decision was made; needed for `time`.
    """
    if method == "stratified":
        if (smallest := int(np.bincount(y, minlength=2).min())) < folds:
            raise InputError(
                f"{folds} folds need {folds} training rows of each class at least, got {smallest}"
            )
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(len(y)), y))
    if dates is None:
        raise InputError("folds = time needs a [portfolio] decision_date")
    edges = np.quantile(dates.astype("int64"), np.linspace(0, 1, folds + 2)[1:-1])
    block = np.searchsorted(edges, dates.astype("int64"), side="right")
    return [
        (np.flatnonzero(block < number), np.flatnonzero(block == number))
        for number in range(1, folds + 1)
    ]


def repeat_folds(
    y: LabelArray,
    method: FoldMethod,
    folds: int,
    seed: int,
    dates: NDArray[np.datetime64] | None = None,
) -> list[list[FoldRows]]:
    """Return the folds of each shuffle: several for few rows, one for many or for folds by time.

    Parameters
    ----------
    y, method, folds, seed, dates
        As `split_folds` takes them; each shuffle has a seed of its own.
    """
    repeats = 1 if method == "time" else repeat_count(len(y))
    seeds = np.random.SeedSequence(seed).generate_state(repeats)
    return [split_folds(y, method, folds, int(state), dates) for state in seeds]


def repeat_count(rows: int) -> int:
    """Return over how many shuffles of the folds to average."""
    return 1 if rows > SMALL_ROWS else max(2, min(MAX_REPEATS, REPEAT_ROWS // rows))


def search_rows(y: LabelArray, seed: int) -> RowNumbers:
    """Return the rows to search on: all, or a stratified sample of `SEARCH_ROWS`."""
    if len(y) <= SEARCH_ROWS:
        return np.arange(len(y))
    chosen, _ = train_test_split(
        np.arange(len(y)), train_size=SEARCH_ROWS, random_state=seed, stratify=y
    )
    return np.sort(chosen)
