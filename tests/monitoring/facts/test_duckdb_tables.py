"""Every error of DuckDB is one line."""

import resource
from collections.abc import Iterator

import pyarrow as pa
import pytest

from monitoring.facts.duckdb_tables import DuckdbTables, open_duckdb_tables
from train.errors import InputError

_NUMBERS = "SELECT range AS number, hash(range) AS code FROM range(2000000)"


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond a megabyte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def fail(limit: str = "1GB") -> str:
    """Return the message of a table that does not fit."""
    with pytest.raises(InputError) as raised, open_duckdb_tables(limit, 2) as tables:
        tables.define("numbers", _NUMBERS)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("limit", ["abc", "", "0"])
def test_a_limit_that_is_no_size(limit: str) -> None:
    assert fail(limit) == f"memory_limit must be a size such as 4GB, got {limit!r}"


def test_too_little_memory() -> None:
    assert fail("10KB").startswith("memory_limit 10KB: DuckDB needs more memory, or more disk")


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_while_a_table_is_made() -> None:
    assert "File too large" in fail()


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_while_a_table_is_loaded() -> None:
    batch = pa.record_batch({"number": pa.array(range(400_000), pa.int64())})
    with open_duckdb_tables("1GB", 2) as tables, pytest.raises(InputError, match="File too large"):
        tables.load("numbers", batch.schema, [batch])


def test_every_question_is_guarded() -> None:
    with open_duckdb_tables("1GB", 2) as tables:
        for ask in (DuckdbTables.rows, DuckdbTables.columns):
            with pytest.raises(InputError, match="DuckDB cannot count the decisions"):
                ask(tables, "SELECT number FROM nowhere")
