"""What computes: this machine, a Spark cluster or a Dask cluster."""

from train.engines.engine import Engine, open_engine
from train.engines.local import MEMORY_LIMIT, LocalEngine

__all__ = [
    "MEMORY_LIMIT",
    "Engine",
    "LocalEngine",
    "open_engine",
]
