"""Real versions trained on synthetic loans without a search, so that they are quick to make."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lightgbm
import mlflow

from scoring_model.contract import FeatureContract
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.version import Scorer
from tests.made import make_loans, write_portfolio
from train import tracking
from train.data import PortfolioData, load_data, typical_applicant
from train.portfolio import load_portfolio
from train.promotion import DEFAULT_MODEL, Registry

ROWS = 6000
DEFAULT = Registry(DEFAULT_MODEL)
GATE = "\n[gate]\nmax_acceptance_change = 0.99\nmax_ece = 0.5\nmin_roc_auc = 0.5\n"
REPORT = "<html><body><h1>made</h1></body></html>"


def write_gated_portfolio(directory: Path) -> Path:
    """Write a portfolio whose gate requires only a saving."""
    path = write_portfolio(directory, make_loans(ROWS, clear=True))
    path.write_text(path.read_text(encoding="utf-8") + GATE, encoding="utf-8")
    return path


def make_scorer(data: PortfolioData, trees: int, without: Sequence[str] = ()) -> Scorer:
    """Fit a simple booster on all features except those in `without`."""
    features = tuple(f for f in data.contract.features if f.name not in without)
    contract = FeatureContract(features)
    kept = [data.contract.names.index(name) for name in contract.names]
    rows = lightgbm.Dataset(
        data.train.matrix[:, kept],
        data.train.y,
        categorical_feature=list(contract.categorical_indices),
    )
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "num_leaves": 7}
    booster = lightgbm.train(settings, rows, trees)
    return Scorer(contract, booster, DecisionPolicy(CalibrationMap("sigmoid"), 1 / 11, 10.0, 1.0))


def with_threshold(scorer: Scorer, threshold: float) -> Scorer:
    """Return the scorer with another threshold."""
    return replace(scorer, policy=replace(scorer.policy, threshold=threshold))


def register_scorer(portfolio: Path, scorer: Scorer, registry: Registry = DEFAULT) -> int:
    """Log a scorer in its own run and register it without a stage."""
    data = load_data(load_portfolio(portfolio))
    whole = typical_applicant(data.train.matrix, data.contract)
    applicant = {name: whole[name] for name in scorer.contract.names}
    with mlflow.start_run():
        mlflow.log_param("portfolio", str(portfolio))
        mlflow.log_text(REPORT, "report.html")
        uri = tracking.log_scorer(scorer, applicant)
    return registry.register(uri, {"portfolio_digest": data.digest})
