"""A `portfolio.toml` is read as written; a wrong one is refused with file, key and rule."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from train.errors import InputError, Mistakes
from train.portfolio import PortfolioFile, load_portfolio
from train.portfolio.sections import ColumnSplit, DateSplit, RandomSplit, key_text, value_text

HEAD = """[portfolio]
name = "a"
description = "b"
source = "loans.csv"
key = "id"
target = "bad"
"""
SPLIT = '[split]\nmethod = "random"\ntest_size = 0.2\nseed = 0\n'
DATE = 'decision_date = "d"\n[split]\nmethod = "date"\n'
HISTORY = '[[history]]\ntable = "a"\nfeatures = "a.sql"\n'
REFERENCE = '[answer]\nreference = "number"\n'
SCHEMA = PortfolioFile.model_json_schema()


def write(directory: Path, text: str) -> Path:
    path = directory / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return path


def check_refused(directory: Path, text: str, message: str) -> None:
    path = write(directory, text)
    with pytest.raises(InputError) as caught:
        load_portfolio(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


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
        (HEAD.replace('target = "bad"\n', "") + SPLIT, "missing key [portfolio] target"),
        (HEAD + "colour = 1\n" + SPLIT, "unknown key [portfolio] colour; known: name,"),
        (HEAD + SPLIT + "[gates]\n", "unknown section [gates]; known: portfolio,"),
        ('split = "date"\n' + HEAD, "split must be a section"),
        (HEAD.replace('"id"', "7") + SPLIT, "[portfolio] key must be text, got 7"),
        (HEAD + 'protected = "sex"\n' + SPLIT, "protected must be a list of column names"),
        (HEAD + '[split]\nmethod = "luck"\n', "method must be date, column or random, got 'luck'"),
        (HEAD + '[split]\nmethod = "random"\nseed = 0\n', "missing key [split] test_size"),
        (HEAD + SPLIT.replace("0.2", "1.2"), "test_size must lie in (0, 1), got 1.2"),
        (HEAD + SPLIT.replace("seed = 0", "seed = -1"), "seed must be a whole number, 0 or"),
        (HEAD + SPLIT + "test_from = 2004-01-01\n", "test_from does not go with method"),
        (HEAD + '[split]\nmethod = "date"\ntest_from = 2004-01-01\n', "needs [portfolio] decision"),
        (
            HEAD + 'decision_date = "d"\n[split]\nmethod = "date"\ntest_from = "2004"\n',
            "test_from must be a date without quotes, such as 2021-07-01, got '2004'",
        ),
        (HEAD + '[split]\nmethod = "column"\ncolumn = 1\n', "column must be text, got 1"),
        (HEAD + SPLIT + "[exclude]\nterm = true\n", "[exclude] term must be the reason as text"),
        (HEAD + SPLIT + '[kinds]\nzip = "code"\n', "[kinds] zip must be number, category or date"),
        (HEAD + SPLIT + '[labels]\nzip = "Zip"\n', "[labels] zip must be texts by language"),
        (
            HEAD + SPLIT + '[answer]\ninclude = ["price"]\n',
            "[answer] include must be a list of 'dec",
        ),
        (HEAD + SPLIT + '[answer]\ninclude = ["decision", "decision"]\n', "each field once"),
        (HEAD + SPLIT + "[answer]\nreference = 1\n", "[answer] reference must be text, got 1"),
        (HEAD + SPLIT + REFERENCE.replace("number", "score"), "is a field of the answer already"),
        (
            HEAD + SPLIT + REFERENCE.replace("number", "bad"),
            "[answer] reference = 'bad': [portfolio] target names this column; take another name",
        ),
        (HEAD + 'amount = "number"\n' + SPLIT + REFERENCE, "[portfolio] amount names this column"),
        (
            HEAD + 'protected = ["number"]\n' + SPLIT + REFERENCE,
            "[portfolio] protected names this column",
        ),
        (HEAD + SPLIT + REFERENCE + '[derive]\nnumber = "a + b"\n', "[derive] names this column"),
        (
            HEAD + SPLIT + REFERENCE + "[limits]\nnumber = { min = 0 }\n",
            "[limits] names this column",
        ),
    ],
)
def test_refuses_with_file_key_and_rule(tmp_path: Path, text: str, message: str) -> None:
    check_refused(tmp_path, text, message)


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such portfolio"):
        load_portfolio(tmp_path / "portfolio.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load_portfolio(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace('"b"', '""') + SPLIT, "[portfolio] description must be text, got ''"),
        (HEAD + "protected = [1]\n" + SPLIT, "[portfolio] protected must be a list of column nam"),
        ("[[portfolio]]\n" + SPLIT, "portfolio must be a section: [portfolio]"),
        (HEAD + "[[split]]\n", "split must be a section: [split]"),
        (HEAD + "[split]\nmethod = 1\n", "[split] method must be date, column or random, got 1"),
        (
            HEAD + DATE + "test_from = 2004-01-01T00:00:00\n",
            "test_from must be a date without quotes, such as 2021-07-01, got datet",
        ),
        (HEAD + SPLIT.replace("0.2", '"0.2"'), "[split] test_size must lie in (0, 1), got '0.2'"),
        (HEAD + SPLIT.replace("0.2", "1"), "[split] test_size must lie in (0, 1), got 1"),
        (HEAD + SPLIT.replace("0.2", "nan"), "[split] test_size must lie in (0, 1), got nan"),
        (HEAD + SPLIT.replace("seed = 0", "seed = 1.0"), "[split] seed must be a whole number"),
        ("exclude = 1\n" + HEAD + SPLIT, "exclude must be a section: [exclude]"),
        (HEAD + SPLIT + '[exclude]\nterm = ""\n', "[exclude] term must be the reason as text"),
        (HEAD + SPLIT + "[accept_leak_risk]\nterm = 1\n", "[accept_leak_risk] term must be the r"),
        (
            HEAD + SPLIT + "[kinds]\nzip = []\n",
            "[kinds] zip must be number, category or date, got",
        ),
        (HEAD + SPLIT + "[labels]\nzip = { en = 1 }\n", "[labels] zip must be texts by language"),
        (HEAD + SPLIT + "[costs]\nfalse_negative = []\n", "[costs] false_negative must be a numb"),
        (HEAD + SPLIT + '[gate]\nmax_ece = "0.1"\n', "[gate] max_ece must lie in [0, 1), got '0"),
        (HEAD + SPLIT + "[[gate]]\n", "gate must be a section: [gate]"),
        ("history = [1]\n" + HEAD + SPLIT, "history must be a list of sections: [[history]]"),
        (HEAD + SPLIT + '[[history]]\ntable = "a"\nfeatures = 1\n', "] features must be text, go"),
    ],
)
def test_refuses_a_wrong_kind_in_every_section(tmp_path: Path, text: str, message: str) -> None:
    check_refused(tmp_path, text, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + SPLIT + "colour = 1\n", "unknown key [split] colour; known: "),
        (HEAD + SPLIT + "[costs]\ncolour = 1\n", "unknown key [costs] colour; known: false_negat"),
        (HEAD + SPLIT + "[gate]\ncolour = 1\n", "unknown key [gate] colour; known: confidence,"),
        (HEAD + SPLIT + HISTORY + "colour = 1\n", "unknown key [[history]] colour; known: table, "),
        ("colour = 1\n" + HEAD + SPLIT, "unknown section [colour]; known: portfolio, split,"),
    ],
)
def test_refuses_an_unknown_key_in_every_section(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.sql").touch()
    check_refused(tmp_path, text, message)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (HEAD.replace('"id"', "7").replace('"bad"', "8") + SPLIT, "[portfolio] key", "target"),
        (HEAD + SPLIT + "[gate]\nmax_ece = 2\nseed = -1\n", "[gate] max_ece", "seed"),
        (HEAD.replace('"a"', "1") + SPLIT + "[gate]\nseed = -1\n", "[portfolio] name", "seed"),
        # the misspelt key is named, not the right key that is missing because of it
        (HEAD.replace("target", "tarket") + SPLIT, "unknown key [portfolio] tarket", "missing"),
    ],
)
def test_of_two_mistakes_the_first_is_named(
    tmp_path: Path, text: str, first: str, second: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_portfolio(write(tmp_path, text))
    message = str(caught.value).removeprefix(f"{tmp_path / 'portfolio.toml'}: ")
    assert message.startswith(first)
    assert second not in message.partition(";")[0]


def refused_keys(content: dict[str, Any]) -> set[Any]:
    with pytest.raises(ValidationError) as caught:
        PortfolioFile.model_validate(content)
    return {mistake["loc"][-1] for mistake in caught.value.errors()}


@pytest.mark.parametrize(
    ("section", "kind"),
    [("portfolio", "Head"), ("costs", "CostColumns"), ("gate", "GateLimits")],
)
def test_no_key_takes_a_boolean(section: str, kind: str) -> None:
    keys = SCHEMA["$defs"][kind]["properties"]
    assert set(keys) <= refused_keys({section: dict.fromkeys(keys, True)})


@pytest.mark.parametrize("method", ["date", "column", "random"])
def test_no_key_of_a_split_takes_a_boolean(method: str) -> None:
    keys = {*SCHEMA["$defs"][f"{method.title()}Split"]["properties"]} - {"method"}
    split = dict.fromkeys(keys, True) | {"method": method}
    assert keys <= refused_keys({"split": split})


def test_every_key_is_described() -> None:
    kinds = {name: kind["properties"] for name, kind in SCHEMA["$defs"].items()}
    for name, keys in {"PortfolioFile": SCHEMA["properties"], **kinds}.items():
        for key, schema in keys.items():
            assert schema.get("description", "").endswith("."), f"{name}.{key}"


def test_a_section_made_in_code_is_checked_too() -> None:
    assert DateSplit(datetime.date(2004, 1, 1)).method == "date"
    with pytest.raises(ValidationError):
        RandomSplit(1.2, 0)


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (
            '[exclude]\nlate.0 = "x"\n',
            '[exclude] late.0 must stand in quotes, because of its dot: "la',
        ),
        ('[exclude]\na.b.c = "x"\n', "[exclude] a.b.c must stand in quotes"),
        ('[kinds]\nlate.0 = "number"\n', "[kinds] late.0 must stand in quotes"),
        ('[labels]\nlate.0 = { en = "x" }\n', "[labels] late.0 must stand in quotes"),
        ("[limits]\nlate.0 = { min = 1 }\n", "[limits] late.0 must stand in quotes"),
        ('[derive]\nlate.0 = "a - b"\n', "[derive] late.0 must stand in quotes"),
        (
            '[exclude]\nmy column = "x"\n',
            "a name with spaces, accents or other signs must stand in",
        ),
        (
            '[exclude]\npr\u00eat = "x"\n',
            "a name with spaces, accents or other signs must stand in",
        ),
    ],
)
def test_a_name_that_needs_quotes_is_told(tmp_path: Path, section: str, line: str) -> None:
    check_refused(tmp_path, HEAD + SPLIT + section, line)


def test_every_mistake_of_a_file_is_listed(tmp_path: Path) -> None:
    text = HEAD.replace('"b"', "1") + SPLIT + '[exclude]\na = 1\n[kinds]\nb = "w"\n[gates]\n'
    path = write(tmp_path, text)
    with pytest.raises(Mistakes) as raised:
        load_portfolio(path)
    lines = raised.value.mistakes
    assert all(line.startswith(f"{path}: ") and "\n" not in line for line in lines)
    rules = ["[gates]", "[portfolio] description", "[kinds] b", "[exclude] a"]
    assert [rule for rule, line in zip(rules, lines, strict=True) if rule in line] == rules
    assert str(raised.value).endswith(" (3 more mistakes: `mlflow run . -e check` lists all)")


def test_a_relative_path_is_said_to_begin_at_the_project(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine.toml: no such portfolio: give an absolute path, "):
        load_portfolio(Path("mine.toml"))
    with pytest.raises(InputError, match=r"no such portfolio$"):
        load_portfolio(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    "name", ["amount", "a-b", "late.0", "pr\u00eat d'ici", 'a "b"', "x\ty", ""]
)
def test_names_and_values_are_written_as_toml_reads_them(name: str) -> None:
    text = f"{key_text(name)} = {value_text([name, 1, True])}"
    assert tomllib.loads(text) == {name: [name, 1, True]}
