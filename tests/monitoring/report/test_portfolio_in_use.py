"""The portfolio of a monitoring, with a real registry and a real log."""

from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from monitoring.decisions import open_decisions
from monitoring.report import find_portfolio
from tests.monitoring.logs import make_log
from tests.stores import own_store
from tests.train.versions import DEFAULT, make_scorer, register_scorer, write_gated_portfolio
from train.data import load_data
from train.errors import InputError
from train.portfolio import load_portfolio
from train.promotion import place_new
from train.promotion.gate import GateResult


@pytest.mark.slow
def test_the_portfolio_is_that_of_the_champion(tmp_path: Path) -> None:
    own = write_gated_portfolio(tmp_path)
    name = load_portfolio(own).name
    other = tmp_path / "other.toml"
    text = own.read_text(encoding="utf-8")
    assert f'name = "{name}"' in text
    other.write_text(text.replace(f'name = "{name}"', 'name = "another"'), encoding="utf-8")
    log = str(make_log(tmp_path / "log", writers=1, decisions=5))
    with own_store(tmp_path, "portfolio in use"), open_decisions(log) as reader:
        number = register_scorer(own, make_scorer(load_data(load_portfolio(own)), trees=3))
        MlflowClient().set_model_version_tag(DEFAULT.name, str(number), "portfolio", name)
        place_new(DEFAULT, number, GateResult((), None, 0))
        for given in ("", str(own)):
            assert find_portfolio(reader, "", given).path == own
        with pytest.raises(InputError) as raised:
            find_portfolio(reader, "", str(other))
        # another model has no champion that says it
        assert find_portfolio(reader, "new", str(other)).path == other
    assert str(raised.value) == (
        f"portfolio {other}: its name is another, and version 1 of credit-scoring was trained on "
        f"{name}"
    )
