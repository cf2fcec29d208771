"""Row numbers and keys are known by their names."""

import pytest

from train.columns import is_identifier

NAMES = [
    "Unnamed: 0",
    "Unnamed: 0.1",
    "index",
    "ID",
    "loan_id",
    "ClientID",
    "id_client",
    "row",
    "no",
]
FRENCH = ["num", "Num\u00e9ro", "identifiant", "identifiant_client", "n\u00b0", "level_0", "...1"]
OTHERS = ["amount", "paid", "grid", "children_no", "num_loans", "index_rate", "idle_days", "valid"]


@pytest.mark.parametrize("name", NAMES + FRENCH)
def test_names_of_identifiers(name: str) -> None:
    assert is_identifier(name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_names(name: str) -> None:
    assert not is_identifier(name)
