"""Search on a Spark cluster: hyperopt's `SparkTrials` runs the trials."""

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
    """Search as `train.search.tune` does, each trial a Spark task of one thread.

    Up to `plan.parallelism` trials run at once, and as many wait for their turn. A point is
    suggested from the trials that have ended by then, in whatever order they did, and a trial is
    hopeless beside the best when it began: what a trial measures is the same everywhere, but which
    trials there are differs from search to search.

    Parameters
    ----------
    session : SparkSession
    planned : PlannedSearch
        Its rows are sent to each executor once. After its plan's timeout only those trials still
        run that wait for their turn.
    on_trial : callable
        Called with each trial as it ends.
    finished : sequence of Trial
        Trials of an earlier search with the same plan: they are not run again.

    Raises
    ------
    InputError
        A trial failed on the cluster.
    """
    rows, costs, plan = planned.rows, planned.costs, planned.plan
    fit_rows = len(rows.splits[0][0])
    space = search_space(plan.treatments, fit_rows)
    suggester = Suggester(space, first_points(plan.treatments, fit_rows), plan.seed)
    for trial in finished:
        suggester.replay(trial.number, trial.point, trial.loss, trial.draws)
    trials = SparkTrials(plan.parallelism, spark_session=session)
    ship_packages(session)
    sent = session.sparkContext.broadcast((rows, costs))
    objective = _Objective(sent, plan)
    dispatch = _Dispatch(plan, suggester, trials, objective, on_trial, list(finished))
    if len(finished) < plan.max_evals:
        # of a session whose tags hyperopt does not hand on to its threads: it has none
        warnings.filterwarnings("ignore", message="Spark session is not provided")
        fmin(
            objective,
            space,
            algo=dispatch.suggest,
            max_evals=plan.max_evals - len(finished),
            trials=trials,
            # queued ones start without waiting for hyperopt, which looks once a second
            max_queue_len=plan.parallelism,
            return_argmin=False,
            show_progressbar=dispatch.progress,
        )
    dispatch.collect()
    sent.destroy()
    if failed := trials.count_failed_trials():
        raise InputError(
            f"engine spark: {failed} of {len(dispatch.asked)} trials failed on the cluster; "
            "what they said stands above"
        )
    return Search(tuple(sorted(dispatch.ended, key=lambda trial: trial.number)))


class _Objective:
    """One trial, as an executor runs it.

    SparkTrials pickles it anew for each trial, and so the best trial by then goes with it. It also
    ends an executor's Python after each trial, so that the folds are binned for each.
    """

    def __init__(self, sent: "Broadcast[tuple[FoldedRows, LoanCosts]]", plan: SearchPlan) -> None:
        self.sent = sent
        self.plan = plan
        self.best: Trial | None = None

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any]:
        rows, costs = self.sent.value
        # hyperopt gives the treatment by name; a point holds its place
        point = {**values, "treatment": self.plan.treatments.index(values["treatment"])}
        runner = Runner(rows.bin(), costs, self.plan, threads=1)
        (trial,) = runner.run([(point, 0)], 0, self.best)
        return {"status": STATUS_OK, "loss": trial.loss, "trial": trial}


@dataclass
class _Dispatch:
    """Between hyperopt, which runs trials, and the suggester, which says what to try.

    Attributes
    ----------
    asked : dict of int to (Point, int)
        By hyperopt's number: the point, and the draws by then.
    ended : list of Trial
        As they ended.
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
        """Return hyperopt's documents of new trials; none ends the search."""
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
        """Take over the trials that have ended since."""
        for document in self.trials.trials:
            number = document["tid"]
            # the state is set before the result is
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
        """Show a bar, and take over what ends while nothing is left to suggest."""
        begun = self.first + initial
        with tqdm(total=self.first + total, initial=begun, unit="trial", desc="search") as bar:

            def update(count: int) -> None:
                self.collect()
                bar.update(count)
                if self.objective.best is not None:
                    bar.set_postfix(cost=f"{self.objective.best.cost_per_applicant:.4f}")

            yield SimpleNamespace(update=update)
