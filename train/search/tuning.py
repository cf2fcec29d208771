"""Search with hyperopt for the parameters whose decisions cost least."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from train.fitting import Fold, thread_count
from train.portfolio import LoanCosts
from train.search.runner import Runner, Trial
from train.search.space import SearchPlan, first_points, search_space
from train.search.suggest import Suggester

SEARCH_FOLDS = 4


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
    suggester = Suggester(search_space(plan, rows), first_points(plan, rows), plan.seed)
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
            bar.set_postfix(Search(tuple(trials)).best.shown)
    return Search(tuple(trials))
