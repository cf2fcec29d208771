"""A small local Spark for the tests and for the processes that they start."""

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
    # for a few hundred rows, compiling a query takes longer than running it
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def run_spark(folder: Path) -> Iterator[Any]:
    """Run the session of all tests until the block ends; skip the test without Spark or Java.

    The settings are in a file `spark-defaults.conf`, as on a cluster, and `SPARK_CONF_DIR` names
    its folder. So a process that a test starts uses the same settings.
    """
    sql = pytest.importorskip("pyspark.sql", reason="needs requirements-cluster.txt")
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
