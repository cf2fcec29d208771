"""`Engine`: who computes what is too much for one machine; this machine by default."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from train.final import Fit
from train.settings import EngineName


@dataclass(frozen=True, slots=True)
class Engine:
    """What a cluster does for a training; None is done on this machine.

    Attributes
    ----------
    fit : callable, optional
        Fits a final model on all rows that it is given.
    """

    fit: Fit | None = None


LOCAL = Engine()


@contextmanager
def open_engine(name: EngineName) -> Iterator[Engine]:
    """Connect to the cluster that an engine needs, before anything is computed.

    Raises
    ------
    InputError
        What it needs is not installed, or does not answer.
    """
    if name == "dask":
        from train.dask_fit import fit_on_dask, open_client

        with open_client() as client:
            yield Engine(fit=partial(fit_on_dask, client))
    else:
        yield LOCAL
