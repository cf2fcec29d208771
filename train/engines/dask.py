"""`DaskEngine`: the final fit on a Dask cluster, for more rows than one machine can hold."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.engines.local import LocalEngine
from train.errors import InputError
from train.fitting import BoostingParams, FinalFit, FitPlan, fit_final, thread_count, treat

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

    from train.batch import BatchJob

NOT_INSTALLED = "engine dask needs Dask: pip install -r requirements-cluster.txt"
WAIT_SECONDS = 30
# Lines that LightGBM writes into the model about the machines that fitted it. They are removed.
NETWORK = re.compile(
    r"^\[(?:machines|num_machines|local_listen_port|tree_learner): .*\]\n", re.MULTILINE
)


@dataclass(frozen=True)
class DaskEngine(LocalEngine):
    """Implements `train.engines.Engine` with the workers of a Dask cluster.

    Features and search run on this machine.

    Attributes
    ----------
    client : distributed.Client
        The connection to the cluster.
    """

    client: Any = None

    def fit(self, plan: FitPlan) -> FinalFit:
        """Fit the first member only, because each fit takes the whole cluster."""
        first = replace(plan, members=plan.members[:1], compared=plan.compared[:1])
        return fit_final(first, partial(fit_on_dask, self.client))

    def score(self, job: "BatchJob", say: "Callable[[str], None]") -> NoReturn:
        """Raise `InputError`: MLflow cannot score with a version on Dask."""
        raise InputError("engine dask cannot score: use engine local or spark")


@contextmanager
def open_dask_engine(memory_limit: str) -> Iterator[DaskEngine]:
    """Yield an engine that is connected to a cluster; raise the errors of `open_client`."""
    with open_client() as client:
        yield DaskEngine(memory_limit, client)


@contextmanager
def open_client() -> "Iterator[Client]":
    """Connect to the scheduler of Dask's settings, or start workers on this machine.

    The scheduler's address comes from the variable `DASK_SCHEDULER_ADDRESS`, or from
    `scheduler-address` in Dask's settings files. Without an address, one worker with one thread is
    started for each processor of this machine, on 127.0.0.1.

    Raises
    ------
    InputError
        Dask is not installed, the scheduler does not answer, or it has no worker.
    """
    try:
        import dask
        import dask.dataframe  # LightGBM needs it, even for arrays
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(NOT_INSTALLED) from error
    address = dask.config.get("scheduler-address", None)
    if address is None:
        with (
            LocalCluster(
                n_workers=thread_count(),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=WAIT_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(f"engine dask: no scheduler answers at {address}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError as error:
            raise InputError(f"engine dask: the scheduler at {address} has no worker") from error
        yield client


def fit_on_dask(
    client: "Client",
    matrix: FloatArray,
    y: LabelArray,
    params: BoostingParams,
    categorical_indices: Sequence[int],
    seed: int,
) -> lightgbm.Booster:
    """Fit `params.trees` trees on all rows, spread over the workers of a cluster.

    The booster is close to that of `train.fitting.boosting.fit_all`, but not equal to the last bit.
    Two fits with the same seed also differ slightly: the bins of a feature come from the rows of
    one worker, and this worker is not always the same.

    Parameters
    ----------
    client : distributed.Client
        The connection to the cluster.
    matrix, y : ndarray, shapes (rows, features) and (rows,)
        All training rows.
    params : BoostingParams
    categorical_indices : sequence of int
        Columns of the matrix that hold category codes.
    seed : int

    Returns
    -------
    lightgbm.Booster
        A plain booster, without the addresses of the cluster.
    """
    rows, settings = treat(matrix, y, params, categorical_indices, seed)
    # each worker uses the threads that Dask has given it
    del settings["num_threads"]
    workers = sorted(client.ncores())
    # tables are often sorted by date: shuffle, so that each worker gets a sample of all rows
    shares = np.array_split(np.random.default_rng(seed).permutation(len(rows.y)), len(workers))
    estimator = lightgbm.DaskLGBMClassifier(client=client, n_estimators=params.trees, **settings)
    with warnings.catch_warnings():
        # the warning is about a parameter that the estimator sets itself
        warnings.filterwarnings("ignore", "Parameter n_jobs will be ignored", UserWarning)
        estimator.fit(
            _spread(client, rows.matrix, shares, workers),
            _spread(client, rows.y, shares, workers),
            categorical_feature=list(categorical_indices),
        )
    text = NETWORK.sub("", estimator.booster_.model_to_string())
    return lightgbm.Booster(model_str=text)


def _spread(
    client: "Client",
    array: NDArray[Any],
    shares: Sequence[RowNumbers],
    workers: Sequence[str],
) -> Any:
    """Return a Dask array with one chunk on each worker."""
    import dask.array

    held = [
        client.scatter(array[share], workers=[worker])
        for share, worker in zip(shares, workers, strict=True)
    ]
    return dask.array.concatenate(
        [
            dask.array.from_delayed(future, (len(share), *array.shape[1:]), array.dtype)
            for future, share in zip(held, shares, strict=True)
        ]
    )
