"""Dates, `[derive]` and `[limits]`: from the portfolio to a trained version and its answers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.contract import Feature
from scoring_model.errors import InvalidRequest
from scoring_model.version import check_scorer, load_scorer, read_artifacts, save_scorer
from tests.made import make_loans, write_portfolio
from train.data import PortfolioData, load_data, typical_applicant
from train.errors import InputError
from train.pipeline import audit, train_model
from train.portfolio import Costs, load_portfolio
from train.promotion.comparison import score_rows
from train.report import FinishedRun
from train.report.evidence_sections import data_section
from train.settings import Settings
from train.stages import Job

SECTIONS = """
hired_on = "used by employed_days only"

[kinds]
hired_on = "date"
opened_on = "date"

[derive]
employed_days = "decided_on - hired_on"
"amount share" = "amount / income"

[limits]
amount = { min = 1, max = 500000 }
income = { min = 0 }
"""
EXCLUDE = 'lost_amount = "known only after default"'


def made(rows: int = 3000) -> pd.DataFrame:
    loans = make_loans(rows)
    days = np.random.default_rng(5).integers(30, 4000, (2, rows))
    hired = (loans["decided_on"] - pd.to_timedelta(days[0], "D")).mask(days[1] > 3800)
    return loans.assign(
        hired_on=hired, opened_on=loans["decided_on"] - pd.to_timedelta(days[1], "D")
    )


def write(directory: Path, loans: pd.DataFrame, sections: str = SECTIONS) -> Path:
    return write_portfolio(directory, loans, lost_amount=f"{EXCLUDE}\n{sections}")


def read(directory: Path, sections: str = SECTIONS) -> PortfolioData:
    return load_data(load_portfolio(write(directory, made(), sections)))


def test_the_contract_has_dates_formulas_inputs_and_limits(tmp_path: Path) -> None:
    data = read(tmp_path)
    contract, frame = data.contract, data.train.frame
    features = {feature.name: feature for feature in contract.features}
    assert contract.names[-3:] == ("opened_on", "employed_days", "amount share")
    assert features["opened_on"].kind == "date"
    assert features["employed_days"].formula == "decided_on - hired_on"
    assert (features["amount"].minimum, features["amount"].maximum) == (1.0, 500_000.0)
    assert (features["income"].minimum, features["income"].maximum) == (0.0, np.inf)
    assert contract.inputs == (Feature("hired_on", "date", nullable=True),)
    assert contract.decision_date == "decided_on"
    matrix = dict(zip(contract.names, data.train.matrix.T, strict=True))
    opened = (frame["decided_on"] - frame["opened_on"]).dt.days
    np.testing.assert_array_equal(matrix["opened_on"], opened)
    employed = (frame["decided_on"] - frame["hired_on"]).dt.days
    np.testing.assert_array_equal(matrix["employed_days"], employed)
    values = data.train.values(contract)
    np.testing.assert_array_equal(values["amount share"], frame["amount"] / frame["income"])
    assert "opened_on" in data.train.frame
    assert data.train.frame["opened_on"].dtype.kind == "M"


def test_a_portfolio_without_them_has_a_plain_contract(tmp_path: Path) -> None:
    contract = read(tmp_path, 'hired_on = "not used"\nopened_on = "not used"').contract
    assert (contract.inputs, contract.decision_date, contract.derivation) == ((), "", None)


@pytest.mark.slow
def test_a_training_with_them_gives_a_version_that_answers(tmp_path: Path) -> None:
    portfolio = load_portfolio(write(tmp_path, made()))
    data = load_data(portfolio)
    model = train_model(audit(Job(portfolio, Settings(Costs(), max_evals=1)), data))
    save_scorer(model.scorer, tmp_path, model.example)
    loaded = load_scorer(tmp_path)
    check_scorer(read_artifacts(tmp_path), loaded)
    assert loaded.profile == model.scorer.profile
    batch = loaded.score_frame(data.test.frame)
    np.testing.assert_array_equal(batch.probability, model.test_probability)
    scored = score_rows(data.test, loaded, model.test_costs)
    assert not isinstance(scored, str), scored
    np.testing.assert_array_equal(scored.probability, batch.probability)
    with pytest.raises(InvalidRequest, match="amount"):
        loaded.score_record({**model.example, "amount": 0.5})
    odd = loaded.score_record({**model.example, "income": 1e12})
    assert [notice.field for notice in odd.notices] == ["income"]
    rows = data_section(FinishedRun(model)).tables[1].rows
    kinds = {row[1]: row[2] for row in rows}
    assert kinds["employed_days"] == "computed: decided_on - hired_on"
    assert kinds["opened_on"] == "date, as days before the decision"
    assert kinds["amount"] == "number from 1 to 500,000"


def test_the_typical_applicant_has_every_field(tmp_path: Path) -> None:
    data = read(tmp_path)
    applicant = typical_applicant(data.train.matrix, data.contract, data.train.frame)
    assert tuple(applicant) == data.contract.field_names
    assert pd.Timestamp(applicant["decided_on"]) > pd.Timestamp(applicant["hired_on"])
    values, notices = data.contract.encode_values(applicant)
    assert not notices
    assert not np.isnan(values).any()


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ('x = "amount / nothing"', r"\[derive\] x names the column 'nothing', which is not in"),
        ('x = "amount / defaulted"', r"\[derive\] x: 'defaulted' is the target"),
        ('x = "amount / loan_id"', r"\[derive\] x: 'loan_id' is the key"),
        ('x = "amount / sex"', r"\[derive\] x: 'sex' is protected"),
        ('x = "amount / region"', r"\[derive\] x: 'region' is a category"),
        ('amount = "income * 2"', r"\[derive\] amount: the table has a column of this name"),
        ('x = "amount"\ny = "x * 2"', r"\[derive\] y: 'x' is derived itself"),
        ('x = "log(0 - amount)"', r"\[derive\] x has a value in no row"),
        (
            "[limits]\namount = { max = 40000 }",
            r"\[limits\] amount: \d+ of 3000 rows lie beyond the limits",
        ),
        ("[limits]\nregion = { max = 1 }", r"\[limits\] region: must be a number that a request"),
        (
            '[monotone]\nregion = "increasing"',
            r"\[monotone\] region: must be a number, but the column is a category: remove",
        ),
        ('[monotone]\nsex = "increasing"', "must be a feature, but the column is protected"),
        ('[monotone]\nloan_id = "increasing"', "must be a feature, but the column is the key"),
        ('[monotone]\nlost_amount = "decreasing"', r"but the column is under \[exclude\]"),
        ('[monotone]\nincom = "decreasing"', r"\[monotone\] names the column 'incom', which is"),
        (
            '[monotone]\namount = "increasing"\n[model]\nfixed = { path_smooth = 1.0 }',
            r"\[monotone\] does not go with \[model\] path_smooth: remove one of them",
        ),
        ("[limits]\nlost_amount = { min = 0 }", r"\[limits\] lost_amount: must be a number that"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, sections: str, problem: str) -> None:
    table = made().drop(columns=["hired_on", "opened_on"])
    head = "" if sections.startswith("[") else "[derive]\n"
    with pytest.raises(InputError, match=problem) as error:
        load_data(load_portfolio(write(tmp_path, table, f"\n{head}{sections}\n")))
    assert "\n" not in str(error.value)
