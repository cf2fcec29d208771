"""Common alternatives: each one fits on the training rows and decides about the test rows."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hyperopt import STATUS_OK, fmin, hp, space_eval, tpe
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV, cross_val_score
from sklearn.pipeline import make_pipeline

from scoring_model.policy import refuse
from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.data import PortfolioData
from train.fitting import thread_count
from train.pipeline import audit, train_model
from train.portfolio import Costs, Portfolio
from train.settings import Settings
from train.stages import Job

COSTS = Costs()
BAYES = COSTS.bayes_threshold
SCORER = make_scorer(lambda y, refused: -COSTS.per_applicant(y, refused.astype(bool)))
FOLDS = 5
MOST_LEVELS = 255
TRIALS = 25


@dataclass(frozen=True, slots=True)
class Task:
    """One comparison: the rows of a portfolio, and a seed."""

    portfolio: Portfolio
    data: PortfolioData
    seed: int

    @property
    def train(self) -> pd.DataFrame:
        """Training features, encoded by the contract."""
        return self._frame(self.data.train.matrix)

    @property
    def test(self) -> pd.DataFrame:
        """Test features, encoded by the contract."""
        return self._frame(self.data.test.matrix)

    def _frame(self, matrix: FloatArray) -> pd.DataFrame:
        frame = pd.DataFrame(matrix, columns=list(self.data.contract.names))
        for index in self.data.contract.categorical_indices:
            feature = self.data.contract.features[index]
            codes = range(len(feature.levels) + bool(feature.rare_levels))
            frame[feature.name] = pd.Categorical(frame[feature.name], categories=list(codes))
        return frame

    @property
    def folds(self) -> StratifiedKFold:
        """Shuffled folds."""
        return StratifiedKFold(FOLDS, shuffle=True, random_state=self.seed)


# probability of default of each test row (or None), and whether it is refused
Answer = tuple[FloatArray | None, BoolArray]
Rival = Callable[[Task], Answer]


def lightgbm_default(task: Task, **params: Any) -> LGBMClassifier:
    """Return an unfitted LightGBM with its own defaults."""
    return LGBMClassifier(random_state=task.seed, verbose=-1, n_jobs=thread_count(), **params)


def at(threshold: float, make: Callable[[Task], Any]) -> Rival:
    """Return a rival that compares a classifier's probability with a fixed threshold."""

    def decide(task: Task) -> Answer:
        model = make(task).fit(task.train, task.data.train.y)
        probability = model.predict_proba(task.test)[:, 1]
        return probability, refuse(probability, threshold)

    return decide


def tuned_threshold(make: Callable[[Task], Any]) -> Rival:
    """Return a rival that tunes the threshold of a classifier over shuffled folds."""

    def decide(task: Task) -> Answer:
        model = TunedThresholdClassifierCV(make(task), scoring=SCORER, cv=task.folds)
        model.fit(task.train, task.data.train.y)
        probability = model.predict_proba(task.test)[:, 1]
        return probability, refuse(probability, model.best_threshold_)

    return decide


def histogram_boosting(task: Task) -> Answer:
    """Tune the threshold of scikit-learn's histogram boosting; all but the measure is default.

    It takes at most 255 levels of a category. Columns with more are numbers for it.
    """
    train, contract = task.data.train, task.data.contract
    few = [i for i in contract.categorical_indices if np.nanmax(train.matrix[:, i]) < MOST_LEVELS]
    model = HistGradientBoostingClassifier(random_state=task.seed, categorical_features=few)
    tuned = TunedThresholdClassifierCV(model, scoring=SCORER).fit(train.matrix, train.y)
    probability = tuned.predict_proba(task.data.test.matrix)[:, 1]
    return probability, refuse(probability, tuned.best_threshold_)


def calibrated(task: Task) -> CalibratedClassifierCV:
    """Return LightGBM with isotonic calibration, as an ensemble of five."""
    return CalibratedClassifierCV(lightgbm_default(task), method="isotonic", cv=task.folds)


def hyperopt_tuned(task: Task) -> LGBMClassifier:
    """Return a LightGBM with parameters that hyperopt tuned for AUC."""
    space = {
        "n_estimators": hp.uniformint("n_estimators", 50, 600),
        "learning_rate": hp.loguniform("learning_rate", np.log(0.02), np.log(0.2)),
        "num_leaves": hp.qloguniform("num_leaves", np.log(4), np.log(96), 1),
        "min_child_samples": hp.qloguniform("min_child_samples", np.log(5), np.log(200), 1),
        "colsample_bytree": hp.uniform("colsample_bytree", 0.4, 1.0),
        "reg_lambda": hp.loguniform("reg_lambda", np.log(0.01), np.log(100)),
    }
    rows = np.random.default_rng(task.seed).permutation(len(task.data.train.y))[:20_000]
    train, y = task.train.iloc[rows], task.data.train.y[rows]

    def whole(point: dict[str, Any]) -> dict[str, Any]:
        return {
            k: int(v) if k in ("num_leaves", "min_child_samples") else v for k, v in point.items()
        }

    def loss(point: dict[str, Any]) -> dict[str, Any]:
        model = lightgbm_default(task, **whole(point))
        score = cross_val_score(model, train, y, cv=task.folds, scoring="roc_auc").mean()
        return {"loss": -score, "status": STATUS_OK}

    best = fmin(
        loss,
        space,
        algo=tpe.suggest,
        max_evals=TRIALS,
        rstate=np.random.default_rng(task.seed),
        show_progressbar=False,
    )
    return lightgbm_default(task, **whole(space_eval(space, best)))


def catboost(task: Task) -> Any:
    """Return CatBoost with its own defaults."""
    from catboost import CatBoostClassifier  # only this rival needs it

    contract = task.data.contract
    model = CatBoostClassifier(
        cat_features=[contract.names[i] for i in contract.categorical_indices],
        random_seed=task.seed,
        thread_count=thread_count(),
        allow_writing_files=False,
        verbose=False,
    )
    return _AsText(model, task)


def scorecard(task: Task) -> Any:
    """Return optbinning's weight-of-evidence scorecard."""
    from optbinning import BinningProcess  # only this rival needs it

    contract = task.data.contract
    process = BinningProcess(
        list(contract.names),
        categorical_variables=[contract.names[i] for i in contract.categorical_indices],
    )
    return _AsText(make_pipeline(process, LogisticRegression(max_iter=1000)), task)


class _AsText:
    """A model that needs categories as text."""

    def __init__(self, model: Any, task: Task) -> None:
        self.model = model
        self.names = [task.data.contract.names[i] for i in task.data.contract.categorical_indices]

    def fit(self, frame: pd.DataFrame, y: LabelArray) -> "_AsText":
        self.model.fit(self._text(frame), y)
        return self

    def predict_proba(self, frame: pd.DataFrame) -> FloatArray:
        return np.asarray(self.model.predict_proba(self._text(frame)))

    def _text(self, frame: pd.DataFrame) -> pd.DataFrame:
        texts = {
            name: frame[name].astype(object).fillna("missing").astype(str) for name in self.names
        }
        return frame.assign(**{name: text.astype(object) for name, text in texts.items()})


def original(task: Task) -> LGBMClassifier:
    """Return the model of the original recipe: 2,000 trees with a low learning rate."""
    return lightgbm_default(task, n_estimators=2000, learning_rate=0.02)


def ours(task: Task) -> Answer:
    """Train as `mlflow run` does with its defaults, but without recording the run."""
    settings = Settings(COSTS, max_evals=TRIALS, seed=task.seed)
    model = train_model(audit(Job(task.portfolio, settings), task.data))
    return model.test_probability, refuse(model.test_probability, model.scorer.policy.threshold)


def accept_all(task: Task) -> Answer:
    """Grant every loan."""
    return None, np.zeros(len(task.data.test.y), dtype=bool)


def refuse_all(task: Task) -> Answer:
    """Grant no loan."""
    return None, np.ones(len(task.data.test.y), dtype=bool)


RIVALS: dict[str, Rival] = {
    "ours": ours,
    "LightGBM at 0.5": at(0.5, lightgbm_default),
    "LightGBM at 1/11": at(BAYES, lightgbm_default),
    "LightGBM, tuned threshold": tuned_threshold(lightgbm_default),
    "LightGBM, isotonic, at 1/11": at(BAYES, calibrated),
    "hyperopt, tuned threshold": tuned_threshold(hyperopt_tuned),
    "histogram boosting, tuned": histogram_boosting,
    "CatBoost at 1/11": at(BAYES, catboost),
    "WoE scorecard at 1/11": at(BAYES, scorecard),
    "original: 2,000 trees at 0.30": at(0.30, original),
    "accept all": accept_all,
    "refuse all": refuse_all,
}


def decide(name: str, task: Task) -> Answer:
    """Return the decisions of a rival about the test rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RIVALS[name](task)
