"""`Engine`: runs the heavy work. It is chosen once; no other module asks which engine it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from scoring_model.errors import FeatureError
from train.engines.local import MEMORY_LIMIT, LocalEngine
from train.errors import InputError
from train.settings import EngineName

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from train.batch import BatchJob, BatchReport
    from train.data import JoinedTable
    from train.fitting import FinalFit, FitPlan
    from train.portfolio import Portfolio
    from train.search import PlannedSearch, Search, Trial


class Engine(Protocol):
    """The four tasks that may be too large for one machine.

    `LocalEngine` runs all of them on this machine. Another engine runs some of them on its cluster
    and the others on this machine. It raises `InputError` for a task that it cannot do at all.
    """

    def features(self, portfolio: "Portfolio") -> "JoinedTable":
        """Compute the features of a portfolio with histories."""

    def search(
        self,
        planned: "PlannedSearch",
        on_trial: "Callable[[Trial], None]",
        finished: "Sequence[Trial]" = (),
    ) -> "Search":
        """Search for the parameters whose decisions cost least; see `train.search.tune`."""

    def fit(self, plan: "FitPlan") -> "FinalFit":
        """Fit the final model, and fit it again on folds; see `train.fitting.fit_final`."""

    def score(self, job: "BatchJob", say: Callable[[str], None]) -> "BatchReport":
        """Score the loans of a job; `say` is called with each line for the user."""


@contextmanager
def open_engine(name: EngineName, memory_limit: str = MEMORY_LIMIT) -> Iterator[Engine]:
    """Yield an engine, connected to its cluster until the work is done.

    Parameters
    ----------
    name : {"local", "spark", "dask"}
    memory_limit : str
        Most memory that DuckDB may use for features from histories, such as `4GB`.

    Raises
    ------
    InputError
        The name is not one of the three, a package that the engine needs is not installed, or the
        cluster does not answer.
    """
    if name == "spark":
        from train.engines.spark import open_spark_engine

        with open_spark_engine(memory_limit) as engine:
            yield engine
    elif name == "dask":
        from train.engines.dask import open_dask_engine

        with open_dask_engine(memory_limit) as engine:
            yield engine
    elif name == "local":
        yield LocalEngine(memory_limit)
    else:
        raise InputError(f"engine must be local, spark or dask, got {name!r}")


@contextmanager
def open_spark(shown: str) -> "Iterator[SparkSession]":
    """Yield a Spark session whose executors can import this project, for other work than training.

    Parameters
    ----------
    shown : str
        How messages name what Spark works on.

    Raises
    ------
    InputError
        Spark or Java is not installed, or Spark fails, at the start or later.
    """
    from train.engines.spark_features import spark_errors
    from train.engines.spark_session import open_session, ship_packages

    with open_session() as session:
        ship_packages(session)
        try:
            with spark_errors(shown):
                yield session
        except FeatureError as error:
            raise InputError(str(error)) from error
