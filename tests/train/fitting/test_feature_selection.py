"""Features that cannot help are dropped before the search: with a reason, and repeatably."""

from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import Feature, FeatureContract
from train.fitting import find_useless

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
