"""Costs that differ from loan to loan, from the portfolio's `[costs]` to the decisions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.policy import refuse
from scoring_model.version import load_scorer, save_scorer
from tests.made import as_json, make_loans, write_portfolio
from train.data import PortfolioData, load_data
from train.errors import InputError
from train.pipeline import audit, train_model
from train.portfolio import Costs, load_portfolio
from train.settings import Settings
from train.stages import Job
from train.trained_model import TrainedModel

SETTINGS = Settings(Costs(), max_evals=1)
ROWS = 2000


def train(
    directory: Path, loans: pd.DataFrame, costs: str = ""
) -> tuple[PortfolioData, TrainedModel]:
    directory.mkdir(exist_ok=True)
    path = write_portfolio(directory, loans)
    path.write_text(f"{path.read_text()}\n[costs]\n{costs}\n" if costs else path.read_text())
    portfolio = load_portfolio(path)
    data = load_data(portfolio)
    return data, train_model(audit(Job(portfolio, SETTINGS), data))


def test_constant_columns_reproduce_the_plain_decision(tmp_path: Path) -> None:
    loans = make_loans(ROWS).assign(lost=10.0, earned=1.0)
    data, plain = train(tmp_path / "plain", loans)
    _, each = train(
        tmp_path / "each", loans, 'false_negative = "lost"\nfalse_positive = "earned * 1"'
    )
    expected = plain.scorer.score_frame(data.test.frame)
    decisions = each.scorer.score_frame(data.test.frame)
    for name in ("probability", "score", "threshold"):
        np.testing.assert_array_equal(getattr(decisions, name), getattr(expected, name))
    assert each.metrics == plain.metrics
    assert each.scorer.policy.loan_costs is not None


def test_each_applicant_has_an_individual_threshold(tmp_path: Path) -> None:
    costs = (
        'false_negative = "amount * 0.5"\nfalse_positive = "20 + amount * 0.04"\n'
        'realised_false_negative = "lost_amount"\nrealised_false_positive = "amount * 0.05"'
    )
    data, model = train(tmp_path, make_loans(ROWS), costs)
    frame, y = data.test.frame, data.test.y
    decisions = model.scorer.score_frame(frame)
    amount = frame["amount"].to_numpy(float)
    loan_costs = model.scorer.policy.loan_costs
    assert loan_costs is not None
    false_negative, false_positive = amount * 0.5, 20 + amount * 0.04
    theoretical = false_positive / (false_positive + false_negative)
    np.testing.assert_allclose(decisions.threshold, loan_costs.factor * theoretical)
    refused = refuse(decisions.probability, decisions.threshold)
    cost = np.where(refused, false_positive * (y == 0), false_negative * (y == 1))
    assert model.metrics["test_cost_per_applicant"] == pytest.approx(cost.mean())
    realised = np.where(refused, amount * 0.05 * (y == 0), frame["lost_amount"])
    assert model.metrics["realised/cost_per_applicant"] == pytest.approx(realised.mean())
    assert model.metrics["realised/cost_accept_all"] == pytest.approx(frame["lost_amount"].mean())

    save_scorer(model.scorer, tmp_path, model.example)
    loaded = load_scorer(tmp_path)
    names = list(data.contract.names)
    for row, record in enumerate(frame[names].head(50).to_dict("records")):
        one = loaded.score_record({name: as_json(record[name]) for name in names})
        assert (one.probability, one.threshold) == (
            decisions.probability[row],
            decisions.threshold[row],
        )


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ('false_negative = "amount"', "false_negative needs false_positive: give both or neither"),
        ("false_negative = true\nfalse_positive = 1", "must be a number, a column or an express"),
        ('false_negative = "amount ** 2"\nfalse_positive = 1', "must be made of columns, numbers"),
        ('false_negative = "nothing"\nfalse_positive = 1', "names the column 'nothing', which"),
        ('false_negative = "lost_amount"\nfalse_positive = 1', "'lost_amount' must be a feature"),
        ('false_negative = "region"\nfalse_positive = 1', "column 'region' must be a number"),
        ('false_negative = "debt_ratio"\nfalse_positive = 1', "'debt_ratio' must never be missing"),
        ('false_negative = "amount"\nfalse_positive = 0', "must give positive costs"),
        ('negative = "amount"', r"unknown key \[costs\] negative; known: false_negative"),
    ],
)
def test_wrong_costs_give_one_line_of_error(tmp_path: Path, costs: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        train(tmp_path, make_loans(500), costs)
    assert str(raised.value).startswith(str(tmp_path / "portfolio.toml"))
    assert "\n" not in str(raised.value)
