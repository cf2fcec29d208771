"""A session does not change other sessions; a Spark that fails gives one line of error."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.made_histories import make_histories, write_histories
from train.engines.spark_features import GAVE_UP
from train.engines.spark_session import NOT_INSTALLED, NOT_STARTED, open_session

pytestmark = pytest.mark.slow

SCRIPT = """
from train.errors import InputError
from train.engines.spark_session import open_session
try:
    with open_session():
        pass
except InputError as error:
    print(error)
"""


def test_a_session_is_strict_and_does_not_change_others(spark: Any) -> None:
    from pyspark.errors import ArithmeticException

    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        with open_session() as session:
            session.range(1).createTempView("of_the_session")
            with pytest.raises(ArithmeticException, match="DIVIDE_BY_ZERO"):
                session.sql("SELECT 1 / 0").collect()
        assert spark.sql("SELECT 1 / 0 AS none").collect()[0]["none"] is None
        assert not spark.catalog.tableExists("of_the_session")
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")


def say(**environment: str) -> str:
    """Open a session in a separate process; return what the process prints."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


@pytest.mark.usefixtures("spark")
def test_without_java_the_error_says_what_to_install(tmp_path: Path) -> None:
    assert say(PATH="/usr/bin:/bin", JAVA_HOME=str(tmp_path)) == NOT_STARTED


@pytest.mark.usefixtures("spark")
def test_a_spark_that_fails_gives_one_line_of_error(tmp_path: Path) -> None:
    source = write_histories(tmp_path, make_histories(20), "parquet")
    defaults = Path(os.environ["SPARK_CONF_DIR"]) / "spark-defaults.conf"
    small = defaults.read_text(encoding="utf-8") + "spark.driver.maxResultSize 1k\n"
    (tmp_path / "spark-defaults.conf").write_text(small, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "train", "train", "--portfolio", str(source), "--engine", "spark"],
        cwd=ROOT,
        env={
            **os.environ,
            "SPARK_CONF_DIR": str(tmp_path),
            "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert f": {GAVE_UP}" in result.stderr


def test_without_pyspark_the_error_says_what_to_install(tmp_path: Path) -> None:
    # a module that cannot be imported, as without requirements-cluster.txt
    (tmp_path / "pyspark.py").write_text("raise ImportError", encoding="utf-8")
    assert say(PYTHONPATH=str(tmp_path)) == NOT_INSTALLED
