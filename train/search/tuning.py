"""Search with hyperopt for the parameters whose decisions cost least."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm import tqdm

from scoring_model.types import FloatArray
from train.fitting import BoostingParams, Fold, Treatment, fit_fold, margins, thread_count
from train.portfolio import LoanCosts
from train.search.objective import HeldOutCost, held_out_cost
from train.search.space import Point, first_points, search_space, to_params
from train.search.suggest import Suggester

SEARCH_FOLDS = 4
# A trial is stopped if its first folds cost this many standard errors more than the best trial's.
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


@dataclass(frozen=True, slots=True)
class Search:
    """All `trials` of a search, in order."""

    trials: tuple[Trial, ...] = field(default_factory=tuple)

    @property
    def best(self) -> Trial:
        """The first trial with the lowest loss among those that ran all folds."""
        return min((t for t in self.trials if not t.stopped), key=lambda trial: trial.loss)

    @property
    def stopped(self) -> int:
        """How many trials were stopped after their first folds."""
        return sum(trial.stopped for trial in self.trials)


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How to search.

    Attributes
    ----------
    treatments : tuple of str
        Treatments of the class imbalance to choose from.
    max_evals : int
        Number of trials, 1 or more.
    seed : int
        The same seed, rows and `parallelism` give the same search.
    parallelism : int
        Number of trials that run at the same time. They are suggested together.
    timeout_minutes : float, optional
        No trial begins later than this. The first trials always run.
    first_folds : int
        Number of folds after which a hopeless trial is stopped.
    """

    treatments: tuple[Treatment, ...]
    max_evals: int
    seed: int
    parallelism: int = 1
    timeout_minutes: float | None = None
    first_folds: int = 2


def tune(
    folds: Sequence[Fold],
    costs: LoanCosts,
    plan: SearchPlan,
    on_trial: Callable[[Trial], None],
    finished: Sequence[Trial] = (),
) -> Search:
    """Search for the parameters whose decisions cost least on held-out rows.

    Parameters
    ----------
    folds : sequence of Fold
        Folds that are already binned. Every trial uses them.
    costs : LoanCosts
        What wrong decisions cost on all rows of the folds.
    plan : SearchPlan
    on_trial : callable
        Called with each finished trial, in order.
    finished : sequence of Trial
        First trials of an earlier search with the same plan. They are not run again.

    Returns
    -------
    Search
        The same as that of an uninterrupted search, to the last bit.
    """
    minutes = math.inf if plan.timeout_minutes is None else plan.timeout_minutes
    deadline = time.monotonic() + 60 * minutes
    rows = len(folds[0].y)
    suggester = Suggester(
        search_space(plan.treatments, rows), first_points(plan.treatments, rows), plan.seed
    )
    # an incomplete batch of the earlier search is suggested and run again as a whole
    whole = len(finished) // plan.parallelism * plan.parallelism
    trials = list(finished[: whole if len(finished) < plan.max_evals else plan.max_evals])
    for trial in trials:
        suggester.replay(trial.number, trial.point, trial.loss, trial.draws)
    runner = Runner(folds, costs, plan, thread_count())
    with tqdm(total=plan.max_evals, initial=len(trials), unit="trial", desc="search") as bar:
        while len(trials) < plan.max_evals:
            if trials and time.monotonic() >= deadline:
                break
            size = min(plan.parallelism, plan.max_evals - len(trials))
            asked = [(suggester.ask(), suggester.draws) for _ in range(size)]
            best = Search(tuple(trials)).best if trials else None
            for trial in runner.run(asked, len(trials), best):
                suggester.tell(trial.number, trial.point, trial.loss)
                trials.append(trial)
                on_trial(trial)
                bar.update()
            bar.set_postfix(cost=f"{Search(tuple(trials)).best.cost_per_applicant:.4f}")
    return Search(tuple(trials))


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
        params = [to_params(point, self.plan.treatments) for point, _ in asked]
        first, others = range(self.first), range(self.first, len(self.folds))
        fits = self._fit([(p, fold) for p in params for fold in first])
        done = [fits[i * self.first : (i + 1) * self.first] for i in range(len(asked))]
        firsts = [self._cost(own) for own in done]
        hopeful = [i for i, cost in enumerate(firsts) if not _is_hopeless(cost, best)]
        fits = self._fit([(params[i], fold) for i in hopeful for fold in others])
        for place, i in enumerate(hopeful):
            done[i] += fits[place * len(others) : (place + 1) * len(others)]
        return [
            self._trial(number + i, *asked[i], params[i], firsts[i], done[i], best)
            for i in range(len(asked))
        ]

    def _fit(self, tasks: Sequence[tuple[BoostingParams, int]]) -> list[tuple[FloatArray, int]]:
        """Return the held-out margins and the number of trees of each fit."""

        def fit(task: tuple[BoostingParams, int]) -> tuple[FloatArray, int]:
            params, number = task
            fold = self.folds[number]
            booster = fit_fold(fold, params, self.plan.seed)
            return margins(booster, fold.held_matrix), booster.best_iteration

        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(fit, tasks))

    def _cost(self, fits: Sequence[tuple[FloatArray, int]]) -> HeldOutCost:
        folds = self.folds[: len(fits)]
        rows = np.concatenate([fold.held_rows for fold in folds])
        return held_out_cost(
            np.concatenate([margin for margin, _ in fits]),
            np.concatenate([fold.held_y for fold in folds]),
            self.costs.take(rows),
        )

    def _trial(
        self,
        number: int,
        point: Point,
        draws: int,
        params: BoostingParams,
        first: HeldOutCost,
        fits: Sequence[tuple[FloatArray, int]],
        best: Trial | None,
    ) -> Trial:
        cost = self._cost(fits)
        loss = cost.loss
        if best is not None and len(fits) < len(self.folds):
            # estimate the loss of the stopped trial: assume that its other folds are like its first
            loss = best.loss * first.loss / best.first_loss
        trees = max(1, round(float(np.mean([trees for _, trees in fits]))))
        return Trial(
            number=number,
            point=point,
            draws=draws,
            params=replace(params, trees=trees),
            folds_run=len(fits),
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
