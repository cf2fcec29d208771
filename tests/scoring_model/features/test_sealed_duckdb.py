"""The SQL of a version can neither read nor write files: in batch, in training, in the server."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from scoring_model.errors import FeatureError
from scoring_model.features.applicant_engine import ApplicantEngine
from scoring_model.features.duckdb_engine import compute_features, write_rows
from scoring_model.features.feature_sql import APPLICATION, FeatureSql, History
from scoring_model.features.sealed_duckdb import open_duckdb, open_sealed
from train.data.history_features import join_histories, write_features
from train.errors import InputError
from train.portfolio import load_portfolio

pytestmark = pytest.mark.hostile("SQL of a version that reads or writes files")

COPY = "COPY (SELECT 1 AS a) TO"
# `{folder}` is the folder of the tables, `{output}` the file that batch scoring writes
ATTACKS = [
    *(
        f"{COPY} '{{folder}}/evil.csv'",
        f"{COPY} '{{output}}'",
        f"{COPY} '{{folder}}/loans.parquet'",
    ),
    f"WITH x AS ({COPY} '{{folder}}/evil.csv') SELECT id, 1 AS a FROM loans GROUP BY id",
    f"WITH x AS ({COPY} '{{output}}') SELECT id, 1 AS a FROM loans GROUP BY id",
    f"CREATE TABLE t AS WITH x AS ({COPY} '{{folder}}/evil.csv') SELECT 1 AS a",
    f"EXPLAIN ANALYZE {COPY} '{{folder}}/evil.csv'",
    f"PREPARE later AS {COPY} '{{folder}}/evil.csv'",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql("
    "'WITH x AS (CO'||'PY (SELECT 1 AS a) TO ''{folder}/evil.csv'') SELECT 1'))",
    "SELECT * FROM \"json_execute_serialized_sql\"(json_serialize_sql('SELECT 1'))",
    "COPY loans FROM '{folder}/secret.txt'",
    "SELECT 1 AS id, content AS a FROM read_text('{folder}/secret.txt')",
    "SELECT 1 AS id, content AS a FROM read_blob('{folder}/secret.txt')",
    "SELECT 1 AS id, * FROM read_csv('{folder}/secret.txt')",
    "SELECT 1 AS id, * FROM read_json('{folder}/secret.txt')",
    "SELECT * FROM read_parquet('{folder}/loans.parquet')",
    "SELECT * FROM '{folder}/loans.parquet'",
    "SELECT * FROM parquet_metadata('{folder}/loans.parquet')",
    "SELECT * FROM sniff_csv('{folder}/secret.txt')",
    "SELECT 1 AS id, * FROM glob('{folder}/*')",
    "SELECT 1 AS id, * FROM read_text('https://127.0.0.1:9/secret')",
    "SELECT * FROM query('SELECT * FROM read_text(''{folder}/secret.txt'')')",
    "CREATE VIEW v AS SELECT * FROM read_text('{folder}/secret.txt')",
    "CREATE TEMP TABLE t AS SELECT * FROM read_text('{folder}/secret.txt')",
    "CREATE MACRO m() AS TABLE SELECT * FROM read_text('{folder}/secret.txt'); SELECT * FROM m()",
    *("ATTACH '{folder}/evil.db'", "ATTACH ':memory:' AS other", "ATTACH '{folder}/evil.db' AS o"),
    *("EXPORT DATABASE '{folder}/evil'", "IMPORT DATABASE '{folder}'"),
    *("INSTALL httpfs", "LOAD httpfs", "LOAD '{folder}/evil.duckdb_extension'", "INSTALL json"),
    *("SET threads = 2", "RESET memory_limit", "SET enable_external_access = true"),
    *("SET allowed_paths = ['{folder}/secret.txt']", "PRAGMA profiling_output = '{folder}/evil'"),
    *("PRAGMA enable_profiling = 'json'", "SET lock_configuration = false", "SET VARIABLE a = 1"),
    "CALL enable_logging(storage = 'file', storage_path = '{folder}/evil')",
    "SELECT * FROM enable_logging(storage = 'file', storage_path = '{folder}/evil')",
    *("CREATE SECRET s (TYPE http)", "CREATE PERSISTENT SECRET s (TYPE http)"),
    *("SELECT getenv('HOME') AS a", "SELECT * FROM pandas_scan(1)"),
    *("DELETE FROM loans", "DROP TABLE loans", "CHECKPOINT", "USE memory", "BEGIN", "VACUUM"),
    "CREATE /* x */ SECRET s (TYPE http)",
]
COUNT = "SELECT id, count(*) AS loans_count FROM loans GROUP BY id"
OUTPUT = "finished.parquet"
PORTFOLIO = """
[portfolio]
name = "small"
description = "two applicants"
source = "application.parquet"
key = "id"
target = "target"

[split]
method = "random"
test_size = 0.5
seed = 0

[[history]]
table = "loans"
features = "loans.sql"
"""


def features_of(sql: str) -> FeatureSql:
    loans = History("loans", sql, {"id": "BIGINT", "debt": "DOUBLE"})
    return FeatureSql("id", (History(APPLICATION, "", {"id": "BIGINT"}), loans))


def run_in_server(_: Path, sql: str) -> float | None:
    loans = [{"id": 1, "debt": 2.5}, {"id": 1, "debt": 3.0}]
    one: dict[str, list[dict[str, Any]]] = {APPLICATION: [{"id": 1}], "loans": loans}
    return ApplicantEngine(features_of(sql)).compute(one)["loans_count"]


def run_in_batch(folder: Path, sql: str) -> float:
    write_features(features_of(sql), folder, folder / OUTPUT, "100MB")
    return float(pd.read_parquet(folder / OUTPUT)["loans_count"][0])


def run_in_training(folder: Path, sql: str) -> float:
    (folder / "loans.sql").write_text(sql)
    frame = join_histories(load_portfolio(folder / "portfolio.toml"), "100MB").frame
    return float(frame["loans_count"][0])


RUNS = (run_in_server, run_in_batch, run_in_training)
Run = Callable[[Path, str], float | None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame({"id": [1, 2], "target": [0, 1]}).to_parquet(tmp_path / "application.parquet")
    pd.DataFrame({"id": [1, 1], "debt": [2.5, 3.0]}).to_parquet(tmp_path / "loans.parquet")
    (tmp_path / "secret.txt").write_text("hidden\n1\n")
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    (tmp_path / "loans.sql").touch()
    return tmp_path


def contents(folder: Path) -> dict[Path, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != "loans.sql")
    return {file: file.read_bytes() for file in files}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_sql_that_reaches_out_is_refused(folder: Path, run: Run, attack: str) -> None:
    before = contents(folder)
    sql = attack.format(folder=folder, output=folder / OUTPUT)
    with pytest.raises((FeatureError, InputError), match="features of loans: ") as caught:
        run(folder, f"{COUNT};\n{sql};")
    # an error of training or batch begins with the user's own portfolio or folder
    message = str(caught.value).partition("features of loans: ")[2]
    assert "\n" not in message
    assert str(folder) not in message
    assert "hidden" not in message
    after = contents(folder)
    # batch scoring may leave the output that it had begun; it is never read
    after.pop(folder / OUTPUT, None)
    assert after == before


@pytest.mark.parametrize("run", RUNS)
def test_views_and_macros_compute_the_same_everywhere(folder: Path, run: Run) -> None:
    sql = (
        "CREATE OR REPLACE TEMP MACRO twice(x) AS x * 2;"
        "CREATE TEMPORARY VIEW known AS SELECT * FROM loans WHERE debt > 2;"
        "SELECT id, twice(count(*)) AS loans_count FROM known GROUP BY id;"
    )
    assert run(folder, sql) == 4.0


def test_variables_of_python_are_no_tables() -> None:
    secret_frame = pd.DataFrame({"id": [1], "a": [1]})
    with closing(open_sealed("100MB")) as database, pytest.raises(duckdb.CatalogException):
        database.execute("SELECT * FROM secret_frame")
    assert len(secret_frame) == 1


def test_data_beyond_the_memory_go_to_the_folder_and_the_output_is_written(tmp_path: Path) -> None:
    columns = ", ".join(f"random() AS c{number}" for number in range(20))
    names = [f"c{number}" for number in range(20)]
    features = FeatureSql(
        "id", (History(APPLICATION, "", dict.fromkeys(["id", *names], "DOUBLE")),)
    )
    rows = f"(SELECT range AS id, {columns} FROM range(1_000_000))"
    output = str(tmp_path / "it's written.parquet")
    with open_duckdb("100MB", str(tmp_path), output) as databases:
        query = compute_features(databases, features, {APPLICATION: rows}, print)
        assert any((tmp_path / "spill").iterdir())
        write_rows(databases.sealed, query, output)
    assert pq.read_metadata(output).num_rows == 1_000_000


def test_without_a_folder_nothing_goes_to_disk() -> None:
    with closing(open_sealed("100MB")) as database:
        assert database.execute("SELECT current_setting('temp_directory')").fetchall() == [("",)]
        with pytest.raises(duckdb.OutOfMemoryException):
            database.execute("CREATE TABLE t AS SELECT random() AS a FROM range(50_000_000)")
