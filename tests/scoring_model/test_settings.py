"""The environment variables of the server: their defaults and their descriptions."""

import pytest

from scoring_model.settings import DEFAULTS, read_settings


def test_the_defaults_are_valid() -> None:
    assert read_settings({}) == read_settings({name: d for name, (d, _) in DEFAULTS.items()})


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_description_is_whole_sentences_for_the_table_of_settings(name: str) -> None:
    _, description = DEFAULTS[name]
    assert description[0].isupper()
    assert description.endswith(".")
    # neither a line break nor a column's border may stand in a cell of the table
    assert not {"\n", "|"} & set(description)
