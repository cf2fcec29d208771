"""The leak audit: stops on a feature that contains the outcome, and on no other feature."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.conftest import ROOT
from tests.made import make_loans, write_portfolio
from train.columns import feature_columns
from train.data import labelled_rows
from train.data.reading import read_table
from train.errors import InputError
from train.evaluation import LeakCheck, audit_leaks, leak_notes, refuse_leaks
from train.portfolio import Portfolio, load_portfolio
from train.portfolio.sections import DateSplit

MADE = Portfolio(
    path=Path("portfolio.toml"),
    name="made",
    description="Made loans",
    source="loans.parquet",
    key="loan_id",
    target="defaulted",
    split=DateSplit(pd.Timestamp("2021-07-01").date()),
    exclude={"lost_amount": "known only after default"},
)


def audit(portfolio: Portfolio, train: pd.DataFrame) -> dict[str, LeakCheck]:
    y = train[portfolio.target].to_numpy(dtype=np.int8)
    features = feature_columns(train, portfolio)
    return {check.feature: check for check in audit_leaks(portfolio, train, y, features, seed=0)}


@cache
def shipped(name: str) -> tuple[Portfolio, pd.DataFrame]:
    """Return a shipped portfolio and its training rows."""
    portfolio = load_portfolio(ROOT / "portfolios" / name / "portfolio.toml")
    table = read_table(portfolio).frame
    return portfolio, table[~labelled_rows.test_rows(table, portfolio)]


def audit_folder(name: str, without_exclusion: str | None = None) -> dict[str, LeakCheck]:
    portfolio, train = shipped(name)
    kept = {c: why for c, why in portfolio.exclude.items() if c != without_exclusion}
    portfolio = replace(portfolio, exclude=kept)
    checks = audit(portfolio, train)
    refuse_leaks(portfolio, list(checks.values()))
    return checks


def test_stops_on_the_term_of_sba_when_its_exclusion_is_taken_out() -> None:
    with pytest.raises(InputError) as stop:
        audit_folder("sba", without_exclusion="term_months")
    message = str(stop.value)
    assert "'term_months'" in message
    assert "multiples of 12 for" in message
    assert 'Add term_months = "why" under [exclude], or under [accept_leak_risk]' in message
    assert "bank" not in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["sba", "taiwan"])
def test_the_shipped_portfolios_pass(name: str) -> None:
    assert not [check for check in audit_folder(name).values() if check.grade == "stop"]


def plant_honest(seed: int) -> pd.DataFrame:
    """Return loans with strong features that are known at the decision.

    One feature alone has an AUC of 0.85. Where a value is missing, the default rate is ten times
    higher. Amounts are rounded, large amounts more coarsely.
    """
    rng = np.random.default_rng(seed)
    rows = int(rng.choice([600, 3000, 20_000]))
    y = (rng.random(rows) < rng.choice([0.05, 0.15, 0.3])).astype(np.int8)
    # two normal distributions whose means differ by 1.4657 have an AUC of 0.85
    strong = rng.normal(size=rows) + 1.4657 * y
    rate, gaps = y.mean(), 0.05
    # P(missing | y), so that rows with a gap default ten times as often (at most nine of ten)
    missing_rate = min(0.9, 10 * rate / (1 + 9 * gaps))
    if_bad, if_good = gaps * missing_rate / rate, gaps * (1 - missing_rate) / (1 - rate)
    gap = rng.random(rows) < np.where(y == 1, if_bad, if_good)
    amount = rng.lognormal(9 - 0.3 * y, 1.0)
    return pd.DataFrame(
        {
            "loan_id": np.arange(rows),
            "strong": strong,
            "strong_score": (600 - 60 * strong).round(),
            "strong_band": pd.cut(strong, 12).astype(str),
            "income": np.where(gap, np.nan, rng.lognormal(10, 0.5, rows)),
            "employer": pd.Series(rng.choice(["a", "b", "c"], rows)).mask(gap),
            "amount": np.where(amount > 10_000, amount.round(-3), amount.round(-2)),
            "delinquencies": rng.poisson(0.2 + 1.5 * y),
            "has_home": rng.random(rows) < 0.6 - 0.2 * y,
            "lost_amount": np.where(y == 1, amount * 0.6, 0.0),
            "defaulted": y,
        }
    )


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_portfolio_is_never_stopped(seed: int) -> None:
    checks = audit(MADE, plant_honest(seed))
    refuse_leaks(MADE, list(checks.values()))
    assert checks["strong"].evidence.auc == pytest.approx(0.85, abs=0.05)
    assert checks["income"].grade == "warning"
    assert "where it is missing" in checks["income"].findings[0]


@pytest.fixture(scope="module")
def loans() -> pd.DataFrame:
    return make_loans(4000)


def test_made_loans_pass(loans: pd.DataFrame) -> None:
    checks = audit(MADE, loans)
    refuse_leaks(MADE, list(checks.values()))
    assert checks["region"].grade == "clear"
    assert leak_notes(list(checks.values())) == [
        f"leak audit: {name}: {', '.join(check.findings)}"
        for name, check in checks.items()
        if check.grade == "warning"
    ]


def copies(loans: pd.DataFrame) -> dict[str, pd.Series]:
    bad = loans["defaulted"] == 1
    rng = np.random.default_rng(0)
    months = 12 * rng.integers(2, 25, len(loans))
    odd = bad & (rng.random(len(loans)) < 0.85)
    late = months + np.where(odd, rng.integers(1, 12, len(loans)), 0)
    return {
        "the target": loans["defaulted"],
        "the target in words": loans["defaulted"].map({0: "paid", 1: "lost"}),
        "the target reversed": 1 - loans["defaulted"],
        "an outcome": loans["lost_amount"],
        # only the equal values reveal this leak: its other values look like any amount
        "an outcome where there is one": loans["lost_amount"].where(bad, loans["amount"] * 0.6),
        "a code only the lost have": pd.Series("agency", index=loans.index).where(bad),
        "digits": pd.Series(late, index=loans.index),
    }


@pytest.mark.parametrize("kind", list(copies(make_loans(10))))
def test_a_leak_stops(kind: str, loans: pd.DataFrame) -> None:
    table = loans.assign(leak=copies(loans)[kind])
    checks = audit(MADE, table)
    assert checks["leak"].grade == "stop", checks["leak"]
    assert next(iter(checks)) == "leak"
    with pytest.raises(InputError, match="'leak'"):
        refuse_leaks(MADE, list(checks.values()))


def test_digits_alone_do_not_stop(loans: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    months = 12 * rng.integers(2, 25, len(loans))
    odd = np.where(loans["defaulted"] == 1, 0.6, 0.1) > rng.random(len(loans))
    off = np.where(odd, rng.integers(1, 12, len(loans)), 0)
    checks = audit(MADE, loans.assign(months=months + off))
    assert checks["months"].evidence.auc < 0.85
    assert checks["months"].grade == "warning"
    assert "multiples of 12" in checks["months"].findings[0]


def test_a_copy_of_an_excluded_column_that_is_no_outcome_is_a_warning(loans: pd.DataFrame) -> None:
    portfolio = replace(MADE, exclude={"amount_eur": "the same as amount"})
    table = loans.drop(columns="lost_amount").assign(amount_eur=loans["amount"])
    check = audit(portfolio, table)["amount"]
    assert check.grade == "warning"
    assert check.findings == (
        "it equals the excluded column amount_eur in 100% of the loans compared",
    )


def test_a_distribution_that_changes_is_a_warning(loans: pd.DataFrame) -> None:
    portfolio = replace(MADE, decision_date="decided_on")
    years = (loans["decided_on"] - loans["decided_on"].min()).dt.days / 365
    checks = audit(portfolio, loans.assign(income=loans["income"] * (1 + years)))
    assert checks["income"].grade == "warning"
    assert "changed over the training period" in checks["income"].findings[-1]
    assert checks["debt_ratio"].grade == "clear"


def test_a_risk_can_be_accepted(loans: pd.DataFrame) -> None:
    portfolio = replace(MADE, accept_leak_risk={"rating": "given by the agency at the decision"})
    noisy = loans["defaulted"] + np.random.default_rng(0).normal(0, 0.3, len(loans))
    assert roc_auc_score(loans["defaulted"], noisy) > 0.95
    checks = audit(portfolio, loans.assign(rating=noisy))
    refuse_leaks(portfolio, list(checks.values()))
    assert checks["rating"].grade == "accepted"
    assert "given by the agency at the decision" in leak_notes([checks["rating"]])[0]


def test_the_section_is_read_and_its_columns_must_exist(tmp_path: Path) -> None:
    path = write_portfolio(tmp_path, make_loans(100))
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n[accept_leak_risk]\nincome = "asked for"\n', encoding="utf-8")
    assert load_portfolio(path).accept_leak_risk == {"income": "asked for"}
    path.write_text(f'{text}\n[accept_leak_risk]\nnowhere = "asked for"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"\[accept_leak_risk\] names the column 'nowhere'"):
        read_table(load_portfolio(path))


def test_a_name_that_toml_must_quote_is_quoted(loans: pd.DataFrame) -> None:
    checks = audit(MADE, loans.assign(**{'the "sure" sign': loans["defaulted"]}))
    with pytest.raises(InputError) as stop:
        refuse_leaks(MADE, list(checks.values()))
    assert r'Add "the \"sure\" sign" = "why" under [exclude]' in str(stop.value)


def test_excluded_columns_may_have_any_type(loans: pd.DataFrame) -> None:
    bad = loans["defaulted"] == 1
    odd: dict[str, pd.Series] = {
        "charged_off_at": pd.Series(pd.Timestamp("2022-03-01", tz="UTC"), loans.index).where(bad),
        "time_to_default": pd.Series(pd.Timedelta(days=90), loans.index).where(bad),
        "letters": pd.Series([["first", "second"] if late else [] for late in bad]),
        "is_closed": bad,
    }
    portfolio = replace(MADE, exclude=dict.fromkeys(odd, "known only after default"))
    checks = audit(portfolio, loans.drop(columns="lost_amount").assign(**odd))
    assert {check.grade for check in checks.values()} <= {"clear", "warning"}
