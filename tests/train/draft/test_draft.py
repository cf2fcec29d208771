"""`draft` describes a table that nobody has described, and says what it is not sure of."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.made import make_loans
from train.__main__ import main
from train.draft import draft_portfolio
from train.errors import InputError
from train.portfolio import Portfolio, load_portfolio

ROWS = 1200


def ignore(_: str) -> None:
    """Take a line and print nothing."""


def draft(folder: Path, table: pd.DataFrame, name: str = "loans.csv") -> tuple[Portfolio, str]:
    """Write a table, draft its portfolio, and return it with its text."""
    if name.endswith(".parquet"):
        table.to_parquet(folder / name)
    else:
        table.to_csv(folder / name, index=False)
    path = draft_portfolio(str(folder / name), "", "", ignore)
    return load_portfolio(path), path.read_text(encoding="utf-8")


def loans(**more: Any) -> pd.DataFrame:
    return make_loans(ROWS).assign(**more)


def test_each_column_gets_its_role(tmp_path: Path) -> None:
    portfolio, _ = draft(tmp_path, loans())
    assert (portfolio.key, portfolio.target) == ("loan_id", "defaulted")
    assert (portfolio.decision_date, portfolio.amount) == ("decided_on", "amount")
    assert portfolio.protected == ("sex",)
    assert "AUC" in portfolio.exclude["lost_amount"]
    assert portfolio.source == str(tmp_path / "loans.csv")
    assert portfolio.labels["debt_ratio"] == {"en": "Debt ratio"}


def test_parquet_and_csv_get_the_same_draft(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, from_csv = draft(tmp_path / "a", loans())
    _, from_parquet = draft(tmp_path / "b", loans(), "loans.parquet")
    assert from_parquet == from_csv.replace("loans.csv", "loans.parquet")


def test_the_latest_fifth_is_the_test(tmp_path: Path) -> None:
    table = loans()
    portfolio, text = draft(tmp_path, table)
    first = pd.Timestamp(tomllib.loads(text)["split"]["test_from"])
    assert 0.15 < (table["decided_on"] >= first).mean() < 0.25
    assert portfolio.decision_date


def test_without_a_date_the_split_is_random(tmp_path: Path) -> None:
    _, text = draft(tmp_path, loans().drop(columns="decided_on"))
    assert tomllib.loads(text)["split"]["method"] == "random"


def test_a_date_that_leaves_one_class_on_a_side_is_not_the_split(tmp_path: Path) -> None:
    table = loans().sort_values("defaulted", kind="stable").reset_index(drop=True)
    table["decided_on"] = pd.date_range("2020-01-01", periods=ROWS, freq="D")
    table["lost_amount"] = 1.0
    portfolio, text = draft(tmp_path, table)
    assert tomllib.loads(text)["split"]["method"] == "random"
    assert portfolio.decision_date == "decided_on"


def test_columns_that_cannot_be_features_are_excluded_with_a_reason(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    words = np.array(["called", "again", "papers", "branch", "manager", "agreed", "signed", "file"])
    table = loans(
        nothing=np.nan,
        country="FR",
        customer_ref=[f"C{n}" for n in range(ROWS)],
        note=[" ".join(rng.choice(words, 5)) for _ in range(ROWS)],
        recovered_amount=rng.random(ROWS),
    )
    portfolio, _ = draft(tmp_path, table)
    reasons = portfolio.exclude
    assert reasons["nothing"] == "empty"
    assert reasons["country"] == "constant: always FR"
    assert reasons["customer_ref"].startswith("identifier")
    assert reasons["note"] == "free text"
    assert reasons["recovered_amount"] == "looks like an outcome, by its name"


def test_an_unnamed_index_is_no_feature_and_no_key(tmp_path: Path) -> None:
    table = loans().drop(columns="loan_id")
    table.to_csv(tmp_path / "loans.csv")
    path = draft_portfolio(str(tmp_path / "loans.csv"), "", "", ignore)
    portfolio = load_portfolio(path)
    assert portfolio.exclude["Unnamed: 0"] == "numbers the rows of the table"
    assert "key =" not in path.read_text()


@pytest.mark.parametrize(
    ("values", "defaulted", "repaid", "leave_out", "asks"),
    [
        (
            ["Charged Off", "Fully Paid", "Current"],
            ("Charged Off",),
            ("Fully Paid",),
            ("Current",),
            0,
        ),
        (["Impayé", "Remboursé", "En cours"], ("Impayé",), ("Remboursé",), ("En cours",), 0),
        (["default", "repaid", "blue"], ("default",), ("repaid",), ("blue",), 1),
        (["yes", "no", "no"], ("yes",), ("no",), (), 0),
        ([2, 1, 1], ("2",), ("1",), (), 1),
    ],
)
def test_words_of_the_target_are_guessed(
    tmp_path: Path,
    values: list[Any],
    defaulted: tuple[str, ...],
    repaid: tuple[str, ...],
    leave_out: tuple[str, ...],
    asks: int,
) -> None:
    outcome = make_loans(ROWS)["defaulted"].to_numpy()
    status = [values[0] if bad else values[1 + (row % 9 == 0)] for row, bad in enumerate(outcome)]
    portfolio, text = draft(
        tmp_path, loans(status=status).drop(columns=["defaulted", "lost_amount"])
    )
    assert portfolio.target == "status"
    assert portfolio.outcomes.defaulted == defaulted
    assert portfolio.outcomes.repaid == repaid
    assert portfolio.outcomes.leave_out == leave_out
    assert text.count("# question: ") == asks


def test_a_status_whose_words_nobody_knows_is_a_question(tmp_path: Path) -> None:
    table = loans()
    table["Status"] = np.where(table.pop("defaulted") == 1, "zle", "oddane")
    table.loc[:50, "Status"] = "trwa"
    portfolio, text = draft(tmp_path, table.assign(guarantor="no"))
    assert portfolio.target == "Status"
    assert 'defaulted = ["?"]' in text
    assert "which values mean a default, and which repaid? There are 'oddane'" in text
    assert "leave_out" not in text


def test_another_candidate_for_the_outcome_is_named(tmp_path: Path) -> None:
    _, text = draft(tmp_path, loans().rename(columns={"defaulted": "zle"}))
    assert 'target = "has_home"' in text
    assert "is this column the outcome?" in text
    assert "it can also be 'zle'" in text


def test_one_means_repaid_where_the_name_says_so(tmp_path: Path) -> None:
    table = loans(repaid=1 - make_loans(ROWS)["defaulted"]).drop(columns="defaulted")
    portfolio, text = draft(tmp_path, table)
    assert (portfolio.outcomes.defaulted, portfolio.outcomes.repaid) == (("0",), ("1",))
    assert "# question: does 1 mean repaid" in text


def test_rows_without_an_outcome_are_left_out(tmp_path: Path) -> None:
    outcome = make_loans(ROWS)["defaulted"].astype(float).where(np.arange(ROWS) % 10 > 0)
    portfolio, text = draft(tmp_path, loans(defaulted=outcome))
    assert portfolio.outcomes.leave_out == ("",)
    assert portfolio.outcomes.defaulted == ("1",)
    assert f"{ROWS // 10} rows have no outcome" in text


def test_a_table_without_an_outcome_gets_a_question(tmp_path: Path) -> None:
    table = loans()[["loan_id", "income", "region"]]
    portfolio, text = draft(tmp_path, table)
    assert portfolio.target == "?"
    assert "# question: which column holds the outcome?" in text


def test_codes_are_categories_and_dates_are_dates(tmp_path: Path) -> None:
    table = loans(
        branch=np.arange(ROWS) % 40,
        product_code=np.arange(ROWS) % 7,
        zone=[f"0{n % 9}" for n in range(ROWS)],
        hired_on=pd.Timestamp("2001-05-06") + pd.to_timedelta(np.arange(ROWS) % 900, "D"),
    )
    portfolio, text = draft(tmp_path, table)
    assert portfolio.kinds == {
        "branch": "category",
        "product_code": "category",
        "zone": "category",
        "hired_on": "date",
    }
    assert '# product_code = "number"' in text


def test_a_date_after_the_decision_is_excluded(tmp_path: Path) -> None:
    table = loans()
    table["closed"] = table["decided_on"] + pd.to_timedelta(np.arange(ROWS) % 300, "D")
    portfolio, _ = draft(tmp_path, table)
    assert portfolio.exclude["closed"] == "later than the decision: looks like an outcome"


def test_sex_is_found_by_its_values_and_asked(tmp_path: Path) -> None:
    portfolio, text = draft(tmp_path, loans().rename(columns={"sex": "col_7"}))
    assert portfolio.protected == ("col_7",)
    assert "# question: is 'col_7' protected?" in text


NAMES = [
    "Revenu net (€)",
    "a.b",
    'say "hi"',
    "it's = # [x]",
    "two\nlines",
    "tab\there",
    "ünï\\",
    "\x7f",
]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_any_name_of_a_column_can_be_written(tmp_path: Path, ending: str) -> None:
    rng = np.random.default_rng(0)
    # constant, code and feature: the name stands in every section
    table = loans(**{f"{name}{part}": part for name in NAMES for part in ("c",)})
    for name in NAMES:
        table[f"{name} code"] = rng.integers(1, 5, ROWS)
        table[f"{name} sex"] = rng.choice(["F", "M"], ROWS)
    portfolio, text = draft(tmp_path, table, f"loans.{ending}")
    assert set(portfolio.exclude) >= {f"{name}c" for name in NAMES}
    assert set(portfolio.kinds) == {f"{name} code" for name in NAMES}
    assert set(portfolio.protected) == {"sex", *(f"{name} sex" for name in NAMES)}
    # every other answer is TOML too, on a line of its own
    for line in text.splitlines():
        if line.startswith("# ") and " = " in line and "question" not in line:
            tomllib.loads(line[2:])


def test_an_existing_file_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loans().to_csv(tmp_path / "loans.csv", index=False)
    written = tmp_path / "portfolio.toml"
    written.write_text("mine")
    assert main(["draft", "--table", str(tmp_path / "loans.csv")]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: {written}: exists already: choose another -P output=, or remove the file"
    ]
    assert written.read_text() == "mine"


def test_the_command_prints_every_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = loans()
    table.to_csv(tmp_path / "loans.csv", index=False)
    output = tmp_path / "new" / "mine.toml"
    assert main(["draft", "--table", str(tmp_path / "loans.csv"), "--output", str(output)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1 : 1 + len(table.columns)]] == list(table.columns)
    [region] = [line for line in printed if line.startswith("region")]
    assert region.split()[1:4] == ["feature", "category", "none"]
    assert load_portfolio(output).source == str(tmp_path / "loans.csv")


def test_a_table_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["draft", "--table", str(tmp_path / "none.csv")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {tmp_path / 'none.csv'}")
    assert "no such file" in line


def test_a_password_is_not_written(tmp_path: Path) -> None:
    from train.draft.draft import _source_text

    for password in ("secret", "se$cr@t", "${ecret"):
        url = f"postgresql+psycopg://me:{password}@host/loans"
        source, notes = _source_text(url, tmp_path / "p.toml")
        assert source == "postgresql+psycopg://me:${DATABASE_PASSWORD}@host/loans"
        assert "DATABASE_PASSWORD" in notes[0]
    source, _ = _source_text(
        "mysql+pymysql://host/loans?user=me&password=secret", tmp_path / "p.toml"
    )
    assert source == "mysql+pymysql://host/loans?user=me&password=${DATABASE_PASSWORD}"
    kept = "postgresql+psycopg://me:${LOANS}@host/loans"
    assert _source_text(kept, tmp_path / "p.toml") == (kept, ())


def test_two_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_text("a,a\n1,2\n")
    with pytest.raises(InputError, match="'a' must not repeat"):
        draft_portfolio(str(tmp_path / "loans.csv"), "", "", ignore)


def test_what_came_before_the_loan_is_asked_and_not_excluded(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    late, arrears = rng.poisson(0.5, ROWS), rng.poisson(0.5, ROWS)
    portfolio, text = draft(tmp_path, loans(NumberOfTimes60DaysLate=late, arrears=arrears))
    assert "NumberOfTimes60DaysLate" not in portfolio.exclude
    assert '# NumberOfTimes60DaysLate = "known only after the decision"' in text
    after = text.splitlines()
    place = after.index('arrears = "looks like an outcome, by its name"')
    assert after[place + 1] == "# question: was it known at the decision? Then remove the line"


def test_a_code_with_hidden_digits_is_a_category(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    portfolio, _ = draft(tmp_path, loans(zip_code=[f"{k}xx" for k in rng.integers(100, 160, ROWS)]))
    assert portfolio.read.strip == ()


def test_the_table_of_columns_fits_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    loans().to_csv(tmp_path / "loans.csv", index=False)
    lines: list[str] = []
    draft_portfolio(str(tmp_path / "loans.csv"), "", "", lines.append)
    assert max(map(len, lines[0].splitlines())) <= 80
