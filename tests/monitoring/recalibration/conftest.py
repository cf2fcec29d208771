"""Stores with a champion, and with its recalibration, which is slow to make."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import pytest

from scoring_model.policy import LoanCostRule
from scoring_model.version import Scorer
from tests.monitoring.recalibration.planted import champion, make_champion, plant, recalibrate
from tests.stores import own_store
from tests.train.versions import DEFAULT, register_scorer, write_gated_portfolio
from train.data import PortfolioData, load_data
from train.portfolio import load_portfolio
from train.promotion import place_new
from train.promotion.gate import GateResult

EXPERIMENT = "recalibration"
SLOPE, INTERCEPT, ROWS = 0.8, 0.7, 60_000
COSTS = LoanCostRule("amount * 0.6", "amount * 0.06", 0.9)
OF_USE = GateResult((), None, 0)


@dataclass(frozen=True, slots=True)
class Planted:
    """A store whose champion was recalibrated once.

    Attributes
    ----------
    folder : Path
        It holds the store and the portfolio.
    data : PortfolioData
    version : int
        Number of the recalibrated version.
    run_id : str
        Run of the recalibration.
    said : list of str
        What it said.
    """

    folder: Path
    data: PortfolioData
    version: int
    run_id: str
    said: list[str]


def make_store(folder: Path, with_costs: bool) -> Planted:
    """Make a champion whose log-odds are off, and recalibrate it."""
    with own_store(folder, EXPERIMENT):
        portfolio = write_gated_portfolio(folder)
        data = load_data(load_portfolio(portfolio))
        scorer: Scorer = make_champion(data)
        if with_costs:
            scorer = replace(scorer, policy=replace(scorer.policy, loan_costs=COSTS))
        number = register_scorer(portfolio, scorer)
        place_new(DEFAULT, number, OF_USE)
        log = plant(data, champion(), rows=ROWS, slope=SLOPE, intercept=INTERCEPT)
        said: list[str] = []
        with mlflow.start_run() as run:
            version = recalibrate(log, said)
    return Planted(folder, data, version, run.info.run_id, said)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Return a store with one cost for all."""
    return make_store(tmp_path_factory.mktemp("recalibrated"), with_costs=False)


@pytest.fixture(scope="session")
def planted_costs(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Return a store with costs of each loan."""
    return make_store(tmp_path_factory.mktemp("costs"), with_costs=True)


@pytest.fixture
def store(planted: Planted, tmp_path: Path) -> Iterator[str]:
    """Point MLflow at a copy of the store."""
    with sqlite3.connect(planted.folder / "mlflow.db") as source:
        source.execute("vacuum into ?", (str(tmp_path / "mlflow.db"),))
    with own_store(tmp_path, EXPERIMENT) as uri:
        yield uri
