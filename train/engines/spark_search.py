"""Search on a Spark cluster, with hyperopt's `SparkTrials`."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hyperopt import STATUS_OK, SparkTrials, fmin
from hyperopt.base import JOB_STATE_DONE, Domain, Trials
from tqdm import tqdm

from train.engines.spark_session import ship_packages
from train.errors import InputError
from train.fitting import FoldedRows
from train.portfolio import LoanCosts
from train.search import (
    PlannedSearch,
    Point,
    Runner,
    Search,
    SearchPlan,
    Suggester,
    Trial,
    first_points,
    search_space,
)

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import SparkSession


def tune_on_spark(
    session: "SparkSession",
    planned: PlannedSearch,
    on_trial: Callable[[Trial], None],
    finished: Sequence[Trial] = (),
) -> Search:
    """Search as `train.search.tune` does; each trial is a Spark task with one thread.

    Up to `plan.parallelism` trials run at the same time, and as many wait in a queue. The search is
    not repeatable: each point is suggested from the trials that have ended, and their order differs
    from search to search. A trial is compared with the best trial at its start. The figures of a
    trial with a given point are the same as in a local search.

    Parameters
    ----------
    session : SparkSession
    planned : PlannedSearch
        Its rows are sent to each executor once. After the timeout of its plan no trial is
        suggested; trials in the queue still run.
    on_trial : callable
        Called with each trial when it ends.
    finished : sequence of Trial
        Trials of an earlier search with the same plan. They are not run again.

    Raises
    ------
    InputError
        A trial failed on the cluster.
    """
    rows, costs, plan = planned.rows, planned.costs, planned.plan
    fit_rows = len(rows.splits[0][0])
    space = search_space(plan, fit_rows)
    suggester = Suggester(space, first_points(plan, fit_rows), plan.seed)
    for trial in finished:
        suggester.replay(trial.number, trial.point, trial.loss, trial.draws)
    trials = SparkTrials(plan.parallelism, spark_session=session)
    ship_packages(session)
    sent = session.sparkContext.broadcast((rows, costs))
    objective = _Objective(sent, plan)
    dispatch = _Dispatch(plan, suggester, trials, objective, on_trial, list(finished))
    if len(finished) < plan.max_evals:
        # hyperopt warns that its threads lose the session's tags; this session has none
        warnings.filterwarnings("ignore", message="Spark session is not provided")
        fmin(
            objective,
            space,
            algo=dispatch.suggest,
            max_evals=plan.max_evals - len(finished),
            trials=trials,
            # hyperopt looks for free places once a second only; a queued trial starts at once
            max_queue_len=plan.parallelism,
            return_argmin=False,
            show_progressbar=dispatch.progress,
        )
    dispatch.collect()
    sent.destroy()
    if failed := trials.count_failed_trials():
        raise InputError(
            f"engine spark: {failed} of {len(dispatch.asked)} trials failed on the cluster: "
            "see their messages above"
        )
    return Search(tuple(sorted(dispatch.ended, key=lambda trial: trial.number)))


class _Objective:
    """Runs one trial on an executor.

    SparkTrials pickles this object for each trial, so the best trial so far is sent along.
    SparkTrials ends the executor's Python process after each trial, so the folds are binned again
    for each trial.
    """

    def __init__(self, sent: "Broadcast[tuple[FoldedRows, LoanCosts]]", plan: SearchPlan) -> None:
        self.sent = sent
        self.plan = plan
        self.best: Trial | None = None

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        rows, costs = self.sent.value
        point = dict(values)
        if "treatment" in point:
            # hyperopt gives the treatment's name; a point holds its position
            point["treatment"] = self.plan.treatments.index(values["treatment"])
        runner = Runner(rows.bin(), costs, self.plan, threads=1)
        (trial,) = runner.run([(point, 0)], 0, self.best)
        return {"status": STATUS_OK, "loss": trial.loss, "trial": trial}


@dataclass
class _Dispatch:
    """Connects hyperopt, which runs the trials, with the suggester, which chooses the points.

    Attributes
    ----------
    asked : dict of int to (Point, int)
        For each trial, by its number in hyperopt: its point, and the number of draws before it.
    ended : list of Trial
        Ended trials, in the order in which they ended.
    """

    plan: SearchPlan
    suggester: Suggester
    trials: SparkTrials
    objective: _Objective
    on_trial: Callable[[Trial], None]
    ended: list[Trial]

    def __post_init__(self) -> None:
        minutes = math.inf if self.plan.timeout_minutes is None else self.plan.timeout_minutes
        self.deadline = time.monotonic() + 60 * minutes
        self.first = len(self.ended)
        self.asked: dict[int, tuple[Point, int]] = {}
        self.open: set[int] = set()
        self._choose_best()

    def suggest(
        self, numbers: Sequence[int], domain: Domain, trials: Trials, _seed: int
    ) -> list[dict[str, Any]]:
        """Return new trials as hyperopt's documents; an empty list ends the search."""
        self.collect()
        late = self.asked and time.monotonic() >= self.deadline
        if late or self.trials.count_failed_trials():
            return []
        miscs = []
        for number in numbers:
            point = self.suggester.ask()
            self.asked[number] = point, self.suggester.draws
            self.open.add(number)
            miscs.append(
                {
                    "tid": number,
                    "cmd": domain.cmd,
                    "workdir": domain.workdir,
                    "idxs": {name: [number] for name in point},
                    "vals": {name: [value] for name, value in point.items()},
                }
            )
        empty = [domain.new_result() for _ in numbers]
        documents = trials.new_trial_docs(numbers, [None] * len(numbers), empty, miscs)
        return list(documents)

    def collect(self) -> None:
        """Take over the trials that have ended since the last call."""
        for document in self.trials.trials:
            number = document["tid"]
            # hyperopt sets the state before the result, so check both
            ended = document["state"] == JOB_STATE_DONE and "trial" in document["result"]
            if number not in self.open or not ended:
                continue
            self.open.remove(number)
            point, draws = self.asked[number]
            trial = replace(
                document["result"]["trial"], number=self.first + number, point=point, draws=draws
            )
            self.suggester.tell(trial.number, trial.point, trial.loss)
            self.ended.append(trial)
            self._choose_best()
            self.on_trial(trial)

    def _choose_best(self) -> None:
        if any(not trial.stopped for trial in self.ended):
            self.objective.best = Search(tuple(self.ended)).best

    @contextmanager
    def progress(self, initial: int, total: int) -> Iterator[SimpleNamespace]:
        """Show a progress bar; also collect the trials that end after the last suggestion."""
        begun = self.first + initial
        with tqdm(total=self.first + total, initial=begun, unit="trial", desc="search") as bar:

            def update(count: int) -> None:
                self.collect()
                bar.update(count)
                if self.objective.best is not None:
                    bar.set_postfix(self.objective.best.shown)

            yield SimpleNamespace(update=update)
