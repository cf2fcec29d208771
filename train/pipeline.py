"""The straight way from a portfolio to a scorer and what it is worth; knows nothing of MLflow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring_model.policy import DecisionPolicy, refuse
from scoring_model.scorer import Scorer
from train.boosting import BoostingParams, fit_all, fit_fold, make_fold
from train.calibration import fit_calibration
from train.costs import Costs
from train.data import LabelledRows, PortfolioData, typical_applicant
from train.errors import InputError
from train.evaluation import Evaluation
from train.evidence import Evidence, gather_evidence
from train.leaks import LeakCheck, audit_leaks, leak_notes, refuse_leaks
from train.portfolio import Portfolio
from train.sampling import available_treatments
from train.threshold import choose_threshold
from train.tuning import (
    SEARCH_FOLDS,
    FoldMethod,
    Search,
    Trial,
    out_of_fold_margins,
    search_rows,
    split_folds,
    tune,
)

# Added to the run's seed: the rows that a search held out flatter its winner, so that every later
# step shuffles anew.
TREES_SEED, FOLDS_SEED, CALIBRATION_SEED = 1, 2, 3
TREES_FOLDS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may set of a training run.

    Attributes
    ----------
    costs : Costs
    max_evals : int
        Trials of the search, from 1.
    folds : {"stratified", "time"}
    seed : int
        The same seed on the same rows gives the same model.
    """

    costs: Costs
    max_evals: int = 25
    folds: FoldMethod = "stratified"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_evals < 1:
            raise InputError(f"max_evals must be 1 or more, got {self.max_evals}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A scorer, how it came about and what it is worth.

    Attributes
    ----------
    scorer : Scorer
    example : mapping
        A typical applicant, of no real person.
    search : Search
    params : BoostingParams
        Of the final model.
    oof_y, oof_probability : ndarray, shape (held-out rows,)
        What calibration and threshold were chosen on.
    leaks : tuple of LeakCheck
        What the audit before training found.
    evidence : Evidence
        What the decisions on the test rows show.
    metrics : mapping of str to float
        All figures of the main run.
    notes : tuple of str
        What the user should hear, a line each.
    """

    scorer: Scorer
    example: Mapping[str, Any]
    search: Search
    params: BoostingParams
    oof_y: NDArray[np.int8]
    oof_probability: NDArray[np.float64]
    leaks: tuple[LeakCheck, ...]
    evidence: Evidence
    metrics: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def evaluation(self) -> Evaluation:
        """The decision policy on the test rows."""
        return self.evidence.evaluation

    @property
    def test_probability(self) -> NDArray[np.float64]:
        """Of the test rows, shape (test rows,)."""
        return self.evidence.probability


def train_model(
    portfolio: Portfolio,
    data: PortfolioData,
    settings: Settings,
    on_trial: Callable[[Trial], None],
    say: Callable[[str], None],
) -> TrainedModel:
    """Search, fit, calibrate, choose the threshold, and only then look at the test rows.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
        Of this portfolio, from `train.data.load_data`.
    settings : Settings
    on_trial : callable
        Called with each finished trial.
    say : callable
        Called with each note as it arises.
    """
    notes: list[str] = []

    def note(line: str) -> None:
        notes.append(line)
        say(line)

    leaks = audit_leaks(
        portfolio, data.train.frame, data.train.y, data.contract.names, settings.seed
    )
    refuse_leaks(portfolio, leaks)
    for line in leak_notes(leaks):
        note(line)
    categorical = data.contract.categorical_indices
    search = _search(portfolio, data.train, categorical, settings, on_trial, note)
    params = _with_trees(search, data.train, categorical, settings.seed)
    say(f"best of {len(search.trials)} trials: {params.treatment}, {params.trees} trees")

    splits = split_folds(
        data.train.y,
        settings.folds,
        SEARCH_FOLDS,
        settings.seed + FOLDS_SEED,
        _dates(portfolio, data.train),
    )
    rows, margin = out_of_fold_margins(
        data.train.matrix, data.train.y, splits, params, categorical, settings.seed
    )
    oof_y = data.train.y[rows]
    calibration = fit_calibration(margin, oof_y, settings.seed + CALIBRATION_SEED)
    oof_probability = calibration.apply(margin)
    threshold = choose_threshold(oof_y, oof_probability, settings.costs)

    booster = fit_all(data.train.matrix, data.train.y, params, categorical, settings.seed)
    scorer = Scorer(
        contract=data.contract,
        # read back from its text: what is evaluated is what is logged, to the last bit
        booster=lightgbm.Booster(model_str=booster.model_to_string()),
        policy=DecisionPolicy(
            calibration,
            threshold,
            settings.costs.false_negative,
            settings.costs.false_positive,
        ),
    )
    evidence = gather_evidence(portfolio, data, scorer, booster, settings.costs, settings.seed)
    for line in evidence.notes():
        note(line)
    oof_cost = settings.costs.per_applicant(oof_y, refuse(oof_probability, threshold))
    return TrainedModel(
        scorer=scorer,
        example=typical_applicant(data.train, data.contract),
        search=search,
        params=params,
        oof_y=oof_y,
        oof_probability=oof_probability,
        leaks=leaks,
        evidence=evidence,
        metrics={
            "threshold": threshold,
            "bayes_threshold": settings.costs.bayes_threshold,
            "oof_cost_per_applicant": oof_cost,
            "oof_default_rate": float(oof_y.mean()),
            "oof_mean_probability": float(oof_probability.mean()),
            "search_cost_per_applicant": search.best.cost_per_applicant,
            "train_rows": float(len(data.train.y)),
            **evidence.metrics,
        },
        notes=tuple(notes),
    )


def _search(
    portfolio: Portfolio,
    train: LabelledRows,
    categorical: tuple[int, ...],
    settings: Settings,
    on_trial: Callable[[Trial], None],
    note: Callable[[str], None],
) -> Search:
    rows = search_rows(train.y, settings.seed)
    if len(rows) < len(train.y):
        note(f"the search uses a stratified sample of {len(rows)} of {len(train.y)} training rows")
    matrix, y = train.matrix[rows], train.y[rows]
    treatments, left_out = available_treatments(matrix, y, categorical)
    for treatment, why in left_out.items():
        note(f"{treatment} is left out of the search: {why}")
    dates = _dates(portfolio, train)
    splits = split_folds(
        y, settings.folds, SEARCH_FOLDS, settings.seed, None if dates is None else dates[rows]
    )
    folds = [make_fold(matrix, y, fit, held, categorical) for fit, held in splits]
    return tune(folds, settings.costs, treatments, settings.max_evals, settings.seed, on_trial)


def _dates(portfolio: Portfolio, rows: LabelledRows) -> NDArray[np.datetime64] | None:
    if portfolio.decision_date is None:
        return None
    return rows.frame[portfolio.decision_date].to_numpy()


def _with_trees(
    search: Search, train: LabelledRows, categorical: tuple[int, ...], seed: int
) -> BoostingParams:
    """Return the best parameters with the number of trees that suits all training rows."""
    best = search.best.params
    if len(search_rows(train.y, seed)) == len(train.y):
        return best
    # more rows carry more trees than the search's sample did: stop once early on a part of them
    splits = split_folds(train.y, "stratified", TREES_FOLDS, seed + TREES_SEED)
    fold = make_fold(train.matrix, train.y, *splits[0], categorical)
    booster = fit_fold(fold, replace(best, trees=None), seed)
    return replace(best, trees=booster.best_iteration)
