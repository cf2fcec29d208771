"""`LocalEngine`: run all work on this machine.

Each method imports what it needs, so that scoring loads neither hyperopt nor imbalanced-learn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.batch import BatchJob, BatchReport
    from train.data import JoinedTable
    from train.fitting import FinalFit, FitPlan
    from train.portfolio import Portfolio
    from train.search import PlannedSearch, Search, Trial

MEMORY_LIMIT = "4GB"


@dataclass(frozen=True)
class LocalEngine:
    """Implements `train.engines.Engine` on this machine.

    Attributes
    ----------
    memory_limit : str
        Most memory that DuckDB may use for features from histories, such as `4GB`. Beyond it
        DuckDB writes to disk.
    """

    memory_limit: str = MEMORY_LIMIT

    def features(self, portfolio: "Portfolio") -> "JoinedTable":
        """Compute the features of a portfolio with histories in DuckDB."""
        from train.data import join_histories

        return join_histories(portfolio, self.memory_limit)

    def search(
        self,
        planned: "PlannedSearch",
        on_trial: "Callable[[Trial], None]",
        finished: "Sequence[Trial]" = (),
    ) -> "Search":
        """Search with the folds of a trial fitted in parallel."""
        from train.search import tune

        return tune(planned.rows.bin(), planned.costs, planned.plan, on_trial, finished)

    def fit(self, plan: "FitPlan") -> "FinalFit":
        """Fit the members in parallel, if the memory allows it."""
        from train.fitting import fit_final

        return fit_final(plan)

    def score(self, job: "BatchJob", say: Callable[[str], None]) -> "BatchReport":
        """Score batch after batch into one file, or into a table of a database."""
        from train.batch import score_job

        return score_job(job, self.memory_limit, say)
