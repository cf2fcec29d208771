"""`[monotone]` holds to the last bit on real rows, wherever they are scored, and has a price."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.trees import read_trees
from scoring_model.version import Scorer, load_scorer, save_scorer
from tests.conftest import ROOT
from tests.made import as_json
from train.data import load_data
from train.errors import InputError
from train.fitting import BoostingParams
from train.monotone import (
    constraint_params,
    prove_monotone,
    sweep_splits,
    without_constraints,
)
from train.pipeline import audit, decide, evaluate, fit, search
from train.portfolio import Costs, Portfolio, load_portfolio
from train.portfolio.sections import Direction
from train.report import FinishedRun
from train.report.features_section import features_section
from train.search import plan_search
from train.settings import Settings
from train.stages import Decided, Job, Loans
from train.trained_model import TrainedModel

ROWS, SWEPT = 5_000, 40
SETTINGS = Settings(Costs(), max_evals=2)
SIGNS = {
    "repayment_status_september": 1,
    "bill_amount_september": 1,
    "credit_limit_amount": -1,
    "paid_amount_september": -1,
}
WORDS: dict[int, Direction] = {1: "increasing", -1: "decreasing"}


def prepare(folder: Path, section: str) -> Loans:
    """Return some clients of the shipped portfolio `taiwan`, one value in ten missing."""
    folder.mkdir()
    shipped = ROOT / "portfolios" / "taiwan"
    clients = pd.read_parquet(shipped / "clients.parquet").head(ROWS)
    gone = np.random.default_rng(0).random(ROWS) < 0.1
    clients["paid_amount_september"] = clients["paid_amount_september"].mask(gone)
    clients.to_parquet(folder / "clients.parquet")
    text = (shipped / "portfolio.toml").read_text(encoding="utf-8")
    path = folder / "portfolio.toml"
    path.write_text(f"{text}\n{section}", encoding="utf-8")
    portfolio = load_portfolio(path)
    return audit(Job(portfolio, SETTINGS), load_data(portfolio))


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Loans:
    lines = [f'{name} = "{WORDS[sign]}"' for name, sign in SIGNS.items()]
    folder = tmp_path_factory.mktemp("monotone") / "taiwan"
    return prepare(folder, "\n".join(["[monotone]", *lines]))


@pytest.fixture(scope="module")
def decided(loans: Loans) -> Decided:
    return decide(fit(search(loans)))


@pytest.fixture(scope="module")
def model(decided: Decided) -> TrainedModel:
    return evaluate(decided)


@pytest.fixture(scope="module")
def served(model: TrainedModel, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """Return the version as a server loads it."""
    folder = tmp_path_factory.mktemp("version")
    save_scorer(model.scorer, folder, model.example)
    return load_scorer(folder)


def test_no_split_value_turns_a_probability_back(model: TrainedModel, served: Scorer) -> None:
    matrix = model.data.test.matrix
    found = sweep_splits(served, SIGNS, matrix, seed=1, rows=SWEPT)
    assert (found.rows, found.fall, found.feature) == (SWEPT, 0.0, "")
    assert found.splits > 30
    # the other direction is broken everywhere: the sweep can see a fall
    turned = sweep_splits(served, {name: -sign for name, sign in SIGNS.items()}, matrix, 1, SWEPT)
    assert turned.fall > 0.01
    assert turned.feature in SIGNS


def test_single_applicants_are_in_order_too(model: TrainedModel, served: Scorer) -> None:
    """One applicant is answered by other code than many: by the same sweep, through JSON."""
    trees = read_trees(served.booster.model_to_string())
    assert trees is not None
    cuts = {
        node.threshold
        for tree in trees
        for node in tree.nodes
        if node.column == served.contract.names.index("credit_limit_amount")
    }
    values = sorted({v for cut in cuts for v in (cut, float(np.nextafter(cut, np.inf)))})
    assert len(values) > 10
    names = list(served.contract.names)
    for applicant in model.data.test.frame[names].head(5).to_dict("records"):
        record = {str(name): as_json(value) for name, value in applicant.items()}
        answers = [
            served.score_record({**record, "credit_limit_amount": value}).probability
            for value in values
        ]
        assert answers == sorted(answers, reverse=True)
        assert answers[0] > answers[-1]


def test_the_price_is_measured_on_the_same_folds(model: TrainedModel, decided: Decided) -> None:
    found, final = model.monotone, decided.fitted.final
    assert found is not None
    assert final.compared_margin is not None
    assert final.compared_margin.shape == final.margin.shape
    assert not np.array_equal(final.compared_margin, final.margin)
    assert found.cost == model.metrics["oof_cost_per_applicant"]
    assert found.difference.value == pytest.approx(found.cost - found.cost_without)
    assert found.difference.low < found.difference.value < found.difference.high
    logged = {name for name in model.metrics if name.startswith("monotone/")}
    assert logged == set(found.metrics)
    assert model.metrics["monotone/largest_fall"] == 0.0
    assert any(note.startswith("[monotone] holds: ") for note in model.notes)


def test_the_report_says_direction_proof_and_price(model: TrainedModel) -> None:
    section = features_section(FinishedRun(model))
    said = section.words[-1]
    assert "more of Repayment status, September and Bill, September never lowers" in said
    assert "more of Credit limit and Amount paid, September never raises the probability" in said
    (price, *_) = section.tables
    assert [row[0] for row in price.rows] == ["with the constraints", "without them", "difference"]
    assert model.monotone is not None
    assert price.rows[1][1] == f"{model.monotone.cost_without:.4f}"


def test_a_broken_constraint_stops_the_training(decided: Decided, loans: Loans) -> None:
    # the model follows one direction, and the portfolio asks for the other
    turned = {name: WORDS[-sign] for name, sign in SIGNS.items()}
    with pytest.raises(InputError, match=r"\[monotone\] \w+ = '\w+' does not hold in the final"):
        prove_monotone(
            replace(loans.job.portfolio, monotone=turned),
            loans.data,
            decided.scorer,
            decided.fitted.final,
            loans.costs.train,
            factor=1.0,
            seed=0,
        )


def test_constraints_are_part_of_the_search(loans: Loans) -> None:
    plain = replace(loans.job.portfolio, monotone={})
    other = replace(loans.job.portfolio, monotone={"bill_amount_june": "increasing"})

    def identity(portfolio: Portfolio) -> str:
        planned = plan_search(portfolio, loans.data, loans.costs.train, SETTINGS)
        return planned.identity["search_space"]

    assert '"fixed"' not in identity(plain)
    assert len({identity(p) for p in (plain, other, loans.job.portfolio)}) == 3


def test_the_constraints_are_in_the_order_of_the_contract(loans: Loans) -> None:
    names = loans.data.contract.names
    params = constraint_params(loans.job.portfolio, loans.data.contract)
    assert dict(zip(names, params["monotone_constraints"], strict=True)) == {
        **dict.fromkeys(names, 0),
        **SIGNS,
    }
    constrained = BoostingParams("none", 1.0, {"num_leaves": 4, **params})
    assert without_constraints(constrained).lightgbm == {"num_leaves": 4, "path_smooth": 0.0}
    # a feature that was dropped, such as one from histories without a value, needs no constraint
    dropped = replace(loans.job.portfolio, monotone={"never_seen": "increasing"})
    assert constraint_params(dropped, loans.data.contract) == {}
