"""`[gate]` of a portfolio: a missing key has its default, a wrong one gives one line of error."""

from pathlib import Path

import pytest

from tests.made import make_loans, write_portfolio
from train.errors import InputError
from train.portfolio import load_portfolio
from train.portfolio.sections import GateLimits


def write_gate(directory: Path, text: str) -> Path:
    path = write_portfolio(directory, make_loans(10))
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[gate]\n{text}\n", encoding="utf-8")
    return path


def test_a_missing_key_has_its_default(tmp_path: Path) -> None:
    assert load_portfolio(write_gate(tmp_path, "")).gate == GateLimits()
    limits = load_portfolio(write_gate(tmp_path, "max_ece = 0.02\nseed = 7")).gate
    assert limits == GateLimits(max_ece=0.02, seed=7)
    assert load_portfolio(write_gate(tmp_path, "max_ece = 0")).gate == GateLimits(max_ece=0.0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("max_ece = 1.0", r"\[gate\] max_ece must lie in \[0, 1\), got 1.0"),
        ("min_roc_auc = true", r"\[gate\] min_roc_auc must lie in \[0, 1\), got True"),
        ("max_ece = nan", r"\[gate\] max_ece must lie in \[0, 1\), got nan"),
        ("confidence = 0.4", r"\[gate\] confidence must be 0.5 or more"),
        ("confidence = 1", r"\[gate\] confidence must be 0.5 or more and less than 1, got 1"),
        ("seed = true", r"\[gate\] seed must be a whole number, 0 or more, got True"),
        ("seed = -1", r"\[gate\] seed must be a whole number, 0 or more, got -1"),
        ("max_eze = 0.1", r"unknown key \[gate\] max_eze; known: confidence"),
    ],
)
def test_a_wrong_key_is_named_with_its_rule(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(InputError, match=line):
        load_portfolio(write_gate(tmp_path, text))
