"""A `portfolio.toml` is read as written, or refused with file, key and rule."""

import datetime
from pathlib import Path

import pytest

from train.errors import InputError
from train.portfolio import load_portfolio
from train.split import ColumnSplit, DateSplit, RandomSplit

HEAD = """[portfolio]
name = "a"
description = "b"
source = "loans.csv"
key = "id"
target = "bad"
"""
SPLIT = '[split]\nmethod = "random"\ntest_size = 0.2\nseed = 0\n'


def write(directory: Path, text: str) -> Path:
    path = directory / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_every_key(tmp_path: Path) -> None:
    portfolio = load_portfolio(
        write(
            tmp_path,
            HEAD
            + 'decision_date = "day"\namount = "sum"\nprotected = ["sex"]\n'
            + '[split]\nmethod = "date"\ntest_from = 2004-01-01\n'
            + '[exclude]\nterm = "it leaks"\n[kinds]\nzip = "category"\n'
            + '[labels]\nsum = { en = "Amount", fr = "Montant" }\n',
        )
    )
    assert portfolio.split == DateSplit(datetime.date(2004, 1, 1))
    assert portfolio.source == str(tmp_path / "loans.csv")
    assert portfolio.not_features == {"id", "bad", "day", "sex", "term"}
    assert portfolio.labels["sum"] == {"en": "Amount", "fr": "Montant"}
    assert portfolio.kinds == {"zip": "category"}


def test_other_splits_and_uris(tmp_path: Path) -> None:
    column = '[split]\nmethod = "column"\ncolumn = "side"\n'
    head = HEAD.replace("loans.csv", "s3://bucket/loans.csv")
    portfolio = load_portfolio(write(tmp_path, head + column))
    assert portfolio.split == ColumnSplit("side")
    assert portfolio.source == "s3://bucket/loans.csv"
    assert load_portfolio(write(tmp_path, HEAD + SPLIT)).split == RandomSplit(0.2, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[portfolio", "is not valid TOML"),
        (SPLIT, "missing key [portfolio] name"),
        (HEAD, "missing key [split] method"),
        (HEAD.replace('key = "id"\n', "") + SPLIT, "missing key [portfolio] key"),
        (HEAD + "colour = 1\n" + SPLIT, "unknown key [portfolio] colour; known: name,"),
        (HEAD + SPLIT + "[gates]\n", "unknown section [gates]; known: portfolio,"),
        ('split = "date"\n' + HEAD, "split must be a section"),
        (HEAD.replace('"id"', "7") + SPLIT, "[portfolio] key must be text, got 7"),
        (HEAD + 'protected = "sex"\n' + SPLIT, "protected must be a list of column names"),
        (HEAD + '[split]\nmethod = "luck"\n', "method must be date, column or random, got 'luck'"),
        (HEAD + '[split]\nmethod = "random"\nseed = 0\n', "missing key [split] test_size"),
        (HEAD + SPLIT.replace("0.2", "1.2"), "test_size must lie in (0, 1), got 1.2"),
        (HEAD + SPLIT.replace("seed = 0", "seed = -1"), "seed must be a whole number from 0"),
        (HEAD + SPLIT + "test_from = 2004-01-01\n", "test_from does not go with method"),
        (HEAD + '[split]\nmethod = "date"\ntest_from = 2004-01-01\n', "needs [portfolio] decision"),
        (
            HEAD + 'decision_date = "d"\n[split]\nmethod = "date"\ntest_from = "2004"\n',
            "test_from must be a date, got '2004'",
        ),
        (HEAD + '[split]\nmethod = "column"\ncolumn = 1\n', "column must be text, got 1"),
        (HEAD + SPLIT + "[exclude]\nterm = true\n", "[exclude] term must be the reason as text"),
        (HEAD + SPLIT + '[kinds]\nzip = "code"\n', "[kinds] zip must be number or category"),
        (HEAD + SPLIT + '[labels]\nzip = "Zip"\n', "[labels] zip must be texts by language"),
    ],
)
def test_refuses_with_file_key_and_rule(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_portfolio(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such portfolio"):
        load_portfolio(tmp_path / "portfolio.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load_portfolio(tmp_path)
