"""The words of the target become labels; a word that is not named is an error with counts."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from train.columns import label_outcomes, suggest_outcomes
from train.errors import InputError
from train.portfolio import Portfolio
from train.portfolio.sections import Outcomes, RandomSplit


def portfolio_of(**words: tuple[str, ...]) -> Portfolio:
    return Portfolio(
        path=Path("portfolio.toml"),
        name="made",
        description="",
        source="loans.csv",
        key="loan",
        target="etat",
        split=RandomSplit(test_size=0.2, seed=0),
        outcomes=Outcomes(**words),
    )


@pytest.mark.parametrize(
    ("values", "defaulted", "repaid", "labels"),
    [
        (["impay\u00e9", " sold\u00e9 ", "impay\u00e9"], "impay\u00e9", "sold\u00e9", [1, 0, 1]),
        ([True, False], "true", "false", [1, 0]),
        (["TRUE", "False"], "true", "false", [1, 0]),
        ([2, 1], "2", "1", [1, 0]),
        ([2.0, 1.0], "2", "1", [1, 0]),
        (["2.0", "1"], "2", "1", [1, 0]),
        (pd.Categorical(["b", "a"]), "b", "a", [1, 0]),
    ],
)
def test_words_of_every_kind_are_labels(
    values: Any, defaulted: str, repaid: str, labels: list[int]
) -> None:
    named = label_outcomes(
        pd.Series(values), portfolio_of(defaulted=(defaulted,), repaid=(repaid,))
    )
    assert named.labels.tolist() == labels
    assert named.is_used.all()
    assert named.notes == ()


def test_rows_to_leave_out_are_counted() -> None:
    target = pd.Series(["bad", "good", "open", None, "open"])
    words = portfolio_of(defaulted=("bad",), repaid=("good",), leave_out=("open", "", "gone"))
    named = label_outcomes(target, words)
    assert named.is_used.tolist() == [True, True, False, False, False]
    assert named.notes == (
        "target etat: no row has the value 'gone'",
        "target etat: 3 rows are left out: 'open' (2), '' (1)",
    )


def test_a_value_that_is_not_named_is_counted_with_the_line_to_extend() -> None:
    target = pd.Series(["bad", "good", "late", "late", "sold"])
    words = portfolio_of(defaulted=("bad",), repaid=("good",), leave_out=("open",))
    with pytest.raises(InputError) as raised:
        label_outcomes(target, words)
    message = str(raised.value)
    assert "'late' (2), 'sold' (1)" in message
    assert 'leave_out = ["open", "late", "sold"]' in message
    with pytest.raises(InputError, match=r"missing in 1 rows: .* leave_out = \[\"open\", \"\"\]"):
        label_outcomes(pd.Series(["bad", "good", None]), words)


@pytest.mark.parametrize(
    ("target", "values", "guess"),
    [
        (
            "loan_status",
            ["Fully Paid", "Charged Off", "Current"],
            {"defaulted": ["Charged Off"], "repaid": ["Fully Paid"], "leave_out": ["Current"]},
        ),
        ("defaut", ["oui", "non"], {"defaulted": ["oui"], "repaid": ["non"]}),
        ("repaid", ["true", "false"], {"defaulted": ["false"], "repaid": ["true"]}),
        (
            "etat",
            ["impay\u00e9", "sold\u00e9"],
            {"defaulted": ["impay\u00e9"], "repaid": ["sold\u00e9"]},
        ),
        (
            "statut",
            ["1", "2"],
            {"defaulted": ["..."], "repaid": ["..."], "leave_out": ["1", "2"]},
        ),
        ("class", ["A", "B"], {"defaulted": ["..."], "repaid": ["..."], "leave_out": ["A", "B"]}),
    ],
)
def test_the_meaning_of_words_is_guessed(
    target: str, values: list[str], guess: dict[str, list[str]]
) -> None:
    assert suggest_outcomes(dict.fromkeys(values, 1), target) == guess
