"""The stages of a training: deterministic, calibrated, without use of the test labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.version import load_scorer, save_scorer
from tests.made import as_json, make_loans, write_portfolio
from train.data import PortfolioData, load_data
from train.pipeline import audit, train_model
from train.portfolio import Costs, load_portfolio
from train.settings import Settings
from train.stages import Job
from train.trained_model import TrainedModel

SETTINGS = Settings(Costs(), max_evals=2)
ARTIFACTS = ("booster.txt", "contract.json", "policy.json", "example.json", "manifest.json")


def train(directory: Path, loans: pd.DataFrame) -> tuple[PortfolioData, TrainedModel]:
    portfolio = load_portfolio(write_portfolio(directory, loans))
    data = load_data(portfolio)
    model = train_model(audit(Job(portfolio, SETTINGS), data))
    save_scorer(model.scorer, directory, model.example)
    return data, model


def artifacts(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in ARTIFACTS}


@pytest.fixture(scope="module")
def loans() -> pd.DataFrame:
    return make_loans(3000)


@pytest.fixture(scope="module")
def trained(
    loans: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, PortfolioData, TrainedModel]:
    directory = tmp_path_factory.mktemp("trained")
    return directory, *train(directory, loans)


Trained = tuple[Path, PortfolioData, TrainedModel]


def test_no_test_label_reaches_the_model(
    trained: Trained, loans: pd.DataFrame, tmp_path: Path
) -> None:
    directory, data, model = trained
    shuffled = loans.copy()
    labels = data.test.frame["defaulted"].to_numpy()
    # the same number of defaults, on other rows
    shuffled.loc[data.test.frame.index, "defaulted"] = np.random.default_rng(1).permutation(labels)
    # the random split depends on the labels, so a column keeps each row on its side
    side = pd.Series("train", index=loans.index)
    side[data.test.frame.index] = "test"
    split = 'method = "column"\ncolumn = "side"'
    results = []
    for number, table in enumerate((loans, shuffled)):
        place = tmp_path / str(number)
        place.mkdir()
        portfolio = load_portfolio(write_portfolio(place, table.assign(side=side), split=split))
        held = load_data(portfolio)
        again = train_model(audit(Job(portfolio, SETTINGS), held))
        save_scorer(again.scorer, place, again.example)
        results.append(again.metrics["test_roc_auc"])
        assert artifacts(place) == artifacts(directory)
    assert results[0] != results[1]
    assert results[0] == model.metrics["test_roc_auc"]


def test_the_loaded_scorer_answers_as_the_evaluated_one(trained: Trained) -> None:
    directory, data, model = trained
    loaded = load_scorer(directory)
    batch = loaded.score_frame(data.test.frame)
    np.testing.assert_array_equal(batch.probability, model.test_probability)
    names = list(data.contract.names)
    for row, record in enumerate(data.test.frame[names].head(200).to_dict("records")):
        one = loaded.score_record({name: as_json(record[name]) for name in names})
        assert one.probability == batch.probability[row]
        assert one.score == batch.score[row]


def test_out_of_fold_probabilities_carry_no_bias(trained: Trained) -> None:
    _, _, model = trained
    metrics = model.metrics
    mean, default_rate = (
        metrics["out_of_fold/mean_probability"],
        metrics["out_of_fold/default_rate"],
    )
    assert abs(mean - default_rate) < 0.005


def test_the_main_run_has_every_metric(trained: Trained) -> None:
    _, _, model = trained
    # every other metric belongs to a group of MLflow's pages
    assert {name for name in model.metrics if "/" not in name} == {
        *("threshold", "bayes_threshold", "oof_cost_per_applicant", "test_cost_per_applicant"),
        *("test_cost_ci_low", "test_cost_ci_high", "test_cost_accept_all", "test_cost_refuse_all"),
        *("test_cost_at_half", "test_roc_auc", "test_average_precision", "test_ks", "test_brier"),
        *("test_log_loss", "test_ece", "test_acceptance_rate", "test_false_negatives"),
        *("test_false_positives", "test_rows"),
    }
    assert model.metrics["bayes_threshold"] == 1 / 11
    assert model.metrics["test_cost_per_applicant"] < model.metrics["test_cost_refuse_all"]
    assert model.metrics["test_roc_auc"] > 0.6
