"""Leaks in company: features that reveal the outcome only together with other features.

An example is the last payment. Alone it says little; with amount and term it says who stopped
paying. So a small model is fitted without each of its strongest features.
"""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
from sklearn.model_selection import train_test_split

from scoring_model.contract import FeatureContract
from scoring_model.types import FloatArray, LabelArray
from train.fitting import fixed_params
from train.statistics import auc_and_ks, rank_rows, resample_counts

# at most this many rows are held out, and as many are learned from
MAX_ROWS = 20_000
STRONGEST = 10
STOP_LOSS = 0.10
# With fewer held-out rows of a class, no loss is sure.
MIN_CLASS_ROWS = 20
# After this time no further pair is begun.
SECONDS = 10.0
DRAWS = 200
TREES = 60
LIGHTGBM = {"num_leaves": 15, "learning_rate": 0.1, "min_data_in_leaf": 20, "max_bin": 63}
# with so few rows, a second thread costs more time than it saves
THREADS = {"num_threads": 1}


@dataclass(frozen=True, slots=True)
class CompanyLoss:
    """What a small model surely loses without one feature, or without two.

    Attributes
    ----------
    features : tuple of str
        One feature, or two that stand in for each other.
    auc : float
        AUC of the model with all features, on held-out training rows.
    auc_without : float
        AUC of a model without these features, on the same rows.
    """

    features: tuple[str, ...]
    auc: float
    auc_without: float

    def describe(self) -> str:
        """Say in words what the model loses."""
        partner = "".join(f" and {name!r}" for name in self.features[1:])
        return (
            f"a small model has an AUC of {self.auc:.3f} with it{partner}, and of "
            f"{self.auc_without:.3f} without {'the two' if partner else 'it'}"
        )


def find_company_losses(
    contract: FeatureContract, matrix: FloatArray, y: LabelArray, seed: int
) -> tuple[CompanyLoss, ...]:
    """Return the features without which a small model loses `STOP_LOSS` of AUC, worst first.

    A feature is returned if the loss is at least that much by the 95 % interval of its bootstrap.
    Two features are returned if the model without either one loses as much once the other goes too.

    Parameters
    ----------
    contract : FeatureContract
        Names the columns of the matrix.
    matrix : ndarray of float64, shape (rows, features)
        Training rows.
    y : ndarray of int8, shape (rows,)
        1 = default.
    seed : int
        Seeds the choice of rows, the models and the bootstrap.
    """
    end = time.monotonic() + SECONDS
    held_rows = min(MAX_ROWS, len(y) // 2)
    if np.bincount(y, minlength=2).min() * held_rows < MIN_CLASS_ROWS * len(y):
        return ()
    fit, held = train_test_split(
        np.arange(len(y)), train_size=held_rows, test_size=held_rows, random_state=seed, stratify=y
    )
    trial = _Trial(contract, matrix[fit], y[fit], matrix[held], y[held], seed)
    scores, strongest = trial.score_all()
    without: dict[tuple[int, ...], FloatArray]
    without = {(feature,): trial.score_without(feature) for feature in strongest}
    found = [left for left, other in without.items() if trial.is_lost(scores, other)]
    for pair in itertools.combinations(strongest, 2):
        if time.monotonic() > end:
            break
        singles = [(feature,) for feature in pair]
        if any(single in found for single in singles):
            continue
        without[pair] = trial.score_without(*pair)
        if all(trial.is_lost(without[single], without[pair]) for single in singles):
            found.append(pair)
    full = trial.auc(scores)
    losses = [
        CompanyLoss(tuple(contract.names[i] for i in left), full, trial.auc(without[left]))
        for left in found
    ]
    return tuple(sorted(losses, key=lambda loss: loss.auc_without))


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Rows to learn from and rows to score, for models with and without some features."""

    contract: FeatureContract
    matrix: FloatArray
    y: LabelArray
    held_matrix: FloatArray
    held_y: LabelArray
    seed: int

    def score_all(self) -> tuple[FloatArray, list[int]]:
        """Return the scores of the held-out rows, and the strongest features by gain."""
        booster, scores = self._fit(range(len(self.contract.names)))
        gain = booster.feature_importance(importance_type="gain")
        order = np.argsort(-gain, kind="stable")[:STRONGEST]
        return scores, [int(feature) for feature in order if gain[feature] > 0]

    def score_without(self, *left: int) -> FloatArray:
        """Return the scores of a model without these features; all are equal if none is left."""
        kept = [i for i in range(len(self.contract.names)) if i not in left]
        return self._fit(kept)[1] if kept else np.zeros(len(self.held_y))

    def _fit(self, kept: Sequence[int]) -> tuple[lightgbm.Booster, FloatArray]:
        columns = list(kept)
        codes = [columns.index(i) for i in self.contract.categorical_indices if i in columns]
        params = {**fixed_params(self.seed), **LIGHTGBM, **THREADS}
        rows = lightgbm.Dataset(self.matrix[:, columns], self.y, categorical_feature=codes)
        booster = lightgbm.train(params, rows, TREES)
        return booster, np.asarray(booster.predict(self.held_matrix[:, columns], raw_score=True))

    def auc(self, scores: FloatArray) -> float:
        """Return the AUC of scores of the held-out rows."""
        return auc_and_ks(rank_rows(self.held_y, scores), np.ones(len(scores), dtype=np.int64))[0]

    def is_lost(self, scores: FloatArray, other: FloatArray) -> bool:
        """Return whether the AUC of `other` is surely lower by `STOP_LOSS` or more."""
        if self.auc(scores) - self.auc(other) < STOP_LOSS:
            return False
        ranked, ranked_other = rank_rows(self.held_y, scores), rank_rows(self.held_y, other)
        losses = [
            auc_and_ks(ranked, counts)[0] - auc_and_ks(ranked_other, counts)[0]
            for counts in resample_counts(self.held_y, DRAWS, self.seed)
        ]
        return float(np.quantile(losses, 0.025)) >= STOP_LOSS
