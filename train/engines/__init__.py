"""Engines run the heavy work: on this machine, on a Spark cluster or on a Dask cluster."""

from train.engines.engine import Engine, open_engine, open_spark
from train.engines.local import LocalEngine

__all__ = [
    "Engine",
    "LocalEngine",
    "open_engine",
    "open_spark",
]
