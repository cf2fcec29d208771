"""A Spark session as the cluster's own settings make it, for whatever runs on Spark."""

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import train
from train.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOT_INSTALLED = "engine spark needs pyspark: pip install -r requirements-spark.txt"
NOT_STARTED = (
    "engine spark: Spark does not start: it needs Java, 17 or newer (see requirements-spark.txt), "
    "and settings that are right; what it says itself stands above"
)
ROOT = Path(train.__file__).parents[1]
# What tasks import of this project: an executor elsewhere has no checkout.
PACKAGES = ("train", "scoring_model")


@contextmanager
def open_session() -> "Iterator[SparkSession]":
    """Open a session of its own, in ANSI mode; a Spark that ran before goes on after it.

    Where Spark runs and with how much, its own settings say: `spark-defaults.conf`, what
    `spark-submit` was given, the session that a notebook has. Without any it is this machine.

    Raises
    ------
    InputError
        Spark or Java are not installed, or Spark does not start.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(NOT_INSTALLED) from error
    # workers on this machine take this Python, not whichever comes first on PATH
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Spark 4.3 says so of any pandas 3; the tests hold what is used of the two together
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    before = SparkSession.getActiveSession()
    try:
        started = SparkSession.builder.appName("credit-scoring").getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise InputError(NOT_STARTED) from error
    # views and settings of this session touch no other
    session = started.newSession()
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.session.timeZone", "UTC")
    try:
        yield session
    finally:
        if before is None:
            # one that its memory ran out of is gone
            with suppress(Py4JError, ConnectionError):
                started.stop()


def ship_packages(session: "SparkSession") -> None:
    """Give this project's modules to the executors, for as long as this process lives.

    An executor fetches them when it begins its first task, which may be that of somebody else who
    goes on with this Spark.
    """
    for archive in sorted(_archive_packages().iterdir()):
        session.sparkContext.addPyFile(str(archive))


@cache
def _archive_packages() -> Path:
    """Return a folder with an archive of each package."""
    folder = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for package in PACKAGES:
        # a name of its own: Spark refuses another file under a name that it has
        shutil.make_archive(str(folder / f"{package}-{folder.name}"), "zip", ROOT, package)
    return folder
