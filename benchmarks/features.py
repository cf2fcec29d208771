"""Features from seven tables: the shipped SQL in DuckDB, compared with the same in pandas.

`python -m benchmarks.features [--scale 1]` makes the tables and computes the features on both
sides, from CSV to Parquet, each in its own process. It checks that the features are equal, and
prints seconds, peak memory and ratios. At scale 1 the tables are as large as Home Credit's and take
4 GB of disk.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.full_size import write_full_size
from benchmarks.pandas_features import pandas_features
from benchmarks.pandas_tables import KEY
from train.data import describe_join, write_features
from train.portfolio import load_portfolio

MEMORY_LIMIT = "1600MB"


def compute_ours(folder: Path, output: Path) -> None:
    """Compute all features as batch scoring of a folder of tables does."""
    features = describe_join(load_portfolio(folder / "portfolio.toml")).features
    write_features(features, folder, output, MEMORY_LIMIT)


def compute_pandas(folder: Path, output: Path) -> None:
    """Compute all features in pandas."""
    pandas_features(folder).to_parquet(output)


SIDES = {"DuckDB": compute_ours, "pandas": compute_pandas}


def run_side(name: str, folder: Path) -> None:
    """Compute one side; print its seconds, its processor seconds and its peak memory in MB."""
    began = time.perf_counter()
    SIDES[name](folder, folder / f"{name}.parquet")
    seconds = time.perf_counter() - began
    # not getrusage: its peak includes the memory of the parent when it started this process
    status = Path("/proc/self/status").read_text(encoding="ascii")
    processor = time.process_time()
    print(seconds, processor, int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def check_equal(folder: Path) -> int:
    """Check that the features of both sides are equal; return their number."""
    names = list(describe_join(load_portfolio(folder / "portfolio.toml")).features.labels())
    theirs = pd.read_parquet(folder / "pandas.parquet", columns=names)
    ours = pd.read_parquet(folder / "DuckDB.parquet", columns=[KEY, *names]).set_index(KEY)
    ours = ours.loc[theirs.index]
    for name in names:
        np.testing.assert_allclose(
            ours[name].to_numpy(float), theirs[name].to_numpy(float), 1e-9, 1e-9, err_msg=name
        )
    return len(names)


def main() -> None:
    """Make the tables, run both sides and print their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--folder", type=Path, help="folder of tables that exist already")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        run_side(args.side, args.folder)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or Path(made) / "tables"
        if args.folder is None:
            rows = write_full_size(folder, args.scale)
            print(f"{sum(rows.values()):,} rows of seven tables")
        figures = {}
        for side in SIDES:
            command = [sys.executable, "-m", "benchmarks.features", "--side", side]
            command += ["--folder", str(folder)]
            out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            figures[side] = [float(word) for word in out.split()]
        compared = check_equal(folder)
    print(f"both sides compute the same {compared} features")
    for side, (seconds, processor, peak) in figures.items():
        print(f"{side}: {seconds:.1f} s, {processor:.1f} s of processor time, peak {peak:.0f} MB")
    ours, theirs = figures["DuckDB"], figures["pandas"]
    print(f"pandas takes {theirs[0] / ours[0]:.1f} times as long")
    print(f"DuckDB takes {ours[2] / theirs[2]:.2f} times the memory of pandas")


if __name__ == "__main__":
    main()
