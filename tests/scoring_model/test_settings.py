"""The environment variables of the server: their defaults and their descriptions."""

from dataclasses import fields

import pytest

from scoring_model.settings import VARIABLES, ServerSettings, read_settings

COUNTS = [name for name, variable in VARIABLES.items() if variable.kind == "count"]


def test_the_defaults_are_valid() -> None:
    given = {name: variable.default for name, variable in VARIABLES.items()}
    assert read_settings({}) == read_settings(given)


def test_the_table_and_the_dataclass_have_the_same_fields_and_defaults() -> None:
    assert sorted(f.name for f in fields(ServerSettings)) == sorted(
        variable.field for variable in VARIABLES.values()
    )
    read = read_settings({"MODEL_CACHE_DIR": str(ServerSettings("m").cache_directory)})
    assert read == ServerSettings(VARIABLES["MODEL_URI"].default)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_description_is_whole_sentences_for_a_table(name: str) -> None:
    variable = VARIABLES[name]
    for text in filter(None, (variable.meaning, variable.beyond)):
        assert text[0].isupper() or text[0] == "`"
        assert text.endswith(".")
        # neither a line break nor a column's border may stand in a cell of the table
        assert not {"\n", "|"} & set(text)


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_below_its_least_is_refused_by_name(name: str) -> None:
    least = VARIABLES[name].least
    for text in (str(least - 1), "1.5", "many", ""):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least {least}"):
            read_settings({name: text})


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_the_system_cannot_hold_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at most 9223372036854775807"):
        read_settings({name: "9" * 23})


def test_an_empty_model_uri_is_refused() -> None:
    with pytest.raises(ValueError, match="MODEL_URI must not be empty"):
        read_settings({"MODEL_URI": ""})
