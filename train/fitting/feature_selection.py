"""Find features to drop: those that cannot help, and those beyond the number that may stay."""

import hashlib
from collections.abc import Mapping

import lightgbm
import numpy as np
import pandas as pd

from scoring_model.contract import FeatureContract
from scoring_model.types import FloatArray, LabelArray
from train.data import without_features
from train.errors import InputError
from train.fitting.best_features import choose_best
from train.fitting.boosting import fixed_params
from train.fitting.folds import split_folds
from train.portfolio import Portfolio
from train.settings import Settings

# small numbers are enough: the gains of features become stable before a model is good
ROWS, ROUNDS, TREES = 20_000, 3, 100
BEST_FOLDS = 4
# Added to the run's seed, so that the features are not chosen on the folds of the search.
BEST_SEED = 4
SETTINGS: Mapping[str, float | int] = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "feature_fraction": 0.3,
    "min_data_in_leaf": 20,
}


def find_dropped(
    portfolio: Portfolio,
    settings: Settings,
    contract: FeatureContract,
    train: pd.DataFrame,
    y: LabelArray,
) -> Mapping[str, str]:
    """Return the features that a portfolio's model does without, each with the reason.

    Parameters
    ----------
    portfolio : Portfolio
        With histories, what cannot help is dropped. `[model] max_features` limits what stays.
    settings : Settings
    contract : FeatureContract
        Names the features.
    train : DataFrame
        Training rows.
    y : ndarray of int8, shape (rows,)
        1 = default.

    Raises
    ------
    InputError
        The costs need more features than may stay.
    """
    dropped = find_useless(contract, train, y, settings.seed) if portfolio.histories else {}
    contract, most = without_features(contract, dropped), portfolio.model_settings.max_features
    if most is None or len(contract.names) <= most:
        return dropped
    needed = portfolio.costs.deciding_columns
    if len(needed) > most:
        raise InputError(
            f"{portfolio.path}: [model] max_features = {most}: [costs] alone needs {len(needed)} "
            f"features: {', '.join(sorted(needed))}"
        )
    seed = settings.seed + BEST_SEED
    rows = np.sort(np.random.default_rng(seed).permutation(len(y))[:ROWS])
    sample, labels = train.iloc[rows], y[rows]
    dates = sample[portfolio.decision_date].to_numpy() if portfolio.decision_date else None
    best = choose_best(
        contract.encode_frame(sample).matrix,
        labels,
        split_folds(labels, settings.folds, BEST_FOLDS, seed, dates),
        contract.categorical_indices,
        [place for place, name in enumerate(contract.names) if name in needed],
        most,
        seed,
    )
    beyond = [name for place, name in enumerate(contract.names) if place not in best]
    return {**dropped, **dict.fromkeys(beyond, f"not among the best {most} on held-out rows")}


def find_useless(
    contract: FeatureContract, train: pd.DataFrame, y: LabelArray, seed: int
) -> Mapping[str, str]:
    """Return the features that cannot help, each with the reason.

    Parameters
    ----------
    contract : FeatureContract
        Names the features.
    train : DataFrame
        Training rows, with a column for each feature.
    y : ndarray of int8, shape (rows,)
        1 = default.
    seed : int
        The same seed finds the same features.
    """
    dropped = dict(find_repeated(contract, train))
    kept = FeatureContract(tuple(f for f in contract.features if f.name not in dropped))
    rows = np.sort(np.random.default_rng(seed).permutation(len(y))[:ROWS])
    matrix = kept.encode_frame(train.iloc[rows]).matrix
    gains = gain_over_shuffled(matrix, y[rows], list(kept.categorical_indices), seed)
    useless = [name for name, gain in zip(kept.names, gains, strict=True) if gain <= 0]
    # if no feature is better than chance, keep them: a model needs at least one
    if len(useless) < len(kept.names):
        dropped |= dict.fromkeys(useless, "no gain over shuffled copies of itself")
    return dropped


def find_repeated(contract: FeatureContract, train: pd.DataFrame) -> Mapping[str, str]:
    """Return the features that are constant or equal to an earlier one, each with the reason."""
    dropped: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for feature in contract.features:
        # one column at a time: to encode all of them would double the memory
        column = FeatureContract((feature,)).encode_frame(train[[feature.name]]).matrix
        # make equal values equal in their bits: all missing values, and both zeros (0.0 and -0.0)
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
    """Return the gain of each feature in the trees, less the gain of a shuffled copy of it.

    A shuffled copy is unrelated to the outcome, so its gain is due to chance. M. Kursa and
    W. Rudnicki, Feature selection with the Boruta package, Journal of Statistical Software 2010.

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    categorical_indices : list of int
        Columns that hold category codes.
    seed : int
        Seed of the copies and of the trees.

    Returns
    -------
    ndarray of float64, shape (features,)
        Sum over all rounds. It is 0 or less for a feature that is no better than chance.
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
