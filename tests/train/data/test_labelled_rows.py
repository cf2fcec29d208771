"""Tables become labelled rows; a wrong table is refused with column and rule."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring_model.contract import AnswerFields
from tests.made import DATE_SPLIT, make_loans, write_portfolio
from train.data import PortfolioData, load_data, typical_applicant
from train.errors import InputError
from train.portfolio import load_portfolio

ROWS = 2000


def load(
    directory: Path, loans: pd.DataFrame, source: str = "loans.parquet", **replaced: str
) -> PortfolioData:
    return load_data(load_portfolio(write_portfolio(directory, loans, source=source, **replaced)))


def test_contract_is_learned_from_the_training_rows_alone(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    loans.loc[loans["decided_on"] >= "2021-07-01", "region"] = "moon"
    portfolio = load_portfolio(write_portfolio(tmp_path, loans, split=DATE_SPLIT))
    data = load_data(portfolio)
    features = {feature.name: feature for feature in data.contract.features}
    assert list(features) == ["income", "debt_ratio", "amount", "region", "purpose", "has_home"]
    assert features["region"].levels == ("east", "north", "south", "west")
    assert features["has_home"].levels == ("false", "true")
    assert features["purpose"].levels == ("car", "home", "shop")
    assert set(features["purpose"].rare_levels) == {"boat", "horse"}
    assert [f.name for f in data.contract.features if f.nullable] == ["debt_ratio", "purpose"]
    assert features["income"].labels == {"en": "Income", "fr": "Revenu"}
    region = data.contract.names.index("region")
    assert np.isnan(data.test.matrix[:, region]).all()
    assert (data.test.frame["decided_on"] >= "2021-07-01").all()
    assert (data.train.frame["decided_on"] < "2021-07-01").all()


ANSWER = '[answer]\ninclude = ["decision"]\nreference = "{}"\n'
EXCLUDED = 'lost_amount = "known only after default"'


def test_protected_columns_and_additions_to_the_answer_are_in_the_contract(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    plain = load(tmp_path, loans)
    assert (plain.contract.unread, plain.contract.answer) == (("sex",), None)
    # no column, the key, and a column that would be a feature
    for reference in ("application_id", "loan_id", "number"):
        section = f"{EXCLUDED}\n{ANSWER.format(reference)}"
        table = loans.assign(number=loans["loan_id"] * 7) if reference == "number" else loans
        data = load(tmp_path, table, lost_amount=section)
        assert data.contract.answer == AnswerFields(("decision",), reference)
        assert replace(data.contract, answer=None) == plain.contract
        assert np.array_equal(data.train.matrix, plain.train.matrix, equal_nan=True)


def test_a_formula_must_not_use_the_reference(tmp_path: Path) -> None:
    sections = f'{EXCLUDED}\n[derive]\ntwice = "number * 2"\n{ANSWER.format("number")}'
    loans = make_loans(ROWS).assign(number=np.arange(ROWS))
    with pytest.raises(InputError, match="'number' is the reference: no feature may use it"):
        load(tmp_path, loans, lost_amount=sections)


def test_rare_levels_share_one_code(tmp_path: Path) -> None:
    data = load(tmp_path, make_loans(ROWS))
    purpose = data.contract.names.index("purpose")
    is_rare = data.train.frame["purpose"].isin(["boat", "horse"]).to_numpy()
    assert set(data.train.matrix[is_rare, purpose]) == {3.0}


def test_csv_and_parquet_give_the_same_rows(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    from_parquet, from_csv = load(tmp_path, loans), load(tmp_path, loans, "loans.csv")
    np.testing.assert_array_equal(from_parquet.train.matrix, from_csv.train.matrix)
    np.testing.assert_array_equal(from_parquet.test.y, from_csv.test.y)
    assert from_parquet.contract == from_csv.contract


def test_a_level_that_means_missing_in_csv_gives_a_note(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    assert load(tmp_path, loans).notes == ()
    loans.loc[loans["region"] == "west", "region"] = "NA"
    (note,) = load(tmp_path, loans).notes
    assert "feature region has the level 'NA', which means missing in CSV" in note


def test_a_column_can_name_the_test_rows(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    loans["side"] = np.where(np.arange(ROWS) % 5 == 0, "test", "train")
    split = 'method = "column"\ncolumn = "side"'
    data = load_data(load_portfolio(write_portfolio(tmp_path, loans, split=split)))
    assert len(data.test.y) == ROWS // 5
    assert "side" not in data.contract.names
    loans.loc[3, "side"] = "valid"
    with pytest.raises(InputError, match="'side' must hold train or test in every row"):
        load_data(load_portfolio(write_portfolio(tmp_path, loans, split=split)))


def test_random_split_keeps_the_default_rate(tmp_path: Path) -> None:
    data = load(tmp_path, make_loans(ROWS))
    assert len(data.test.y) == ROWS // 4
    assert abs(data.test.y.mean() - data.train.y.mean()) < 0.002


def test_whole_numbers_with_missing_values_can_be_categories(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    loans["branch"] = np.where(np.arange(ROWS) % 7 == 0, np.nan, np.arange(ROWS) % 4)
    path = write_portfolio(tmp_path, loans)
    path.write_text(path.read_text() + '\n[kinds]\nbranch = "category"\n')
    branch = load_data(load_portfolio(path)).contract.features[-1]
    assert (branch.kind, branch.levels, branch.nullable) == ("category", ("0", "1", "2", "3"), True)


@pytest.mark.hostile("empty text for a category, in every reader")
@pytest.mark.parametrize("source", ["loans.parquet", "loans.csv"])
def test_empty_text_is_missing_before_levels_are_learned(tmp_path: Path, source: str) -> None:
    loans = make_loans(ROWS)
    loans.loc[loans["region"] == "west", "region"] = ""
    loans["sector"] = pd.Categorical(np.where(np.arange(ROWS) % 3 == 0, "", "farm"))
    data = load(tmp_path, loans, source)
    features = {feature.name: feature for feature in data.contract.features}
    assert features["region"].levels == ("east", "north", "south")
    assert features["region"].nullable
    assert (features["sector"].levels, features["sector"].rare_levels) == (("farm",), ())
    missing = data.train.frame["region"].isin(["", np.nan]).to_numpy()
    region = data.train.matrix[:, data.contract.names.index("region")]
    assert missing.any()
    np.testing.assert_array_equal(np.isnan(region), missing)


def test_a_column_of_empty_text_is_empty(tmp_path: Path) -> None:
    loans = make_loans(ROWS).assign(region="")
    with pytest.raises(InputError, match="'region' must have a value in at least one row"):
        load(tmp_path, loans)


ROUNDED: dict[str, list[Any]] = {
    "whole numbers": [2**53 + 1, 7],
    "whole numbers with gaps": [2**53 + 1, None],
    "numbers": ["9007199254740993", "0.5"],
    "beyond 64 bits": [str(2**70 + 1), "7"],
}


@pytest.mark.hostile("whole numbers that a double would round")
@pytest.mark.parametrize("source", ["loans.parquet", "loans.csv"])
@pytest.mark.parametrize("kind", ROUNDED)
def test_whole_numbers_that_a_double_cannot_hold_are_refused(
    tmp_path: Path, kind: str, source: str
) -> None:
    first, other = ROUNDED[kind]
    values = [first if row == 1234 else other for row in range(ROWS)]
    is_text = isinstance(first, str)
    loans = make_loans(ROWS).assign(account=pd.Series(values, dtype="str" if is_text else "Int64"))
    path = write_portfolio(tmp_path, loans, source=source)
    if is_text:
        path.write_text(path.read_text() + '\n[kinds]\naccount = "number"\n')
    rule = "feature 'account' must be a whole number that a double can hold .*, but row 1234 does"
    with pytest.raises(InputError, match=rule):
        load_data(load_portfolio(path))


@pytest.mark.parametrize("source", ["loans.parquet", "loans.csv"])
def test_other_large_numbers_are_taken(tmp_path: Path, source: str) -> None:
    values = [2**60 if row % 3 else None for row in range(ROWS)]
    loans = make_loans(ROWS).assign(limit=pd.Series(values, dtype="Int64"))
    loans["loan_id"] += 2**53
    data = load(tmp_path, loans, source)
    column = data.train.matrix[:, data.contract.names.index("limit")]
    assert set(column[~np.isnan(column)]) == {2.0**60}


def test_different_tables_have_different_digests(tmp_path: Path) -> None:
    loans = make_loans(ROWS)
    first = load(tmp_path, loans).digest
    assert load(tmp_path, loans).digest == first
    loans["income"] += np.where(loans["loan_id"] == 7, 0.01, 0.0)
    assert load(tmp_path, loans).digest != first


def test_the_typical_applicant_is_valid(tmp_path: Path) -> None:
    data = load(tmp_path, make_loans(ROWS))
    applicant = typical_applicant(data.train.matrix, data.contract)
    assert data.contract.encode_records([applicant]).notices == ()


def spoil(column: str, value: object, rows: slice = slice(None)) -> Callable[..., pd.DataFrame]:
    def change(loans: pd.DataFrame) -> pd.DataFrame:
        changed = loans[column].astype(object)
        changed.iloc[rows] = value
        return loans.assign(**{column: changed.infer_objects()})

    return change


ONE_ROW = slice(5, 6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda loans: loans.drop(columns="amount"),
            "amount names the column 'amount', which",
        ),
        (lambda loans: loans.drop(columns="defaulted"), "target names the column 'defaulted'"),
        (lambda loans: loans.drop(columns="lost_amount"), "[exclude] names the column"),
        (spoil("defaulted", 2, ONE_ROW), "target 'defaulted' must be 0 or 1 in every row"),
        (spoil("defaulted", "yes", ONE_ROW), "target 'defaulted' must be 0 or 1 in every row"),
        (
            spoil("defaulted", None, ONE_ROW),
            "'defaulted' must not be missing: it is missing in 1 of ",
        ),
        (spoil("defaulted", 0), "target 'defaulted' must hold both classes, each at least twice"),
        (
            spoil("loan_id", 9, ONE_ROW),
            "key 'loan_id' must not repeat: 1 rows repeat an earlier key, the first is row 9",
        ),
        (spoil("loan_id", None, ONE_ROW), "key 'loan_id' must not be missing"),
        (spoil("decided_on", "soon", ONE_ROW), "column 'decided_on' must hold dates"),
        (spoil("decided_on", 20040101), "column 'decided_on' must hold dates, not numbers"),
        (spoil("income", None), "feature 'income' must have a value in at least one row: it is "),
        (spoil("income", np.inf, ONE_ROW), "feature 'income' must be finite, but holds infinity"),
        (
            lambda loans: loans.assign(name=[f"applicant {i}" for i in range(len(loans))]),
            f"feature 'name' has a different value in nearly every row ({ROWS} values in {ROWS} ",
        ),
        (lambda loans: loans.assign(born_on=loans["decided_on"]), "feature 'born_on' is a date"),
    ],
)
def test_refuses_a_table_with_column_and_rule(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    loans = change(make_loans(ROWS))
    source = "loans.csv" if "object" in {str(dtype) for dtype in loans.dtypes} else "loans.parquet"
    with pytest.raises(InputError) as caught:
        load(tmp_path, loans, source)
    assert message in str(caught.value)
    assert "portfolio.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("day", ["2019-01-01", "2031-01-01"])
def test_refuses_an_empty_side_of_the_split(tmp_path: Path, day: str) -> None:
    split = f'method = "date"\ntest_from = {day}'
    path = write_portfolio(tmp_path, make_loans(ROWS), split=split)
    with pytest.raises(InputError, match=r"leaves no (training|test) rows"):
        load_data(load_portfolio(path))


def test_refuses_a_portfolio_without_features(tmp_path: Path) -> None:
    loans = make_loans(ROWS)[["loan_id", "decided_on", "amount", "sex", "lost_amount", "defaulted"]]
    path = write_portfolio(tmp_path, loans, amount="")
    path.write_text(path.read_text().replace("lost_amount =", 'amount = "no"\nlost_amount ='))
    text = path.read_text().replace("income =", "amount =")
    path.write_text(text)
    with pytest.raises(InputError, match="no column of the table is a feature"):
        load_data(load_portfolio(path))


@pytest.mark.parametrize("content", [b"", b"PAR1 not a table"])
def test_refuses_a_source_that_is_not_a_table(tmp_path: Path, content: bytes) -> None:
    path = write_portfolio(tmp_path, make_loans(10))
    (tmp_path / "loans.parquet").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        load_data(load_portfolio(path))
    (tmp_path / "loans.parquet").unlink()
    with pytest.raises(InputError, match="no such file"):
        load_data(load_portfolio(path))
