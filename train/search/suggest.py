"""Suggest points with hyperopt's TPE, so that a search can continue where another one stopped."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from hyperopt import tpe
from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Domain, Trials

from train.search.space import Point

# Trials before TPE begins: the first points, then random ones. Hyperopt's default of 20 is too many
# for a search of 25 trials.
RANDOM_TRIALS = 16
SEEDS = 2**31 - 1


class Suggester:
    """Hyperopt's TPE as an object: `ask` returns a point, `tell` reports its loss.

    Parameters
    ----------
    space : dict
        A search space of hyperopt.
    first : sequence of Point
        Points to suggest first. They draw no random numbers.
    seed : int
        Seed of the random numbers for all other points.
    """

    def __init__(self, space: dict[str, Any], first: Sequence[Point], seed: int) -> None:
        self._domain = Domain(None, space)
        self._trials = Trials()
        self._first = list(first)
        self._random = np.random.default_rng(seed)
        self._algorithm = partial(tpe.suggest, n_startup_jobs=RANDOM_TRIALS)
        self._asked = 0
        self.draws = 0

    def ask(self) -> Point:
        """Return the next point to try, as plain numbers."""
        number, self._asked = self._asked, self._asked + 1
        if number < len(self._first):
            return self._first[number]
        (document,) = self._algorithm([number], self._domain, self._trials, self._draw())
        values = document["misc"]["vals"]
        return {name: np.asarray(value[0]).item() for name, value in values.items()}

    def tell(self, number: int, point: Point, loss: float) -> None:
        """Report the loss of a point."""
        document = {
            "tid": number,
            "spec": None,
            "state": JOB_STATE_DONE,
            "result": {"loss": loss, "status": STATUS_OK},
            "misc": {
                "tid": number,
                "cmd": ("domain_attachment", "FMinIter_Domain"),
                "workdir": None,
                "idxs": {name: [number] for name in point},
                "vals": {name: [value] for name, value in point.items()},
            },
            "exp_key": None,
            "owner": None,
            "version": 0,
            "book_time": None,
            "refresh_time": None,
        }
        self._trials.insert_trial_docs([document])
        self._trials.refresh()

    def replay(self, number: int, point: Point, loss: float, draws: int) -> None:
        """Take over a trial of an earlier search that had drawn `draws` random numbers by then."""
        self.tell(number, point, loss)
        self._asked = number + 1
        while self.draws < draws:
            self._draw()

    def _draw(self) -> int:
        self.draws += 1
        return int(self._random.integers(SEEDS))
