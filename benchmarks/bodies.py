"""Data sets of the benchmarks: portfolios, cut to some rows, and simulated loans."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.planted import KINDS
from train.data import LabelledRows, PortfolioData, load_data
from train.portfolio import Portfolio, load_portfolio
from train.portfolio.sections import RandomSplit

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "portfolios"
# portfolios of the benchmarks only
OWN = {"polish": HERE / "polish"}
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


@contextmanager
def open_body(name: str, rows: int, seed: int) -> Iterator[tuple[Portfolio, PortfolioData]]:
    """Open a data set for the length of a block.

    Parameters
    ----------
    name : str
        `sba`, `taiwan`, `polish` or one of `KINDS`; `sba@2000` keeps 2,000 training rows.
    rows : int
        Most training rows of a portfolio to keep, drawn at random.
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
    portfolio = load_portfolio(OWN.get(base, SHIPPED / base) / "portfolio.toml")
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
    rows, make = KINDS[name]
    table = make(rows + TEST_ROWS, seed)
    table["side"] = np.where(np.arange(len(table)) < rows, "train", "test")
    table.to_parquet(directory / "loans.parquet")
    path = directory / "portfolio.toml"
    path.write_text(PLANTED.format(name=name), encoding="utf-8")
    return path
