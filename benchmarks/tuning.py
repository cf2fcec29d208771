"""The search of this project compared with a plain search: trials per minute, and cost over time.

`python -m benchmarks.tuning [--body sba] [--rows 20000] [--trials 20]` prints the comparison. The
plain search is hyperopt with `cross_val_score(LGBMClassifier)`. It has the same rows, folds,
threads and number of trials, and the same search space, to which it adds the number of trees. Both
winners are fitted again on folds that neither search has seen, and compared there.
"""

import argparse
import contextlib
import io
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hyperopt import STATUS_OK, fmin, hp, space_eval, tpe
from lightgbm import LGBMClassifier
from sklearn.model_selection import cross_val_score

from benchmarks.bodies import open_body
from scoring_model.types import FloatArray, LabelArray
from train.fitting import (
    MAX_TREES,
    BoostingParams,
    Treatment,
    fit_fold,
    make_fold,
    margins,
    thread_count,
)
from train.fitting.folds import FoldRows, repeat_folds, split_folds
from train.portfolio import Costs
from train.search import SearchPlan, search_space
from train.search.objective import held_out_cost
from train.search.tuning import SEARCH_FOLDS, tune

# the plain search has no samplers, so both searches use no treatment or class weights only
TREATMENTS: tuple[Treatment, ...] = ("none", "class_weight")
COSTS = Costs()
FRESH_FOLDS, FRESH_SEED = 5, 1000


@dataclass(frozen=True, slots=True)
class Course:
    """The course of a search.

    Attributes
    ----------
    seconds, costs : list of float
        For each trial, when it ended and the lowest cross-validated cost up to then.
    all_folds : int
        Number of trials that ran on all folds.
    winner : BoostingParams
    """

    seconds: list[float]
    costs: list[float]
    all_folds: int
    winner: BoostingParams

    def time_to(self, cost: float) -> float:
        """Return the seconds until a trial cost at most `cost`; NaN if none did."""
        return next((s for s, c in zip(self.seconds, self.costs, strict=True) if c <= cost), np.nan)


class Rows:
    """The rows that both searches use."""

    def __init__(self, matrix: FloatArray, y: LabelArray, categorical: Sequence[int]) -> None:
        self.matrix, self.y, self.categorical = matrix, y, tuple(categorical)

    def cost(self, params: BoostingParams, splits: Sequence[FoldRows], seed: int) -> float:
        """Fit parameters on folds and return their cost per applicant."""
        held, margin = [], []
        for split in splits:
            fold = make_fold(self.matrix, self.y, *split, self.categorical)
            held.append(fold.held_rows)
            margin.append(margins(fit_fold(fold, params, seed), fold.held_matrix))
        rows = np.concatenate(held)
        found = held_out_cost(np.concatenate(margin), self.y[rows], COSTS.of_rows(len(rows)))
        return found.cost_per_applicant


def search_ours(rows: Rows, trials: int, seed: int) -> Course:
    """Run this project's search."""
    seconds: list[float] = []
    costs: list[float] = []
    start = time.perf_counter()

    def on_trial(trial: Any) -> None:
        best = min([trial.cost_per_applicant, *costs[-1:]]) if not trial.stopped else costs[-1]
        seconds.append(time.perf_counter() - start)
        costs.append(best)

    (splits,) = repeat_folds(rows.y, "stratified", SEARCH_FOLDS, seed)
    folds = [make_fold(rows.matrix, rows.y, *split, rows.categorical) for split in splits]
    plan = SearchPlan(TREATMENTS, trials, seed)
    with contextlib.redirect_stderr(io.StringIO()):
        search = tune(folds, COSTS.of_rows(len(rows.y)), plan, on_trial)
    return Course(seconds, costs, trials - search.stopped, search.best.params)


def search_plain(rows: Rows, trials: int, seed: int) -> Course:
    """Run the plain search: hyperopt with `cross_val_score`."""
    (splits,) = repeat_folds(rows.y, "stratified", SEARCH_FOLDS, seed)
    space = search_space(SearchPlan(TREATMENTS, trials, seed), len(splits[0][0]))
    space["trees"] = hp.qloguniform("trees", np.log(20), np.log(MAX_TREES), 1)
    seconds: list[float] = []
    costs: list[float] = []
    start = time.perf_counter()

    def scoring(model: LGBMClassifier, held: FloatArray, y: LabelArray) -> float:
        margin = np.asarray(model.predict(held, raw_score=True))
        return -held_out_cost(margin, y, COSTS.of_rows(len(y))).cost_per_applicant

    def loss(point: dict[str, Any]) -> dict[str, Any]:
        params = as_params(point, rows.y)
        model = LGBMClassifier(
            n_estimators=params.trees,
            random_state=seed,
            n_jobs=thread_count(),
            verbose=-1,
            bagging_freq=1,
            **params.lightgbm,
        )
        model.set_params(scale_pos_weight=params.ratio)
        fit = {"categorical_feature": list(rows.categorical)}
        scores = cross_val_score(model, rows.matrix, rows.y, cv=splits, scoring=scoring, params=fit)
        cost = -float(scores.mean())
        seconds.append(time.perf_counter() - start)
        costs.append(min([cost, *costs[-1:]]))
        return {"loss": cost, "status": STATUS_OK}

    random = np.random.default_rng(seed)
    best = fmin(
        loss, space, algo=tpe.suggest, max_evals=trials, rstate=random, show_progressbar=False
    )
    winner = as_params(space_eval(space, best), rows.y)
    odds = float(rows.y.mean() / (1 - rows.y.mean()))
    treatment: Treatment = "none" if winner.ratio == 1.0 else "class_weight"
    winner = replace(winner, treatment=treatment, ratio=min(1.0, winner.ratio * odds))
    return Course(seconds, costs, trials, winner)


def as_params(point: dict[str, Any], y: LabelArray) -> BoostingParams:
    """Return a point of the plain search as parameters; `ratio` is a defaulter's weight."""
    odds = float(y.mean() / (1 - y.mean()))
    weighted = point["treatment"] == "class_weight" and point["ratio"] > odds
    whole = ("num_leaves", "min_data_in_leaf")
    own = ("treatment", "ratio", "trees")
    return BoostingParams(
        "none",
        point["ratio"] / odds if weighted else 1.0,
        {
            name: round(value) if name in whole else value
            for name, value in point.items()
            if name not in own
        },
        int(point["trees"]),
    )


def main() -> None:
    """Run both searches and print their comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--body", default="sba", help="data set, see benchmarks.bodies")
    parser.add_argument("--rows", type=int, default=20_000, help="most training rows")
    parser.add_argument("--trials", type=int, default=20, help="trials of each search")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with open_body(args.body, args.rows, args.seed) as (_, data):
        rows = Rows(data.train.matrix, data.train.y, data.contract.categorical_indices)
    ours = search_ours(rows, args.trials, args.seed)
    plain = search_plain(rows, args.trials, args.seed)
    splits = split_folds(rows.y, "stratified", FRESH_FOLDS, FRESH_SEED + args.seed)
    print(f"{args.body}: {len(rows.y)} rows, {args.trials} trials, {thread_count()} threads")
    final = {}
    for name, course in (("ours", ours), ("plain", plain)):
        final[name] = rows.cost(course.winner, splits, args.seed)
        print(
            f"{name:6} {60 * args.trials / course.seconds[-1]:7.1f} trials per minute, "
            f"{60 * course.all_folds / course.seconds[-1]:7.1f} with all folds; "
            f"{course.seconds[-1]:6.1f} s in all; cross-validated cost {course.costs[-1]:.4f}; "
            f"cost on fresh folds {final[name]:.4f}"
        )
    wall = plain.seconds[-1] / ours.seconds[-1]
    print(f"ratio of trials per minute: {wall:.2f}")
    whole = wall * ours.all_folds / args.trials
    print(f"ratio of trials per minute, counting only those with all folds: {whole:.2f}")
    print(f"ratio of costs on fresh folds: {final['ours'] / final['plain']:.4f}")
    reached = ours.time_to(plain.costs[-1])
    print(
        f"ours reached the final cost of the plain search after {reached:.1f} s: "
        f"{reached / plain.time_to(plain.costs[-1]):.2f} of the time in which the plain search "
        f"reached it, {reached / plain.seconds[-1]:.2f} of the whole time of the plain search"
    )


if __name__ == "__main__":
    main()
