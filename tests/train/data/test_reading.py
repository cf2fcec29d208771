"""A raw export becomes a frame; what is not certain ends the run with the line to add."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.made import DATE_SPLIT, make_loans, write_portfolio
from train.data.reading import ReadTable, digest_table, examine_table, find_mistakes, read_table
from train.errors import InputError, Mistakes
from train.portfolio import ROW_NUMBER, Portfolio, load_portfolio

ROWS = 600
LOANS = make_loans(ROWS, seed=4)


def portfolio_of(
    folder: Path,
    loans: pd.DataFrame,
    sections: str = "",
    source: str = "loans.csv",
    **replaced: str,
) -> Portfolio:
    path = write_portfolio(folder, loans, source=source, **replaced)
    path.write_text(path.read_text(encoding="utf-8") + f"\n{sections}", encoding="utf-8")
    return load_portfolio(path)


def read(folder: Path, loans: pd.DataFrame, sections: str = "", **options: Any) -> ReadTable:
    return read_table(portfolio_of(folder, loans, sections, **options))


def mistakes_of(folder: Path, loans: pd.DataFrame, sections: str = "", **options: Any) -> list[str]:
    portfolio = portfolio_of(folder, loans, sections, **options)
    mistakes = find_mistakes(examine_table(portfolio), portfolio)
    assert all(line.startswith(f"{portfolio.path}: ") and "\n" not in line for line in mistakes)
    return mistakes


def test_a_raw_export_is_read_by_its_settings_to_the_same_values(tmp_path: Path) -> None:
    raw = LOANS.assign(
        income=[f"{x:,.2f} \u20ac".translate({44: " ", 46: ","}) for x in LOANS["income"]],
        debt_ratio=[
            ("inconnu" if np.isnan(x) else f"{x}".replace(".", ",")) for x in LOANS["debt_ratio"]
        ],
        decided_on=LOANS["decided_on"].dt.strftime("%d/%m/%Y"),
        has_home=np.where(LOANS["has_home"], "Oui", "NON"),
        purpose=LOANS["purpose"].fillna("inconnu"),
        lost_amount=LOANS["lost_amount"].map(lambda x: f"{x}".replace(".", ",")),
    )
    settings = (
        '[read]\ndecimal = ","\nthousands = " "\nstrip = ["\u20ac"]\nmissing = ["inconnu"]\n'
        'yes = ["oui"]\nno = ["non"]\n'
    )
    table = read(tmp_path, raw, settings)
    expected = LOANS.assign(purpose=LOANS["purpose"].astype("str"))
    expected["decided_on"] = expected["decided_on"].astype(table.frame["decided_on"].dtype)
    pd.testing.assert_frame_equal(table.frame, expected, check_exact=True)
    assert table.notes == ("read: dates are written as %d/%m/%Y",)
    assert table.read.dates == "%d/%m/%Y"


def test_parquet_without_settings_stays_as_it_is(tmp_path: Path) -> None:
    loans = LOANS.assign(region=LOANS["region"].astype("category"))
    table = read(tmp_path, loans, source="loans.parquet")
    pd.testing.assert_frame_equal(table.frame, pd.read_parquet(tmp_path / "loans.parquet"))
    assert table.notes == ()


TEXTS: dict[str, tuple[list[str], str]] = {
    "percent": ([f"{n % 97 / 10}%" for n in range(ROWS)], '[read] strip = ["%"]'),
    "stray sign": (
        [f"{n % 83}{'_' if n % 60 == 59 else ''}" for n in range(ROWS)],
        "(row 59 holds '59_'): add [read] strip = [\"_\"]",
    ),
    "comma": ([f"{n % 91},25" for n in range(ROWS)], 'add [read] decimal = ","'),
    "thousands": (
        [f"{n % 91 + 1},500" for n in range(ROWS)],
        'add [read] decimal = "," if 1,500 has a fraction or [read] thousands = "," if 1,500 has',
    ),
    "word": (
        ["unknown" if n % 50 == 7 else str(n % 83) for n in range(ROWS)],
        "98 % of its cells, but row 7 holds 'unknown': add [read] missing = [\"unknown\"]",
    ),
    "months": (
        [f"{['Jan', 'Dec'][n % 2]}-2015" for n in range(ROWS)],
        '[read] dates = "%b-%Y" and',
    ),
    "days": ([f"2015-01-{n % 28 + 1:02d}" for n in range(ROWS)], 'add [kinds] extra = "date"'),
}


@pytest.mark.parametrize("source", ["loans.csv", "loans.parquet"])
@pytest.mark.parametrize("kind", TEXTS)
def test_text_that_is_numbers_or_dates_ends_the_run(tmp_path: Path, kind: str, source: str) -> None:
    cells, advice = TEXTS[kind]
    (mistake,) = mistakes_of(tmp_path, LOANS.assign(extra=cells), source=source)
    assert "column 'extra' holds text that is " in mistake
    assert advice in mistake
    is_date = kind in ("months", "days")
    assert ("[exclude]" in mistake) == is_date
    if source == "loans.parquet" and not is_date:
        assert '[kinds] extra = "number"' in mistake
    # named as a category, it is one
    assert mistakes_of(tmp_path, LOANS.assign(extra=cells), '[kinds]\nextra = "category"\n') == []


def test_the_advice_is_right(tmp_path: Path) -> None:
    cells, _ = TEXTS["word"]
    loans = LOANS.assign(extra=cells)
    table = read(tmp_path, loans, '[read]\nmissing = ["unknown"]\n')
    assert table.frame["extra"].isna().sum() == 12
    assert table.frame["extra"].dtype == np.float64
    kinds = '[read]\nmissing = ["unknown"]\n[kinds]\nextra = "number"\n'
    from_parquet = read(tmp_path, loans, kinds, source="loans.parquet")
    pd.testing.assert_series_equal(table.frame["extra"], from_parquet.frame["extra"])


def test_settings_that_do_not_fit_a_column_are_named(tmp_path: Path) -> None:
    income, debt = mistakes_of(tmp_path, LOANS, '[read]\ndecimal = ","\n')
    assert "column 'income' holds text" in income
    assert "column 'debt_ratio' holds text" in debt
    assert '[read] decimal = "," does not fit' in income


@pytest.mark.parametrize("source", ["loans.csv", "loans.parquet"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "America/New_York"])
def test_moments_with_offsets_are_days_in_utc(tmp_path: Path, zone: str, source: str) -> None:
    moments = pd.Series(pd.date_range("2021-03-20", periods=ROWS, freq="7h", tz=zone))
    loans = LOANS.assign(decided_on=moments.astype(str) if source == "loans.csv" else moments)
    frame = read(tmp_path, loans, source=source, split=DATE_SPLIT).frame
    days = moments.dt.tz_convert("UTC").dt.tz_localize(None).dt.floor("D")
    assert frame["decided_on"].tolist() == days.tolist()
    assert frame["decided_on"].dt.tz is None


def test_dates_that_can_be_read_in_two_ways_end_the_run(tmp_path: Path) -> None:
    loans = LOANS.assign(
        decided_on=[f"{n % 12 + 1:02d}/{n % 11 + 1:02d}/2021" for n in range(ROWS)]
    )
    (mistake,) = mistakes_of(tmp_path, loans)
    assert '[read] dates = "%d/%m/%Y" or [read] dates = "%m/%d/%Y"' in mistake
    table = read(tmp_path, loans, '[read]\ndates = "%m/%d/%Y"\n')
    assert table.frame["decided_on"].iloc[1] == pd.Timestamp("2021-02-02")
    assert table.frame["decided_on"].iloc[11] == pd.Timestamp("2021-12-01")


def test_a_date_may_be_a_feature_and_may_be_missing(tmp_path: Path) -> None:
    hired = LOANS["decided_on"] - pd.to_timedelta(np.arange(ROWS) % 900, "D")
    hired = hired.where(np.arange(ROWS) % 7 > 0)
    kinds = '[kinds]\nhired_on = "date"\n'
    for loans, source in (
        (LOANS.assign(hired_on=hired.dt.strftime("%Y-%m-%d")), "loans.csv"),
        (LOANS.assign(hired_on=hired), "loans.parquet"),
    ):
        frame = read(tmp_path, loans, kinds, source=source).frame
        pd.testing.assert_series_equal(
            frame["hired_on"], hired, check_dtype=False, check_names=False
        )
    (mistake,) = mistakes_of(tmp_path, LOANS.assign(hired_on=hired), source="loans.parquet")
    assert "feature 'hired_on' is a date: to use the days" in mistake


def test_words_of_the_target_and_rows_without_a_key(tmp_path: Path) -> None:
    words = np.where(LOANS["defaulted"] == 1, "Charged Off", "Fully Paid").astype(object)
    words[::10] = "Current"
    named = 'target = "defaulted"\ndefaulted = ["Charged Off"]\nrepaid = ["Fully Paid"]'
    loans = LOANS.drop(columns="loan_id").assign(defaulted=words)
    (mistake,) = mistakes_of(tmp_path, loans, key="", target=named)
    assert "'Current' (60)" in mistake
    named += '\nleave_out = ["Current"]'
    for source in ("loans.csv", "loans.parquet"):
        table = read(tmp_path, loans, key="", target=named, source=source)
        kept = np.arange(ROWS) % 10 > 0
        assert table.frame["defaulted"].tolist() == LOANS["defaulted"][kept].tolist()
        # rows are numbered as they stand in the table
        assert table.frame[ROW_NUMBER].tolist() == np.flatnonzero(kept).tolist()
        assert table.notes == ("target defaulted: 60 rows are left out: 'Current' (60)",)


def test_a_target_without_words_is_told_its_lines(tmp_path: Path) -> None:
    for values in (LOANS["defaulted"] == 1, np.where(LOANS["defaulted"] == 1, "yes", "no")):
        (mistake,) = mistakes_of(tmp_path, LOANS.assign(defaulted=values))
        assert "target 'defaulted' must be 0 or 1 in every row, but has" in mistake
        assert mistake.endswith(('["true"], repaid = ["false"]', '["yes"], repaid = ["no"]'))


def test_row_numbers_and_identifiers_are_no_features(tmp_path: Path) -> None:
    loans = LOANS.assign(sequence=np.arange(ROWS) + 77, agency_id=np.arange(ROWS) % 4)
    loans = loans.reset_index(names="Unnamed: 0")
    mistakes = mistakes_of(tmp_path, loans)
    assert [line.split("'")[1] for line in mistakes] == ["Unnamed: 0", "sequence", "agency_id"]
    assert 'add [exclude] "Unnamed: 0" = "an identifier"' in mistakes[0]
    assert 'add [kinds] agency_id = "number" or agency_id = "category"' in mistakes[2]
    kinds = '[kinds]\n"Unnamed: 0" = "number"\nsequence = "number"\nagency_id = "category"\n'
    assert mistakes_of(tmp_path, loans, kinds) == []


def test_numbers_that_may_be_codes_are_noted(tmp_path: Path) -> None:
    loans = LOANS.assign(
        depot=[f"{n % 90:04d}" for n in range(ROWS)], zip_code=np.arange(ROWS) % 9 + 4
    )
    depot, zip_code = read(tmp_path, loans).notes
    assert depot.startswith(
        "column depot is read as numbers, but has leading zeros, such as '0000'"
    )
    assert 'add [kinds] zip_code = "category"' in zip_code
    assert read(tmp_path, loans, '[kinds]\ndepot = "category"\nzip_code = "number"\n').notes == ()


def test_every_mistake_is_found_at_once(tmp_path: Path) -> None:
    loans = LOANS.assign(
        amount=LOANS["amount"].map("{:,}".format),
        defaulted=np.where(LOANS["defaulted"] == 1, "late", "paid"),
        rank=np.arange(ROWS),
        loan_id=0,
    ).drop(columns=["sex", "lost_amount"])
    portfolio = portfolio_of(tmp_path, loans)
    lines = find_mistakes(examine_table(portfolio), portfolio)
    for line, words in zip(
        lines,
        [
            "protected names",
            "[exclude] names",
            "'amount' holds",
            "key 'loan_id'",
            "target",
            "'rank'",
        ],
        strict=True,
    ):
        assert words in line
    with pytest.raises(Mistakes) as raised:
        read_table(portfolio)
    assert raised.value.mistakes == tuple(lines)
    assert str(raised.value) == f"{lines[0]} (5 more mistakes: `mlflow run . -e check` lists all)"


def test_a_number_that_does_not_fit_its_kind_is_shown(tmp_path: Path) -> None:
    (mistake,) = mistakes_of(tmp_path, LOANS, '[kinds]\nregion = "number"\n')
    assert "[kinds] region = 'number', but the column holds text" in mistake
    comma = [f"{n % 91},25" for n in range(ROWS)]
    (mistake,) = mistakes_of(tmp_path, LOANS.assign(rate=comma), '[kinds]\nrate = "number"\n')
    assert mistake.endswith("(row 0 holds '0,25'): add [read] decimal = \",\"")


def test_the_digest_of_a_shipped_table_does_not_change() -> None:
    portfolio = load_portfolio(Path("portfolios/taiwan/portfolio.toml"))
    digest = digest_table(read_table(portfolio).frame)
    assert digest == "8c52e2765184e61e8fcf9910b223d2308f0b395e9ec1883f644b18b5551b277d"


def test_a_source_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    portfolio = portfolio_of(tmp_path, LOANS)
    (tmp_path / "loans.csv").unlink()
    with pytest.raises(InputError, match=r"portfolio.toml: \[portfolio\] source .*no such file"):
        examine_table(portfolio)
