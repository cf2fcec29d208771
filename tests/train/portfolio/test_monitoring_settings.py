"""`[monitoring]` of a portfolio: defaults, rules, and the day on which a default became known."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.made import make_loans, write_portfolio
from train.data import learn_known_defaults, load_data
from train.errors import InputError, Mistakes
from train.portfolio import load_portfolio
from train.portfolio.sections import MonitoringSettings


def write_monitoring(
    directory: Path, loans: pd.DataFrame, text: str, *, dated: bool = True
) -> Path:
    date = {} if dated else {"decision_date": ""}
    path = write_portfolio(directory, loans, **date)
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[monitoring]\n{text}\n", encoding="utf-8")
    return path


def with_outcome_dates(rows: int) -> pd.DataFrame:
    """Return loans whose defaults became known 10, 20, 30, ... days after the decision."""
    loans = make_loans(rows)
    bad = loans["defaulted"] == 1
    days = 10 * (bad.cumsum() % 100 + 1)
    known = loans["decided_on"] + pd.to_timedelta(days, "D")
    return loans.assign(known_on=known.where(bad))


def test_a_missing_key_has_its_default(tmp_path: Path) -> None:
    path = write_monitoring(tmp_path, make_loans(10), "")
    assert load_portfolio(path).monitoring == MonitoringSettings()
    path = write_monitoring(tmp_path, make_loans(10), "maturity_days = 30\nmin_psi = 0")
    assert load_portfolio(path).monitoring == MonitoringSettings(maturity_days=30, min_psi=0.0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("maturity_days = 0", r"\[monitoring\] maturity_days must be a whole number of days"),
        (
            "maturity_days = 1.5",
            r"must be a whole number of days, 1 or more, got 1.5",
        ),
        ("min_decisions = 19", r"\[monitoring\] min_decisions must be a whole number, 20 or more"),
        ("min_psi = -0.1", r"\[monitoring\] min_psi must be a number, 0 or more, got -0.1"),
        ("min_excess = inf", r"\[monitoring\] min_excess must be a number, 0 or more, got inf"),
        ("max_false_alarms = 0", r"max_false_alarms must be more than 0 and at most 0.1, got 0"),
        ("confidence = 1", r"\[monitoring\] confidence must be 0.5 or more and less than 1"),
        (
            "maturity = 3",
            r"unknown key \[monitoring\] maturity; known: maturity_days",
        ),
    ],
)
def test_a_wrong_key_is_named_with_its_rule(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        load_portfolio(write_monitoring(tmp_path, make_loans(10), text))


def test_an_outcome_date_needs_the_date_of_the_decision(tmp_path: Path) -> None:
    path = write_monitoring(tmp_path, make_loans(10), 'outcome_date = "known_on"', dated=False)
    with pytest.raises(
        InputError, match=r"\[monitoring\] outcome_date needs \[portfolio\] decision"
    ):
        load_portfolio(path)


@pytest.mark.parametrize("source", ["loans.parquet", "loans.csv"])
def test_the_outcome_date_is_no_feature_and_teaches_when_defaults_are_known(
    tmp_path: Path, source: str
) -> None:
    loans = with_outcome_dates(3000)
    path = write_monitoring(tmp_path, loans, 'outcome_date = "known_on"')
    portfolio = load_portfolio(path)
    if source.endswith(".csv"):
        loans.to_csv(tmp_path / source, index=False)
        path.write_text(path.read_text(encoding="utf-8").replace("loans.parquet", source))
        portfolio = load_portfolio(path)
    data = load_data(portfolio)
    assert "known_on" not in data.contract.names
    known = learn_known_defaults(data.train, portfolio)
    assert known is not None
    ages = (data.train.frame["known_on"] - data.train.frame["decided_on"]).dt.days.dropna()
    for age in (200, 500, 900):
        share = known.share_at(np.array([float(age)]))[0]
        assert share == pytest.approx((ages <= age).mean(), abs=0.03)
    assert known.share_at(np.array([0.0, 10_000.0])).tolist() == [0.0, 1.0]
    counts = [round(len(ages) * share) for share in (0.0, *known.shares)]
    assert min(later - sooner for sooner, later in pairwise(counts)) >= 20


def test_without_enough_dates_nothing_is_learnt(tmp_path: Path) -> None:
    loans = with_outcome_dates(3000)
    few = loans["known_on"].dropna().index[:15]
    loans.loc[~loans.index.isin(few), "known_on"] = pd.NaT
    portfolio = load_portfolio(write_monitoring(tmp_path, loans, 'outcome_date = "known_on"'))
    assert learn_known_defaults(load_data(portfolio).train, portfolio) is None
    portfolio = load_portfolio(write_monitoring(tmp_path, loans.drop(columns="known_on"), ""))
    assert learn_known_defaults(load_data(portfolio).train, portfolio) is None


@pytest.mark.parametrize(
    ("column", "problem"),
    [("absent", "is not in"), ("income", "must hold dates, not numbers")],
)
def test_a_column_that_holds_no_dates_is_named(tmp_path: Path, column: str, problem: str) -> None:
    path = write_monitoring(tmp_path, make_loans(300), f'outcome_date = "{column}"')
    with pytest.raises(Mistakes, match=problem):
        load_data(load_portfolio(path))
