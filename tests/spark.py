"""A small Spark on this machine alone, for the tests and for every process that they start."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DEFAULTS = {
    "spark.master": "local[2]",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    # compiling what a few hundred rows ask for takes longer than the rows
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def run_spark(folder: Path) -> Iterator[Any]:
    """Run the session of all tests, which `open_session` and MLflow find; skip without Spark.

    Its settings are a cluster's, in a folder that `SPARK_CONF_DIR` names: a process that a test
    starts with this environment starts a Spark like it.
    """
    sql = pytest.importorskip("pyspark.sql", reason="needs requirements-spark.txt")
    if not (shutil.which("java") or "JAVA_HOME" in os.environ):
        pytest.skip("needs Java")
    settings = {**DEFAULTS, "spark.sql.warehouse.dir": str(folder / "warehouse")}
    lines = [f"{name} {value}\n" for name, value in settings.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_CONF_DIR", str(folder))
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = sql.SparkSession.builder.getOrCreate()
        yield session
        session.stop()
