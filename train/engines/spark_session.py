"""Open a Spark session with Spark's own settings, and send this project's code to the cluster."""

import atexit
import os
import shutil
import sys
import tempfile
import uuid
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

NOT_INSTALLED = "engine spark needs pyspark: pip install -r requirements-cluster.txt"
NOT_STARTED = (
    "engine spark: Spark does not start: see its messages above, install Java 17 or newer "
    "and check Spark's settings"
)
ROOT = Path(train.__file__).parents[1]
# Packages of this project that tasks import. An executor on another machine does not have them.
PACKAGES = ("monitoring", "train", "scoring_model")


@contextmanager
def open_session() -> "Iterator[SparkSession]":
    """Open a separate session, in ANSI mode. A Spark that already runs keeps running afterwards.

    Spark's own settings decide where it runs and with how much memory: `spark-defaults.conf`, the
    options of `spark-submit`, or the session of a notebook. Without settings it runs on this
    machine.

    Raises
    ------
    InputError
        Spark or Java is not installed, or Spark does not start.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(NOT_INSTALLED) from error
    # workers on this machine use this Python, not the first one on PATH
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Spark 4.3 warns about every pandas 3; the tests check the functions that are used here
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    before = SparkSession.getActiveSession()
    try:
        started = SparkSession.builder.appName("credit-scoring").getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise InputError(NOT_STARTED) from error
    # views and settings of the new session do not change other sessions
    session = started.newSession()
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.session.timeZone", "UTC")
    try:
        yield session
    finally:
        if before is None:
            # if Spark ran out of memory, it is gone already and stop() fails
            with suppress(Py4JError, ConnectionError):
                started.stop()


def ship_packages(session: "SparkSession") -> None:
    """Send this project's modules to the executors. The files stay until this process ends.

    An executor fetches the files at its first task. This task may belong to somebody else who uses
    the same Spark later, so the files must not be removed earlier.

    Spark keeps one group of Python workers for each environment. The variable makes a new group:
    workers that have loaded a version from an older release hold its `scoring_model`.
    """
    session.sparkContext.environment["CREDIT_SCORING_WORKERS"] = uuid.uuid4().hex
    for archive in sorted(_archive_packages().iterdir()):
        session.sparkContext.addPyFile(str(archive))


@cache
def _archive_packages() -> Path:
    """Return a folder with an archive of each package."""
    folder = Path(tempfile.mkdtemp(prefix="credit-scoring-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for package in PACKAGES:
        # a unique name: Spark refuses a second file under the same name
        shutil.make_archive(str(folder / f"{package}-{folder.name}"), "zip", ROOT, package)
    return folder
