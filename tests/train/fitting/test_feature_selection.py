"""Features that cannot help are dropped before the search: with a reason, and repeatably."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring_model.contract import Feature, FeatureContract
from tests.made import make_loans, write_portfolio
from train.data import load_data, without_features
from train.errors import InputError
from train.fitting import find_dropped, split_folds
from train.fitting.best_features import choose_best
from train.fitting.feature_selection import find_useless
from train.portfolio import Costs, load_portfolio
from train.settings import Settings

ROWS = 3_000
LEVELS = ("a", "b", "c")


def make_rows(with_signal: bool = True) -> tuple[FeatureContract, pd.DataFrame, Any]:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    gaps = np.where(rng.random(ROWS) < 0.3, np.nan, signal + rng.normal(size=ROWS))
    columns = {
        "signal": signal,
        "again": signal.copy(),
        "gaps": gaps,
        "constant": np.full(ROWS, 3.0),
        "zeros": np.where(rng.random(ROWS) < 0.5, 0.0, -0.0),
        "level": np.array(LEVELS)[(signal > 1).astype(int) + (rng.random(ROWS) < 0.1)],
        **{f"noise_{number}": rng.normal(size=ROWS) for number in range(6)},
    }
    contract = FeatureContract(
        tuple(
            Feature(name, "category", nullable=True, levels=LEVELS)
            if name == "level"
            else Feature(name, "number", nullable=True)
            for name in columns
        )
    )
    margin = 2 * signal if with_signal else np.zeros(ROWS)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    return contract, pd.DataFrame(columns), y


def test_useless_features_are_dropped_and_useful_ones_stay() -> None:
    dropped = find_useless(*make_rows(), seed=0)
    assert dropped["constant"] == dropped["zeros"] == "constant"
    assert dropped["again"] == "equal to signal"
    noise = {name for name in dropped if name.startswith("noise")}
    assert len(noise) >= 2
    assert {dropped[name] for name in noise} == {"no gain over shuffled copies of itself"}
    assert not {"signal", "gaps"} & set(dropped)


def test_the_same_seed_drops_the_same() -> None:
    first, second = (find_useless(*make_rows(), seed=3) for _ in range(2))
    assert first == second


def test_some_features_stay_even_if_all_are_noise() -> None:
    contract, rows, y = make_rows(with_signal=False)
    assert set(contract.names) - set(find_useless(contract, rows, y, seed=0))


def keep(needed: tuple[int, ...], most: int, seed: int = 0) -> list[int]:
    """Choose among two features, noisy copies of both, and noise."""
    rng = np.random.default_rng(7)
    strong, weak = rng.normal(size=(2, ROWS))
    copies = [column + 0.8 * rng.normal(size=ROWS) for column in (strong, weak)]
    noise = rng.normal(size=(4, ROWS))
    matrix = np.column_stack([noise[0], copies[0], strong, noise[1], weak, copies[1], *noise[2:]])
    y = (rng.random(ROWS) < 1 / (1 + np.exp(1 - 2 * strong - weak))).astype(np.int8)
    splits = split_folds(y, "stratified", 4, seed)
    return choose_best(matrix, y, splits, (), needed, most, seed)


def test_the_best_features_stay_and_not_their_copies() -> None:
    assert keep((), most=2) == [2, 4]
    assert keep((), most=2) == keep((), most=2)
    assert keep((3,), most=2) == [2, 3]


EXTRA = """
[kinds]
hired_on = "date"
[derive]
burden = "amount / income"
[model]
max_features = {most}
{costs}
"""


def load(directory: Path, most: int, costs: str = "") -> Any:
    loans = make_loans(1_200, clear=True)
    loans["hired_on"] = loans["decided_on"] - pd.Timedelta(400, "D")
    path = write_portfolio(directory, loans)
    path.write_text(path.read_text() + EXTRA.format(most=most, costs=costs))
    portfolio = load_portfolio(path)
    return load_data(portfolio, find_dropped=partial(find_dropped, portfolio, Settings(Costs())))


def test_max_features_limits_the_contract_and_the_fields_of_a_request(tmp_path: Path) -> None:
    data = load(tmp_path, most=3)
    assert {"income", "debt_ratio"} < set(data.contract.names)
    assert data.contract.field_names == data.contract.names
    assert data.train.matrix.shape[1] == 3
    assert set(data.dropped.values()) == {"not among the best 3 on held-out rows"}
    assert {"hired_on", "amount", "purpose"} <= set(data.dropped)
    assert load(tmp_path, most=20).dropped == {}


def test_features_that_the_costs_need_stay(tmp_path: Path) -> None:
    costs = '[costs]\nfalse_negative = "amount * 0.6"\nfalse_positive = "amount * 0.06"\n'
    assert "amount" in load(tmp_path, 2, costs).contract.names
    costs = costs.replace('amount * 0.06"', 'income / 9"')
    with pytest.raises(
        InputError, match=r"max_features = 1: \[costs\] alone needs 2 features: amo"
    ):
        load(tmp_path, 1, costs)


def test_a_formula_that_stays_keeps_its_columns_as_fields() -> None:
    fields = [Feature(name, "number", nullable=True) for name in ("a", "b", "c")]
    born = Feature("born", "date", nullable=True)
    computed = Feature("x", "number", nullable=True, formula="a / b - (day - born)")
    contract = FeatureContract((*fields, born, computed), decision_date="day")
    left = without_features(contract, {"a", "b", "born"})
    assert left.names == ("c", "x")
    assert left.field_names == ("c", "a", "b", "born", "day")
    assert without_features(contract, {"x", "born"}).field_names == ("a", "b", "c")
    assert without_features(contract, set()) == contract
