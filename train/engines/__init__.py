"""What computes: this machine, a Spark cluster or a Dask cluster."""

from train.engines.engine import Engine, open_engine
from train.engines.local import LocalEngine

__all__ = [
    "Engine",
    "LocalEngine",
    "open_engine",
]
