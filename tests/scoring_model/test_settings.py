"""The environment: what each variable does is said, and said in the README too."""

from scoring_model.settings import DEFAULTS, read_settings
from tests.conftest import ROOT


def test_the_defaults_are_valid() -> None:
    assert read_settings({}) == read_settings({name: d for name, (d, _) in DEFAULTS.items()})


def test_the_readme_names_every_variable() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in DEFAULTS if f"`{name}`" not in text] == []
