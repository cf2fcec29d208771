"""Cut rows into folds, and choose the rows that the search uses."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from scoring_model.types import LabelArray, RowNumbers
from train.errors import InputError
from train.settings import FoldMethod

FoldRows = tuple[RowNumbers, RowNumbers]
"""Numbers of the rows to fit on and of the rows that are held out."""

# The search only ranks the trials; it needs no exact cost. More rows only make it slower.
SEARCH_ROWS = 40_000
# With fewer rows the cost depends much on the shuffle of the folds: average several shuffles.
SMALL_ROWS, REPEATS = 3_000, 3


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
        1 = default.
    method : {"stratified", "time"}
        `stratified` shuffles the rows and keeps the default rate in each fold. `time` fits on rows
        that were decided before the held-out rows, so the earliest rows are never held out.
    folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.
    dates : ndarray of datetime64, shape (rows,), optional
        Day of each decision; required for `time`.
    """
    if method == "stratified":
        if (smallest := int(np.bincount(y, minlength=2).min())) < folds:
            raise InputError(
                f"{folds} folds need at least {folds} training rows of each class, got {smallest}"
            )
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(len(y)), y))
    if dates is None:
        raise InputError("folds = time needs decision_date in [portfolio]")
    edges = np.quantile(dates.astype("int64"), np.linspace(0, 1, folds + 2)[1:-1])
    block = np.searchsorted(edges, dates.astype("int64"), side="right")
    splits = [
        (np.flatnonzero(block < number), np.flatnonzero(block == number))
        for number in range(1, folds + 1)
    ]
    if any(len(np.unique(y[part])) < 2 for split in splits for part in split):
        raise InputError(
            f"folds = time: each of {folds + 1} periods with equally many loans needs repaid and "
            "defaulted loans"
        )
    return splits


def repeat_folds(
    y: LabelArray,
    method: FoldMethod,
    folds: int,
    seed: int,
    dates: NDArray[np.datetime64] | None = None,
) -> list[list[FoldRows]]:
    """Return the folds of each shuffle of the rows.

    Few rows are shuffled several times. Many rows, and folds by time, have one set of folds. The
    parameters are those of `split_folds`; the seed of each shuffle is derived from `seed`.
    """
    repeats = 1 if method == "time" else repeat_count(len(y))
    seeds = np.random.SeedSequence(seed).generate_state(repeats)
    return [split_folds(y, method, folds, int(state), dates) for state in seeds]


def repeat_count(rows: int) -> int:
    """Return how many shuffles of the folds are averaged for `rows` rows."""
    return REPEATS if rows <= SMALL_ROWS else 1


def search_rows(y: LabelArray, seed: int) -> RowNumbers:
    """Return the row numbers for the search: all rows, or a stratified sample of `SEARCH_ROWS`."""
    if len(y) <= SEARCH_ROWS:
        return np.arange(len(y))
    chosen, _ = train_test_split(
        np.arange(len(y)), train_size=SEARCH_ROWS, random_state=seed, stratify=y
    )
    return np.sort(chosen)
