"""A database server for the tests of the decision log, and a new database for each test."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from scoring_model.decision_log import LogSettings
from tests.postgres import Postgres, run_postgres

PASSWORD = "pass-word-of-the-log"
COUNT = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a database server."""
    with run_postgres() as running:
        yield running


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Return the URL of an empty database; the server takes any password."""
    name = f"decisions_{next(COUNT)}"
    with psycopg.connect(postgres.uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    place = postgres.uri.rpartition("/")[0].replace("mlflow@", f"mlflow:{PASSWORD}@")
    return f"{place}/{name}"


@pytest.fixture
def settings(url: str, tmp_path: Path) -> LogSettings:
    """Return the settings of a process that logs into the database."""
    return LogSettings(url, str(tmp_path))
