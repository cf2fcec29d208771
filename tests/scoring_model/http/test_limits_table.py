"""Each limit of the settings is tried at its value and beyond it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring_model.settings import VARIABLES
from tests.scoring_model.http.bombs import as_body
from tests.scoring_model.http.bulk import test_bulk, test_pool
from tests.scoring_model.http.guard import test_keys_over_http
from tests.scoring_model.http.protocol import test_limits
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, start_server
from tests.scoring_model.telemetry import test_telemetry

JSON = {"Content-Type": "application/json"}
Request = dict[str, Any]


def with_bytes(count: int) -> Request:
    body = as_body(EXAMPLE)
    return {"url": "/predict", "content": body.ljust(count), "headers": JSON}


def with_rows(count: int) -> Request:
    return {"url": "/predict", "json": [EXAMPLE] * count}


def with_explained_rows(count: int) -> Request:
    return {"url": "/predict?explain=true", "json": [EXAMPLE] * count}


def with_columns(count: int) -> Request:
    more = (f"extra_{number}" for number in range(count - len(EXAMPLE)))
    # each record alone has one unknown field
    records = [EXAMPLE, *(EXAMPLE | {name: 0} for name in more)]
    return {"url": "/invocations", "json": {"dataframe_records": records}}


def with_unpacked_bytes(count: int) -> Request:
    # half of the bytes first, to see how many the file needs besides the text
    _, first = _write_parquet(count // 2)
    body, unpacked = _write_parquet(count // 2 + count - first)
    assert unpacked == count
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    return {"url": "/invocations", "content": body, "headers": headers}


def _write_parquet(length: int) -> tuple[bytes, int]:
    """Return a file with a text of this length, and the bytes that its footer announces."""
    buffer = io.BytesIO()
    row = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in EXAMPLE.items()
    }
    table = pa.Table.from_pylist([row | {"purpose": "a" * length}])
    pq.write_table(table, buffer, compression="none", use_dictionary=False, write_statistics=False)
    group = pq.ParquetFile(buffer).metadata.row_group(0)
    sizes = (group.column(place).total_uncompressed_size for place in range(group.num_columns))
    return buffer.getvalue(), sum(sizes)


# a small value of the limit, and a request that has so much of it
TRIES: dict[str, tuple[int, Callable[[int], Request]]] = {
    "MAX_BODY_BYTES": (200_000, with_bytes),
    "MAX_ROWS": (50, with_rows),
    "MAX_EXPLAINED_ROWS": (5, with_explained_rows),
    "MAX_COLUMNS": (40, with_columns),
    "MAX_UNPACKED_BYTES": (100_000, with_unpacked_bytes),
}
TRIED_ELSEWHERE: dict[str, Callable[..., None]] = {
    "MODEL_LOAD_SECONDS": test_pool.test_a_version_that_takes_too_long_to_load_is_refused,
    "WRONG_KEYS_PER_MINUTE": (
        test_keys_over_http.test_wrong_keys_are_counted_and_refused_but_right_keys_are_not
    ),
    "MAX_PENDING_BYTES": (
        test_bulk.test_large_bodies_that_do_not_fit_are_refused_until_there_is_room
    ),
    "MAX_BULK_MEMORY_BYTES": (
        test_bulk.test_a_page_that_unpacks_to_more_memory_than_allowed_is_refused
    ),
    "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": (
        test_telemetry.test_a_slow_request_is_cancelled_and_its_thread_is_free_again
    ),
    "MAX_CONNECTIONS": test_limits.test_the_connection_that_is_silent_longest_makes_room,
    "MAX_HEADER_BYTES": test_limits.test_the_limits_of_a_head_are_exact,
    "MAX_HEADERS": test_limits.test_the_limits_of_a_head_are_exact,
    "HEADER_SECONDS": test_limits.test_a_head_that_does_not_end_gets_408,
    "KEEP_ALIVE_SECONDS": test_limits.test_a_kept_connection_is_closed_after_a_while,
}


@pytest.fixture(scope="module")
def small(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with small limits."""
    limits = {name: str(limit) for name, (limit, _) in TRIES.items()}
    with start_server(model_folder, tmp_path_factory.mktemp("small"), limits) as running:
        yield running


@pytest.mark.hostile("one more than each limit allows")
@pytest.mark.parametrize("name", TRIES)
def test_a_limit_is_exact_and_what_is_beyond_it_ends_as_the_table_says(
    name: str, small: Server
) -> None:
    limit, make_request = TRIES[name]
    answer = small.http.post(**make_request(limit))
    assert answer.status_code == 200
    assert "connection" not in answer.headers
    beyond = VARIABLES[name].beyond
    answer = small.http.post(**make_request(limit + 1))
    assert f"Status {answer.status_code}" in beyond
    assert name in answer.json()["error"]["message"]


def test_every_limit_is_tried_once() -> None:
    tried = [*TRIES, *TRIED_ELSEWHERE]
    assert sorted(tried) == sorted(name for name, limit in VARIABLES.items() if limit.beyond)
