"""`Engine`: who computes what is too much for one machine; this machine by default."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from train.boosting import FoldedRows
from train.costs import LoanCosts
from train.final import Fit
from train.settings import EngineName
from train.tuning import Search, SearchPlan, Trial

# As `train.tuning.tune`, which takes the rows binned.
Tune = Callable[
    [FoldedRows, LoanCosts, SearchPlan, Callable[[Trial], None], Sequence[Trial]], Search
]


@dataclass(frozen=True, slots=True)
class Engine:
    """What a cluster does for a training; None is done on this machine.

    Attributes
    ----------
    tune : callable, optional
        Searches for the parameters.
    fit : callable, optional
        Fits a final model on all rows that it is given.
    """

    tune: Tune | None = None
    fit: Fit | None = None


LOCAL = Engine()


@contextmanager
def open_engine(name: EngineName) -> Iterator[Engine]:
    """Connect to the cluster that an engine needs, until the training is done.

    Raises
    ------
    InputError
        What it needs is not installed, or does not answer.
    """
    if name == "dask":
        from train.dask_fit import fit_on_dask, open_client

        with open_client() as client:
            yield Engine(fit=partial(fit_on_dask, client))
    elif name == "spark":
        from train.spark_search import tune_on_spark
        from train.spark_session import open_session

        with open_session() as session:
            yield Engine(tune=partial(tune_on_spark, session))
    else:
        yield LOCAL
