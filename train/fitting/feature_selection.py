"""Drop features that cannot help: constant, duplicated, or no better than chance."""

import hashlib
from collections.abc import Mapping

import lightgbm
import numpy as np
import pandas as pd

from scoring_model.contract import FeatureContract
from scoring_model.types import FloatArray, LabelArray
from train.fitting.boosting import fixed_params

# gains settle long before the model does
ROWS, ROUNDS, TREES = 20_000, 3, 100
SETTINGS: Mapping[str, float | int] = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "feature_fraction": 0.3,
    "min_data_in_leaf": 20,
}


def find_useless(
    contract: FeatureContract, train: pd.DataFrame, y: LabelArray, seed: int
) -> Mapping[str, str]:
    """Return the features that cannot help, and why; the same seed finds the same ones.

    Parameters
    ----------
    contract : FeatureContract
    train : DataFrame
        Training rows, with a column for each feature.
    y : ndarray of int8, shape (rows,)
    seed : int
    """
    dropped = dict(find_repeated(contract, train))
    kept = FeatureContract(tuple(f for f in contract.features if f.name not in dropped))
    rows = np.sort(np.random.default_rng(seed).permutation(len(y))[:ROWS])
    matrix = kept.encode_frame(train.iloc[rows]).matrix
    gains = gain_over_shuffled(matrix, y[rows], list(kept.categorical_indices), seed)
    useless = [name for name, gain in zip(kept.names, gains, strict=True) if gain <= 0]
    # where nothing is better than chance, chance is no reason to drop everything
    if len(useless) < len(kept.names):
        dropped |= dict.fromkeys(useless, "no gain over shuffled copies of itself")
    return dropped


def find_repeated(contract: FeatureContract, train: pd.DataFrame) -> Mapping[str, str]:
    """Return the features that are constant or equal an earlier one, and why each may go."""
    dropped: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for feature in contract.features:
        # a column at a time: all of them encoded would double the memory
        column = FeatureContract((feature,)).encode_frame(train[[feature.name]]).matrix
        # one bit pattern for all missing values, and for both zeros
        values = np.where(np.isnan(column), np.nan, column + 0.0)
        digest = hashlib.sha256(values.tobytes()).digest()
        if np.unique(values).size <= 1:
            dropped[feature.name] = "constant"
        elif (first := seen.setdefault(digest, feature.name)) != feature.name:
            dropped[feature.name] = f"equal to {first}"
    return dropped


def gain_over_shuffled(
    matrix: FloatArray, y: LabelArray, categorical_indices: list[int], seed: int
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
