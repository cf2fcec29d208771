"""Time and memory of a training by number of rows: measured here, and computed for more rows.

`python -m benchmarks.scale [rows]` measures the processor time of each part, so that other programs
on the machine have little influence. From this it computes core-hours and bytes for 10 million to a
billion rows. It assumes that time grows in proportion to rows times trees.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.batch import FEATURES, LEAVES, TREES, make_matrix, make_scorer, write_body
from scoring_model.decision_log import VersionName
from train.batch import BatchModel, score_loans
from train.fitting.boosting import BINNING, BoostingParams, FoldedRows, fit_all
from train.fitting.folds import SEARCH_ROWS, split_folds
from train.pipeline import FINAL_FOLDS_OF_MANY
from train.portfolio import Costs
from train.search import Runner, SearchPlan, first_points
from train.search.tuning import SEARCH_FOLDS
from train.tables import Source

FIT_TREES = 50
BODY_ROWS = 200_000
TRIALS = 25
BODIES = (10_000_000, 100_000_000, 1_000_000_000)
# bytes of a row in the matrix: a double for each feature
MATRIX_BYTES = 8 * FEATURES
# bytes of a row in a fit: one for each binned feature, 4 each for label, gradient, hessian and
# position in the leaf, and 8 for LightGBM's score
FIT_BYTES = FEATURES + 4 * 4 + 8
# bytes of a row on the driver: the table, the matrix, and the copy of the matrix for a fit
DRIVER_BYTES = 3 * MATRIX_BYTES
# bytes of a bin in the histograms that workers add up: gradient and hessian as doubles
BIN_BYTES = 16
HOUR = 3600
GIGABYTE = 1e9


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of some work, over all threads of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def fit_seconds(rows: int) -> float:
    """Return the seconds of a fit per row and tree, binning included."""
    matrix = make_matrix(rows, seed=0)
    y = (np.random.default_rng(1).random(rows) < 0.1).astype(np.int8)
    params = BoostingParams("none", 1.0, {"num_leaves": LEAVES}, FIT_TREES)
    seconds = processor_seconds(lambda: fit_all(matrix, y, params, (), 0))
    return seconds / rows / FIT_TREES


def trial_seconds() -> float:
    """Return the seconds of the first trial of a search, on the most rows that a search takes."""
    matrix = make_matrix(SEARCH_ROWS, seed=0)
    margin = np.nan_to_num(matrix) @ np.linspace(-0.5, 0.5, FEATURES) - 2
    random = np.random.default_rng(1)
    y = (random.random(SEARCH_ROWS) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    splits = tuple(split_folds(y, "stratified", SEARCH_FOLDS, seed=0))
    plan = SearchPlan(("none",), max_evals=1, seed=0)
    point = first_points(plan, len(splits[0][0]))[0]
    folds = FoldedRows(matrix, y, splits, ()).bin()
    runner = Runner(folds, Costs().of_rows(SEARCH_ROWS), plan, threads=1)
    return processor_seconds(lambda: runner.run([(point, 0)], 0, None))


def score_seconds() -> float:
    """Return the seconds of scoring per row, from Parquet to Parquet."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_body(folder / "body.parquet", BODY_ROWS)
        model = BatchModel(make_scorer(), VersionName(None, "1", ""), "loan_id", "benchmark")
        body, scored = Source(f"{folder}/body.parquet"), folder / "scored.parquet"
        return processor_seconds(lambda: score_loans(model, body, scored)) / BODY_ROWS


def main(rows: int) -> None:
    """Print the measurements, and the figures that are computed from them."""
    fit, trial, score = fit_seconds(rows), trial_seconds(), score_seconds()
    print(f"measured with {FEATURES} features, {LEAVES} leaves, in seconds of one core:")
    print(f"  fit      {1e6 * fit:.3f} for a million rows and one tree (measured on {rows} rows)")
    print(f"  score    {1e6 * score:.2f} for a million rows, {TREES} trees, Parquet to Parquet")
    print(f"  trial    {trial:.1f} on {SEARCH_ROWS} rows, all folds; no search uses more rows")
    # the final fit; the fits on k folds, which take as long as k - 1 fits of all rows, because
    # each leaves out one fold; and one fit to find the number of trees
    fits = 1 + (FINAL_FOLDS_OF_MANY - 1) + 1
    network = TREES * (LEAVES - 1) * FEATURES * BINNING["max_bin"] * BIN_BYTES
    print(f"computed for {TREES} trees, {TRIALS} trials, {fits} fits of all rows:")
    print("  rows           search       fits      score   GB in a fit   GB on the driver")
    for body in BODIES:
        print(
            f"  {body:<13,}{TRIALS * trial / HOUR:6.2f} h {body * TREES * fits * fit / HOUR:8.1f} h"
            f" {body * score / HOUR:8.2f} h {body * FIT_BYTES / GIGABYTE:11.1f}"
            f" {body * DRIVER_BYTES / GIGABYTE:16.1f}"
        )
    print(f"  each worker of a fit sends at most {network / GIGABYTE:.1f} GB of histograms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
