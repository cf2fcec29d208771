"""`ShadowCounters`: what a version in the shadow would have decided."""

import numpy as np

from scoring_model.policy import Decisions
from scoring_model.telemetry.counter_file import CounterFolder, Key
from scoring_model.telemetry.metric_names import (
    DIFFERENCE,
    OUTCOMES,
    SHADOW_APPLICANTS,
    SHADOW_DECISIONS,
    SHADOW_DIFFERENCES,
    SHADOW_OUTCOMES,
    ShadowOutcome,
    histogram_keys,
)


class ShadowCounters:
    """Counters of the version in the shadow; use them in one thread only.

    Parameters
    ----------
    folder : CounterFolder
    """

    def __init__(self, folder: CounterFolder) -> None:
        keys: list[Key] = [(SHADOW_APPLICANTS, outcome) for outcome in SHADOW_OUTCOMES]
        self._decisions = len(keys)
        keys += [(SHADOW_DECISIONS, mine, its) for mine in OUTCOMES for its in OUTCOMES]
        self._buckets = len(keys)
        keys += histogram_keys(SHADOW_DIFFERENCES)
        self._values = folder.make_counters(keys)

    def count(self, champion: Decisions, shadow: Decisions) -> None:
        """Count applicants whom both versions have scored.

        Parameters
        ----------
        champion : Decisions
            The decisions that were answered.
        shadow : Decisions
            The decisions of the version in the shadow, in the same order.
        """
        values = self._values
        pairs = np.bincount(2 * champion.score.astype(int) + shadow.score.astype(int), minlength=4)
        for place, count in enumerate(pairs):
            values[self._decisions + place] += float(count)
        # there is no sum: where values may be negative, prometheus-client shows none
        differences = shadow.probability - champion.probability
        places = np.searchsorted(DIFFERENCE, differences, side="left")
        for place, count in enumerate(np.bincount(places, minlength=len(DIFFERENCE) + 1)):
            values[self._buckets + place] += float(count)
        self.count_outcome("scored", len(differences))

    def count_outcome(self, outcome: ShadowOutcome, rows: int) -> None:
        """Count applicants by what became of them."""
        self._values[SHADOW_OUTCOMES.index(outcome)] += rows
