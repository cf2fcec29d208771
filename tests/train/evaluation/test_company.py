"""Features that leak only in company: they stop a run, and honest features do not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.made import make_loans, write_portfolio
from train.data import PortfolioData, load_data
from train.errors import InputError
from train.evaluation import find_company_losses
from train.pipeline import audit
from train.portfolio import Costs, Portfolio, load_portfolio
from train.settings import Settings
from train.stages import Job, Loans


def plant(rows: int, seed: int = 0) -> pd.DataFrame:
    """Return loans with the last payment: a whole instalment, or what a defaulter still paid."""
    rng = np.random.default_rng(seed)
    loans = make_loans(rows, seed)
    term = rng.choice([12, 24, 36, 48, 60], rows)
    paid = rng.normal(1.0, 0.1, rows) * np.where(loans["defaulted"] == 1, 0.65, 1.0)
    return loans.assign(term_months=term, last_payment=(loans["amount"] / term * paid).round(2))


def read(
    directory: Path, loans: pd.DataFrame, sections: str = ""
) -> tuple[Portfolio, PortfolioData]:
    path = write_portfolio(directory, loans)
    path.write_text(path.read_text(encoding="utf-8") + sections, encoding="utf-8")
    portfolio = load_portfolio(path)
    return portfolio, load_data(portfolio)


def audited(portfolio: Portfolio, data: PortfolioData) -> Loans:
    return audit(Job(portfolio, Settings(Costs(), max_evals=1)), data)


@pytest.mark.parametrize("rows", [1500, 6000])
def test_the_last_payment_stops_the_run(tmp_path: Path, rows: int) -> None:
    portfolio, data = read(tmp_path, plant(rows))
    with pytest.raises(InputError) as stop:
        audited(portfolio, data)
    message = str(stop.value)
    assert "'last_payment': a small model has an AUC of 0.9" in message
    assert "without it" in message
    assert 'last_payment = "why"' in message
    assert "add that one alone under [exclude]" in message
    assert "[accept_leak_risk]" in message
    assert "\n" not in message


def test_without_the_last_payment_its_company_stays(tmp_path: Path) -> None:
    portfolio, data = read(tmp_path, plant(3000).drop(columns="last_payment"))
    assert {check.grade for check in audited(portfolio, data).leaks} <= {"clear", "warning"}


def test_an_accepted_risk_is_told_and_does_not_stop(tmp_path: Path) -> None:
    names = ("last_payment", "amount", "term_months")
    lines = "\n".join(f'{name} = "known before"' for name in names)
    portfolio, data = read(tmp_path, plant(3000), f"\n[accept_leak_risk]\n{lines}\n")
    checks = {check.feature: check for check in audited(portfolio, data).leaks}
    assert checks["last_payment"].grade == "accepted"
    assert "a small model has an AUC of 0.9" in checks["last_payment"].findings[0]
    assert checks["last_payment"].findings[-1] == "the risk is accepted: known before"
    assert checks["income"].grade != "accepted"


def test_two_leaks_that_stand_in_for_each_other_are_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    loans = make_loans(4000)
    # each alone has an AUC of 0.9: the model loses nothing without one of them
    known = loans["defaulted"] * 1.8
    loans = loans.assign(reminders=known + rng.normal(size=4000) * 0.7)
    loans["calls"] = loans["reminders"] + rng.normal(size=4000) * 0.05
    _, data = read(tmp_path, loans)
    losses = find_company_losses(data.contract, data.train.matrix, data.train.y, seed=0)
    assert {frozenset(loss.features) for loss in losses} == {frozenset({"reminders", "calls"})}
    assert losses[0].auc - losses[0].auc_without >= 0.1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [60, 600, 4000])
def test_honest_loans_are_not_stopped(tmp_path: Path, rows: int, seed: int) -> None:
    _, data = read(tmp_path, make_loans(rows, seed))
    assert not find_company_losses(data.contract, data.train.matrix, data.train.y, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sba", "taiwan"])
def test_the_shipped_portfolios_are_not_stopped(name: str) -> None:
    data = load_data(load_portfolio(ROOT / "portfolios" / name / "portfolio.toml"))
    assert not find_company_losses(data.contract, data.train.matrix, data.train.y, seed=0)
