"""Drop features that cannot help: constant, duplicated, or no better than chance."""

from collections.abc import Mapping
from dataclasses import replace

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring_model.contract import FeatureContract
from train.boosting import fixed_params
from train.data import LabelledRows, PortfolioData

FloatArray = NDArray[np.float64]

# gains settle long before the model does
ROWS, ROUNDS, TREES = 20_000, 3, 100
SETTINGS: Mapping[str, float | int] = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "feature_fraction": 0.3,
    "min_data_in_leaf": 20,
}


def select_features(data: PortfolioData, seed: int) -> PortfolioData:
    """Drop useless features, judged on the training rows alone; the same seed drops the same ones.

    Returns
    -------
    PortfolioData
        With the contract and matrices of the features that are left, and in `dropped` what went
        and why.
    """
    dropped = dict(find_repeated(data.train.matrix, data.contract.names))
    kept = [name for name in data.contract.names if name not in dropped]
    columns = [data.contract.names.index(name) for name in kept]
    categorical = [
        position
        for position, column in enumerate(columns)
        if column in data.contract.categorical_indices
    ]
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data.train.y))[:ROWS])
    matrix = data.train.matrix[rows][:, columns]
    gains = gain_over_shuffled(matrix, data.train.y[rows], categorical, seed)
    useless = [name for name, gain in zip(kept, gains, strict=True) if gain <= 0]
    # where nothing is better than chance, chance is no reason to drop everything
    if len(useless) < len(kept):
        dropped |= dict.fromkeys(useless, "no gain over shuffled copies of itself")
    return _without(data, dropped)


def find_repeated(matrix: FloatArray, names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the features that are constant or equal an earlier one, and why each may go."""
    dropped: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for name, column in zip(names, matrix.T, strict=True):
        # one bit pattern for all missing values, and for both zeros
        values = np.where(np.isnan(column), np.nan, column + 0.0)
        if np.unique(values).size <= 1:
            dropped[name] = "constant"
        elif (first := seen.setdefault(values.tobytes(), name)) != name:
            dropped[name] = f"equal to {first}"
    return dropped


def gain_over_shuffled(
    matrix: FloatArray, y: NDArray[np.int8], categorical_indices: list[int], seed: int
) -> FloatArray:
    """Return what the trees gain by each feature less what they gain by shuffled copies of it.

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    categorical_indices : list of int
    seed : int

    Returns
    -------
    ndarray of float64, shape (features,)
        Sum over the rounds; at most 0 for a feature that is no better than chance. Copies as in
        Kursa and Rudnicki, Feature selection with the Boruta package, 2010.
    """
    features = matrix.shape[1]
    difference = np.zeros(features)
    both = [*categorical_indices, *(index + features for index in categorical_indices)]
    for round_seed in range(seed, seed + ROUNDS):
        copies = np.random.default_rng(round_seed).permuted(matrix, axis=0)
        dataset = lightgbm.Dataset(np.hstack([matrix, copies]), y, categorical_feature=both)
        params = {**fixed_params(round_seed), **SETTINGS}
        booster = lightgbm.train(params, dataset, num_boost_round=TREES)
        gains = booster.feature_importance(importance_type="gain")
        difference += gains[:features] - gains[features:]
    return difference


def _without(data: PortfolioData, dropped: Mapping[str, str]) -> PortfolioData:
    kept = [i for i, name in enumerate(data.contract.names) if name not in dropped]

    def reduce(rows: LabelledRows) -> LabelledRows:
        return replace(rows, matrix=np.ascontiguousarray(rows.matrix[:, kept]))

    return replace(
        data,
        contract=FeatureContract(tuple(data.contract.features[i] for i in kept)),
        train=reduce(data.train),
        test=reduce(data.test),
        dropped={**data.dropped, **dropped},
    )
