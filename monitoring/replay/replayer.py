"""`Replayer`: makes logged decisions again, in batches by version."""

from collections import defaultdict
from collections.abc import Callable

from monitoring.replay.comparison import Difference, compare_rows
from monitoring.replay.logged_row import ErasedDecision, LoggedRow, read_row
from monitoring.replay.selection import Selection
from monitoring.replay.tally import Tally
from scoring_model.decision_log import LoggedPair, VersionName
from scoring_model.version import Scorer

_BATCH_ROWS = 5000


class Replayer:
    """Replays one decision after the other; the memory does not grow with their number.

    Parameters
    ----------
    selection : Selection
    find_scorer : callable
        Returns the version with a name, or None if it is not found.
    note : callable
        Called with each difference.

    Attributes
    ----------
    tally : Tally
    """

    def __init__(
        self,
        selection: Selection,
        find_scorer: Callable[[VersionName], Scorer | None],
        note: Callable[[Difference], None],
    ) -> None:
        self._selection = selection
        self._find_scorer = find_scorer
        self._note = note
        self.tally = Tally()
        self._waiting: dict[str, list[LoggedRow]] = defaultdict(list)
        self._count = 0

    def add(self, pair: LoggedPair) -> None:
        """Replay a decision, now or with later ones."""
        try:
            row = read_row(pair, self._selection)
        except ErasedDecision:
            self.tally.erased += 1
            return
        except (ValueError, LookupError, TypeError):
            self.tally.damaged += 1
            return
        if row is None:
            return
        self._waiting[row.version.manifest].append(row)
        self._count += 1
        if self._count == _BATCH_ROWS:
            self.finish()

    def finish(self) -> None:
        """Replay what waits."""
        waiting, self._waiting, self._count = self._waiting, defaultdict(list), 0
        for rows in waiting.values():
            scorer = self._find_scorer(rows[0].version)
            if scorer is None:
                self.tally.missing.update(row.version for row in rows)
                continue
            self.tally.replayed += len(rows)
            for difference in compare_rows(scorer, rows):
                self.tally.different += 1
                self._note(difference)
