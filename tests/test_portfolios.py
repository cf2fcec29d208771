"""The shipped portfolios: their content, and their build from the published files."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from train.data import PortfolioData, learn_known_defaults, load_data
from train.portfolio import Portfolio, load_portfolio

PORTFOLIOS = ROOT / "portfolios"
MAX_BYTES = 9_000_000
MONTH = re.compile("_(september|august|july|june|may|april)$")
SBA_ORIGINAL = """\
LoanNr_ChkDgt,Name,City,State,Zip,Bank,BankState,NAICS,ApprovalDate,ApprovalFY,Term,NoEmp,NewExist,\
CreateJob,RetainedJob,FranchiseCode,UrbanRural,RevLineCr,LowDoc,ChgOffDate,DisbursementDate,\
DisbursementGross,BalanceGross,MIS_Status,ChgOffPrinGr,GrAppv,SBA_Appv
1,A,B,IN,47711,FIFTH THIRD BANK,OH,451120,28-Feb-97,1997,84,4,2,0,0,1,0,N,Y,,28-Feb-99,\
"$60,000.00 ",$0.00 ,P I F,$0.00 ,"$60,000.00 ","$48,000.00 "
2,A,B,NY,10001,NA,NY,0,1-Mar-04,2004,7,2,1,3,1,78760,1,T,C,5-May-06,30-Apr-04,"$9,500.50 ",$0.00 ,\
CHGOFF,"$4,000.00 ","$10,000.00 ","$5,000.00 "
3,A,B,CA,90001,BANK,CA,236115,1-Mar-69,1969A,60,1,1,0,0,0,0,N,N,,31-Mar-69,$1.00 ,$0.00 ,P I F,\
$0.00 ,$1.00 ,"$1.00 "
4,A,B,CA,90001,BANK,CA,236115,1-Mar-99,1999,60,1,1,0,0,0,0,N,N,,31-Mar-99,$1.00 ,$0.00 ,,\
$0.00 ,$1.00 ,"$1.00 "
5,A,B,CA,90001,BANK,CA,236115,2-Jan-05,2005,60,1,1,0,0,0,0,N,N,1-Feb-08,31-Mar-05,$1.00 ,$0.00 ,\
CHGOFF,$0.50 ,$1.00 ,"$1.00 "
"""
TAIWAN_ORIGINAL = """\
ID,LIMIT_BAL,SEX,EDUCATION,MARRIAGE,AGE,PAY_0,PAY_2,PAY_3,PAY_4,PAY_5,PAY_6,BILL_AMT1,BILL_AMT2,\
BILL_AMT3,BILL_AMT4,BILL_AMT5,BILL_AMT6,PAY_AMT1,PAY_AMT2,PAY_AMT3,PAY_AMT4,PAY_AMT5,PAY_AMT6,\
default payment next month
2,120000,2,0,2,26,-1,2,0,0,0,2,2682,1725,2682,3272,3455,3261,0,1000,1000,1000,0,2000,1
1,20000,1,2,1,24,2,2,-1,-1,-2,-2,3913,3102,689,0,0,0,0,689,0,0,0,0,0
"""


def load(name: str) -> tuple[Portfolio, PortfolioData]:
    portfolio = load_portfolio(PORTFOLIOS / name / "portfolio.toml")
    return portfolio, load_data(portfolio)


@pytest.fixture(scope="module")
def sba() -> tuple[Portfolio, PortfolioData]:
    return load("sba")


@pytest.fixture(scope="module")
def taiwan() -> tuple[Portfolio, PortfolioData]:
    return load("taiwan")


@pytest.mark.parametrize("file", ["sba/loans.parquet", "taiwan/clients.parquet"])
def test_data_are_small_and_zstd(file: str) -> None:
    path = PORTFOLIOS / file
    assert path.stat().st_size <= MAX_BYTES
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_sba_is_tested_out_of_time(sba: tuple[Portfolio, PortfolioData]) -> None:
    portfolio, data = sba
    assert len(data.train.y) + len(data.test.y) == 366_837
    train_days, test_days = (side.frame["approval_date"] for side in (data.train, data.test))
    assert train_days.min() >= pd.Timestamp("1997-01-01")
    assert train_days.max() < pd.Timestamp("2004-01-01") <= test_days.min()
    assert test_days.max() < pd.Timestamp("2005-01-01")
    assert "leaks" in portfolio.exclude["term_months"]
    # the amount lost is kept for the realised costs, but it is not a feature
    lost = data.test.frame["charged_off_amount"].to_numpy()
    assert lost[data.test.y == 1].mean() > 1000
    assert not set(portfolio.exclude) & set(data.contract.names)


def test_sba_has_the_right_kinds(sba: tuple[Portfolio, PortfolioData]) -> None:
    _, data = sba
    features = {feature.name: feature for feature in data.contract.features}
    numbers = {name for name, feature in features.items() if feature.kind == "number"}
    assert numbers == {
        *("employees", "jobs_created", "jobs_retained"),
        *("approved_amount", "sba_guaranteed_amount"),
    }
    assert features["new_business"].levels == ("false", "true")
    assert features["urban_rural"].levels == ("rural", "urban")
    assert features["urban_rural"].nullable
    assert "0" not in {*features["naics"].levels, *features["naics"].rare_levels}
    bank = features["bank"]
    assert len(bank.levels) + len(bank.rare_levels) > 3000
    counts = data.train.frame["bank"].value_counts()
    assert counts[list(bank.levels)].min() >= 50 > counts[list(bank.rare_levels)].max()


def test_taiwan_protects_personal_attributes(taiwan: tuple[Portfolio, PortfolioData]) -> None:
    portfolio, data = taiwan
    assert portfolio.protected == ("sex", "education", "marriage", "age")
    assert not set(portfolio.protected) & set(data.contract.names)
    assert len(data.test.y) == 6000
    assert set(data.test.frame["sex"]) == {"female", "male"}


@pytest.mark.parametrize("name", ["sba", "taiwan"])
def test_every_column_is_labelled_and_described(name: str) -> None:
    portfolio, data = load(name)
    readme = (PORTFOLIOS / name / "README.md").read_text(encoding="utf-8")
    for column in data.train.frame.columns:
        assert f"`{MONTH.sub('_<month>', column)}`" in readme, column
    for column in (*data.contract.names, *portfolio.protected):
        assert set(portfolio.labels[column]) == {"en", "fr"}


def build(name: str, original: str, built: Path, output: str) -> pd.DataFrame:
    directory = built.parent
    (directory / "original.csv").write_text(original)
    command = [sys.executable, str(PORTFOLIOS / name / "build.py"), "original.csv"]
    first, second = (
        subprocess.run(
            [*command, "--output", output], cwd=directory, check=True, capture_output=True
        )
        and built.read_bytes()
        for _ in range(2)
    )
    assert first == second
    return pd.read_parquet(built)


def test_sba_is_built_from_the_published_csv(tmp_path: Path) -> None:
    loans = build("sba", SBA_ORIGINAL, tmp_path / "loans.parquet", ".")
    shipped = pd.read_parquet(PORTFOLIOS / "sba" / "loans.parquet")
    assert loans.dtypes.astype(str).to_dict() == shipped.dtypes.astype(str).to_dict()
    # the third loan is from 1969, before the portfolio begins; the fourth has no outcome
    assert loans["loan_id"].tolist() == [1, 2]
    first, second = loans.iloc[0], loans.iloc[1]
    assert first["approved_amount"] == 60_000
    assert (first["new_business"], first["franchise"], first["low_doc"]) == ("true", "none", "true")
    assert pd.isna(first["urban_rural"])
    assert first["defaulted"] == 0
    assert pd.isna(second["naics"])
    # the bank is named "NA", which pandas reads as missing by default
    assert (second["bank"], second["urban_rural"], second["franchise"]) == ("NA", "urban", "78760")
    assert (second["revolving_line"], second["charged_off_amount"]) == ("T", 4000.0)
    assert pd.isna(second["low_doc"])
    assert second["charge_off_date"] == pd.Timestamp("2006-05-05")
    later = pd.read_parquet(tmp_path / "later_loans.parquet")
    assert later["loan_id"].tolist() == [5]
    assert later.dtypes.astype(str).to_dict() == loans.dtypes.astype(str).to_dict()


def test_the_later_loans_of_sba_come_after_the_others() -> None:
    loans, later = (
        pd.read_parquet(PORTFOLIOS / "sba" / f"{name}.parquet") for name in ("loans", "later_loans")
    )
    assert list(later.columns) == list(loans.columns)
    assert loans["approval_date"].max() < later["approval_date"].min()
    assert later["approval_date"].dt.year.unique().tolist() == [2005, 2006, 2007]
    assert not set(later["loan_id"]) & set(loans["loan_id"])
    assert (PORTFOLIOS / "sba" / "later_loans.parquet").stat().st_size <= 8_000_000
    # each default has the day on which it became known
    assert later.loc[later["defaulted"] == 1, "charge_off_date"].notna().all()


def test_sba_knows_how_late_defaults_become_known(sba: tuple[Portfolio, PortfolioData]) -> None:
    portfolio, data = sba
    known = learn_known_defaults(data.train, portfolio)
    assert known is not None
    shares = known.share_at(np.array([365.0, 730.0, 1826.0]))
    np.testing.assert_allclose(shares, [0.004, 0.046, 0.46], atol=0.005)


def test_taiwan_is_built_from_the_published_csv(tmp_path: Path) -> None:
    clients = build("taiwan", TAIWAN_ORIGINAL, tmp_path / "clients.parquet", "clients.parquet")
    shipped = pd.read_parquet(PORTFOLIOS / "taiwan" / "clients.parquet")
    assert clients.dtypes.astype(str).to_dict() == shipped.dtypes.astype(str).to_dict()
    assert clients["client_id"].tolist() == [1, 2]
    np.testing.assert_array_equal(clients["repayment_status_september"], [2, -1])
    assert clients["sex"].tolist() == ["male", "female"]
    assert clients["defaulted"].tolist() == [0, 1]
    assert pd.isna(clients["education"][1])
