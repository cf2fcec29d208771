"""Batch scoring from Parquet to Parquet, compared with LightGBM's `predict` on a matrix in memory.

`python -m benchmarks.batch [rows]` prints both speeds and their ratio. The default of 10 million
rows takes some minutes and 2 GB of disk.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring_model.contract import Feature, FeatureContract
from scoring_model.decision_log import VersionName
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.trees import TreeModel
from scoring_model.types import FloatArray
from scoring_model.version import Scorer, load_scorer, save_scorer
from train.batch import BatchModel, score_loans
from train.tables import Source

FEATURES, TREES, LEAVES = 22, 400, 31
FIT_ROWS, MATRIX_ROWS, GROUP_ROWS = 20_000, 500_000, 250_000
NAMES = tuple(f"feature_{number:02d}" for number in range(FEATURES))


def make_matrix(rows: int, seed: int) -> FloatArray:
    """Return random numbers, of which one in twenty is missing."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, FEATURES))
    matrix[rng.random((rows, FEATURES)) < 0.05] = np.nan
    return matrix


def make_scorer() -> Scorer:
    """Return a scorer with a booster of 400 trees over 22 features."""
    matrix = make_matrix(FIT_ROWS, seed=0)
    margin = np.nan_to_num(matrix) @ np.linspace(-1, 1, FEATURES)
    y = np.random.default_rng(1).random(FIT_ROWS) < 1 / (1 + np.exp(-margin))
    params = {"objective": "binary", "num_leaves": LEAVES, "verbosity": -1}
    booster = lightgbm.train(params, lightgbm.Dataset(matrix, y), num_boost_round=TREES)
    return Scorer(
        FeatureContract(tuple(Feature(name, "number", nullable=True) for name in NAMES)),
        TreeModel(booster.model_to_string()),
        DecisionPolicy(CalibrationMap("sigmoid"), 1 / 11, 10.0, 1.0),
    )


def write_body(path: Path, rows: int) -> None:
    """Write applicants to a Parquet file, one row group at a time."""
    schema = pa.schema([("loan_id", pa.int64()), *((name, pa.float64()) for name in NAMES)])
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, rows, GROUP_ROWS):
            count = min(GROUP_ROWS, rows - first)
            columns = [np.arange(first, first + count), *make_matrix(count, first).T]
            writer.write_table(pa.table(columns, schema=schema))


def score(folder: Path) -> None:
    """Score the file and print rows per second and the peak memory of this process in MB."""
    model = BatchModel(load_scorer(folder), VersionName(None, "1", ""), "loan_id", "benchmark")
    began = time.perf_counter()
    report = score_loans(model, Source(f"{folder}/body.parquet"), folder / "scored.parquet")
    seconds = time.perf_counter() - began
    # not getrusage: its peak includes the memory of the parent when it started this process
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(report.scored / seconds, peak)


def predict_seconds(booster: lightgbm.Booster, matrix: FloatArray) -> float:
    """Return the seconds that LightGBM's `predict` takes."""
    began = time.perf_counter()
    booster.predict(matrix, raw_score=True)
    return time.perf_counter() - began


def main(rows: int) -> None:
    """Print both speeds, their ratio and the peak memory of batch scoring."""
    scorer = make_scorer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_scorer(scorer, folder, dict.fromkeys(NAMES, 0.0))
        write_body(folder / "body.parquet", rows)
        matrix = make_matrix(MATRIX_ROWS, seed=2)
        booster = lightgbm.Booster(model_str=scorer.booster.model_to_string())
        before = predict_seconds(booster, matrix)
        command = [sys.executable, "-m", "benchmarks.batch", "--score", name]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        # measured before and after, because the speed of a shared machine changes
        own = 2 * MATRIX_ROWS / (before + predict_seconds(booster, matrix))
    ours, peak = map(float, result.stdout.split())
    print(f"LightGBM's predict, {MATRIX_ROWS} rows in memory: {own:,.0f} rows/s")
    print(f"batch scoring, {rows} rows, Parquet in and out: {ours:,.0f} rows/s, peak {peak:.0f} MB")
    print(f"ratio {ours / own:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--score"]:
        score(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
