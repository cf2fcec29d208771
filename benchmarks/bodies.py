"""Data sets of the benchmarks: the shipped portfolios, cut to some rows, and simulated loans."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring_model.types import FloatArray
from train.data import LabelledRows, PortfolioData, load_data
from train.portfolio import Portfolio, load_portfolio
from train.portfolio.split import RandomSplit

SHIPPED = Path(__file__).parent.parent / "portfolios"
TEST_ROWS = 20_000

PLANTED = """
[portfolio]
name = "{name}"
description = "Simulated loans"
source = "loans.parquet"
key = "loan_id"
target = "defaulted"

[split]
method = "column"
column = "side"
"""

# name: training rows, numeric features, categorical features, default rate
KINDS: dict[str, tuple[int, int, int, float]] = {
    "planted-small": (1_000, 8, 4, 0.2),
    "planted-plain": (5_000, 10, 4, 0.1),
    "planted-wide": (3_000, 100, 20, 0.15),
    "planted-numbers": (10_000, 20, 0, 0.08),
    "planted-categories": (6_000, 0, 14, 0.2),
    "planted-rare": (20_000, 10, 4, 0.01),
    "planted-even": (4_000, 10, 4, 0.45),
    "planted-large": (60_000, 12, 4, 0.09),
}


@contextmanager
def open_body(name: str, rows: int, seed: int) -> Iterator[tuple[Portfolio, PortfolioData]]:
    """Open a data set for the length of a block.

    Parameters
    ----------
    name : str
        `sba`, `taiwan` or one of `KINDS`; `sba@2000` keeps 2,000 training rows.
    rows : int
        Most training rows to keep, drawn at random.
    seed : int
        Seed of that draw, of a random split and of simulated loans.

    Yields
    ------
    portfolio : Portfolio
    data : PortfolioData
    """
    base, _, kept = name.partition("@")
    if base in KINDS:
        with TemporaryDirectory() as directory:
            portfolio = load_portfolio(_write_planted(Path(directory), base, seed))
            yield portfolio, load_data(portfolio)
        return
    portfolio = load_portfolio(SHIPPED / base / "portfolio.toml")
    if isinstance(portfolio.split, RandomSplit):
        portfolio = replace(portfolio, split=replace(portfolio.split, seed=seed))
    yield portfolio, _keep_rows(load_data(portfolio), int(kept or rows), seed)


def _keep_rows(data: PortfolioData, rows: int, seed: int) -> PortfolioData:
    train = data.train
    if rows >= len(train.y):
        return data
    kept = np.sort(np.random.default_rng(seed).choice(len(train.y), rows, replace=False))
    return replace(
        data,
        train=LabelledRows(train.frame.iloc[kept], train.matrix[kept], train.y[kept]),
    )


def _write_planted(directory: Path, name: str, seed: int) -> Path:
    rows, numbers, categories, rate = KINDS[name]
    table = make_planted(rows + TEST_ROWS, numbers, categories, rate, seed)
    table["side"] = np.where(np.arange(len(table)) < rows, "train", "test")
    table.to_parquet(directory / "loans.parquet")
    path = directory / "portfolio.toml"
    path.write_text(PLANTED.format(name=name), encoding="utf-8")
    return path


def make_planted(rows: int, numbers: int, categories: int, rate: float, seed: int) -> pd.DataFrame:
    """Return simulated loans, with interactions of features and missing values in some numbers."""
    random = np.random.default_rng(seed)
    log_odds = np.zeros(rows)
    columns: dict[str, FloatArray | NDArray[np.object_]] = {}
    shapes: list[Callable[[FloatArray], FloatArray]] = [
        lambda x: x,
        lambda x: np.asarray(np.abs(x) - 0.8),
        lambda x: np.where(x > 1, 1.5, 0.0),
        lambda x: np.asarray(np.tanh(x)),
    ]
    strength = 0.55
    for number in range(numbers):
        values = random.standard_normal(rows)
        if number < 8:
            log_odds += strength * random.choice([-1, 1]) * shapes[number % 4](values)
        if number == 1:
            log_odds += 0.4 * values * columns["number_0"].astype(np.float64)
        seen = values.copy()
        if number % 3 == 2:
            seen[random.random(rows) < 0.15] = np.nan
        columns[f"number_{number}"] = np.exp(seen) if number % 2 else seen
    for category in range(categories):
        levels = int(random.integers(2, 15))
        codes = random.integers(0, levels, rows)
        if category < 6:
            log_odds += (0.45 * random.standard_normal(levels))[codes]
        columns[f"category_{category}"] = np.array([f"level {i}" for i in range(levels)])[codes]
    shift = _solve_shift(log_odds, rate)
    defaulted = random.random(rows) < 1 / (1 + np.exp(-(log_odds + shift)))
    return pd.DataFrame({"loan_id": np.arange(rows), **columns, "defaulted": defaulted.astype(int)})


def _solve_shift(log_odds: FloatArray, rate: float) -> float:
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        too_low = (1 / (1 + np.exp(-(log_odds + middle)))).mean() < rate
        low, high = (middle, high) if too_low else (low, middle)
    return (low + high) / 2
