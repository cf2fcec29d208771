"""Run trials: fit a point of the search space on folds, and measure it on their held-out rows."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import lightgbm
import numpy as np

from scoring_model.types import FloatArray
from train.fitting import BoostingParams, Fold, fit_fold, margins
from train.portfolio import LoanCosts
from train.search.objective import HeldOutCost, held_out_cost
from train.search.space import Point, SearchPlan, to_params

# A trial is stopped if the loss on its first folds is this many standard errors above that of the
# best trial.
HOPELESS = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of the search and what it cost.

    Attributes
    ----------
    number : int
        Number of the trial, from 0.
    point : mapping of str to (float or int)
        The point exactly as hyperopt suggested it.
    draws : int
        How many random numbers the search had drawn when it suggested the point.
    params : BoostingParams
        `trees` is the mean of the folds' early stops.
    folds_run, folds : int
        Folds that ran, and all folds. A hopeless trial is stopped after its first folds.
    first_loss : float
        Loss on the held-out rows of the first folds.
    cost_per_applicant : float
        Cost at the theoretical threshold, on the held-out rows of the folds that ran.
    loss : float
        The figure that the search minimises: see `train.search.objective`.
    """

    number: int
    point: Point
    draws: int
    params: BoostingParams
    folds_run: int
    folds: int
    first_loss: float
    cost_per_applicant: float
    loss: float

    @property
    def stopped(self) -> bool:
        """Whether the trial was stopped before its last fold."""
        return self.folds_run < self.folds

    @property
    def shown(self) -> dict[str, str]:
        """What the progress bar shows of the best trial."""
        return {"loss": f"{self.loss:.5f}", "cost": f"{self.cost_per_applicant:.4f}"}


class Runner:
    """Runs batches of trials. The fits of all their folds run in parallel threads."""

    def __init__(
        self, folds: Sequence[Fold], costs: LoanCosts, plan: SearchPlan, threads: int
    ) -> None:
        self.folds = folds
        self.costs = costs
        self.plan = plan
        self.threads = threads
        self.first = min(plan.first_folds, len(folds))

    def run(
        self, asked: Sequence[tuple[Point, int]], number: int, best: Trial | None
    ) -> list[Trial]:
        """Run the first folds of all trials, then the other folds of all but hopeless ones.

        The trials get consecutive numbers, beginning with `number`.
        """
        params = [to_params(point, self.plan) for point, _ in asked]
        first, others = range(self.first), range(self.first, len(self.folds))
        fits = self._fit([(p, fold) for p in params for fold in first])
        done = [fits[i * self.first : (i + 1) * self.first] for i in range(len(asked))]
        firsts = [self._measure(own) for own in done]
        hopeful = [i for i, (cost, _) in enumerate(firsts) if not _is_hopeless(cost, best)]
        fits = self._fit([(params[i], fold) for i in hopeful for fold in others])
        for place, i in enumerate(hopeful):
            done[i] += fits[place * len(others) : (place + 1) * len(others)]
        return [
            self._trial(number + i, *asked[i], params[i], firsts[i], done[i], best)
            for i in range(len(asked))
        ]

    def _fit(self, tasks: Sequence[tuple[BoostingParams, int]]) -> list[lightgbm.Booster]:
        def fit(task: tuple[BoostingParams, int]) -> lightgbm.Booster:
            params, number = task
            return fit_fold(self.folds[number], params, self.plan.seed)

        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(fit, tasks))

    def _measure(self, boosters: Sequence[lightgbm.Booster]) -> tuple[HeldOutCost, int]:
        """Return the cost of boosters, one for each fold from the first, and their number of trees.

        The number of trees is the mean of theirs. All of them predict with it, as the final model
        will: with more trees the margins spread more, so margins of different numbers do not suit
        one calibration map. A booster that has fewer trees uses all.
        """
        folds = self.folds[: len(boosters)]
        trees = max(1, round(float(np.mean([booster.best_iteration for booster in boosters]))))

        def predict(pair: tuple[Fold, lightgbm.Booster]) -> FloatArray:
            fold, booster = pair
            return margins(booster, fold.held_matrix, trees)

        with ThreadPoolExecutor(self.threads) as pool:
            margin = np.concatenate(list(pool.map(predict, zip(folds, boosters, strict=True))))
        rows = np.concatenate([fold.held_rows for fold in folds])
        y = np.concatenate([fold.held_y for fold in folds])
        return held_out_cost(margin, y, self.costs.take(rows), self.plan.measure), trees

    def _trial(
        self,
        number: int,
        point: Point,
        draws: int,
        params: BoostingParams,
        measured: tuple[HeldOutCost, int],
        boosters: Sequence[lightgbm.Booster],
        best: Trial | None,
    ) -> Trial:
        """Return the trial of boosters; `measured` is what the first of them cost."""
        first, _ = measured
        cost, trees = measured if len(boosters) == self.first else self._measure(boosters)
        loss = cost.loss
        if best is not None and len(boosters) < len(self.folds):
            # estimate the loss of the stopped trial: assume that its other folds are like its first
            loss = best.loss * first.loss / best.first_loss if best.first_loss > 0 else first.loss
        return Trial(
            number=number,
            point=point,
            draws=draws,
            params=replace(params, trees=trees),
            folds_run=len(boosters),
            folds=len(self.folds),
            first_loss=first.loss,
            cost_per_applicant=cost.cost_per_applicant,
            loss=loss,
        )


def _is_hopeless(first: HeldOutCost, best: Trial | None) -> bool:
    """Return whether a trial's first folds cost clearly more than the best trial's did."""
    if best is None:
        return False
    return first.loss > best.first_loss + HOPELESS * first.standard_error
