"""Large requests over HTTP: they are limited and stopped, and disturb nobody."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from scoring_model.http.routes import load_serving
from scoring_model.http.routes.invocations import invoke_mlflow
from scoring_model.settings import ServerSettings
from tests.scoring_model.http.bombs import (
    as_body,
    list_bomb,
    lying_rows,
    lying_text,
    unknown_columns,
)
from tests.scoring_model.http.routes.test_invocations import frame, to_parquet
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.planted_histories import plant_small
from tests.scoring_model.processes import Server, start_server, wait_until

ROWS = make_rows(make_contract(), 1000, seed=21)
PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
JSON = {"Content-Type": "application/json"}
DEADLINE_SECONDS = 60.0
# the result grows with the square of a debt, without taking memory
SLOW_SQL = """
SELECT a.id, CAST(count(*) AS DOUBLE) AS debt_sum -- Debt
FROM (SELECT id, unnest(range(CAST(debt AS BIGINT))) FROM loans) AS a
JOIN (SELECT id, unnest(range(CAST(debt AS BIGINT))) FROM loans) AS b ON a.id = b.id
GROUP BY a.id;
"""
QUICK_LOAN, SLOW_LOAN = {"debt": 1.0, "status": "due"}, {"debt": 1e7, "status": "due"}


def children(server: Server) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(server.process.pid).children()
    return found


def ignores_the_end(process: psutil.Process) -> bool:
    """Return whether a process ignores SIGTERM, as it does once it is ready to start."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    ignored = re.search(r"^SigIgn:\s*(\S+)", status, re.MULTILINE)
    assert ignored is not None
    return bool(int(ignored[1], 16) >> (signal.SIGTERM - 1) & 1)


def has_ended(process: psutil.Process) -> bool:
    """Return whether a killed process can be reaped: all its threads have ended too."""
    threads = list(Path(f"/proc/{process.pid}/task").iterdir())
    return process.status() == psutil.STATUS_ZOMBIE and len(threads) == 1


def bulk_requests(server: Server, state: str) -> int:
    metrics = server.http.get("/metrics").text
    found = re.search(rf'^scoring_bulk_requests{{state="{state}"}} (\S+)$', metrics, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def send(server: Server, body: bytes, path: str, headers: dict[str, str]) -> httpx.Response:
    with server.another_client() as client:
        return client.post(path, content=body, headers=headers)


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def explain_later(
    server: Server, threads: ThreadPoolExecutor, requests: int
) -> list[Future[httpx.Response]]:
    body = as_body(ROWS)
    return [
        threads.submit(send, server, body, "/predict?explain=true&top=all", JSON)
        for _ in range(requests)
    ]


@pytest.mark.hostile("a Parquet file of 10 KB that unpacks to gigabytes")
def test_a_parquet_bomb_is_refused_before_it_is_unpacked(server: Server) -> None:
    body = list_bomb()
    assert len(body) < 20_000
    answer = server.http.post("/invocations", content=body, headers=PARQUET)
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == [
        {"row": 0, "field": "amount_00", "problem": "must be a number"}
    ]


@pytest.mark.hostile("a Parquet footer that says 1 row over 3 million")
def test_rows_that_the_footer_hides_are_counted_while_they_are_read(server: Server) -> None:
    answer = server.http.post("/invocations", content=lying_rows(), headers=PARQUET)
    assert answer.status_code == 413
    assert "MAX_ROWS" in answer.json()["error"]["message"]


@pytest.mark.hostile("a Parquet page that unpacks to more than its footer says")
def test_a_page_that_unpacks_to_more_memory_than_allowed_is_refused(
    model_folder: Path, tmp_path: Path
) -> None:
    environment = {"MAX_BULK_MEMORY_BYTES": "100000000"}
    with start_server(model_folder, tmp_path, environment) as server:
        body = lying_text(300_000_000)
        assert len(body) < 100_000
        for _ in range(3):
            answer = server.http.post("/invocations", content=body, headers=PARQUET)
            assert answer.status_code == 413
            message = answer.json()["error"]["message"]
            assert "100000000 bytes of memory (MAX_BULK_MEMORY_BYTES)" in message
            assert server.http.post("/predict", json=ROWS).status_code == 200
        assert len(children(server)) <= 2


@pytest.mark.hostile("records with 100 unknown columns each")
def test_unknown_columns_are_dropped_and_stand_in_no_log(server: Server) -> None:
    rows = unknown_columns(10_000, 100, 100)
    for some in (rows[:3], rows[:200]):
        expected = server.http.post("/predict", json=[EXAMPLE] * len(some)).json()
        answer = server.http.post("/invocations", json={"dataframe_records": some})
        assert answer.json()["predictions"] == expected
    body = as_body({"dataframe_records": [row | dict.fromkeys(EXAMPLE) for row in rows[:4000]]})
    assert server.http.post("/invocations", content=body, headers=JSON).status_code == 400
    header = [*EXAMPLE, "secret_1", "secret_2"]
    values = [*EXAMPLE.values(), 1, "x"]
    columns = {name: [value] for name, value in zip(header, values, strict=True)}
    small: dict[str, Any] = {
        "dataframe_split": {"columns": header, "data": [values]},
        "inputs": columns,
        "instances": rows[:1],
    }
    for kind, content in small.items():
        assert server.http.post("/invocations", json={kind: content}).status_code == 200
    assert "secret_" not in server.read_log()


@pytest.mark.hostile("a body with a million problems")
def test_predict_counts_a_million_problems_and_shows_a_hundred(server: Server) -> None:
    rows = [dict.fromkeys((f"x{place}" for place in range(90)), 0)] * 10_000
    answer = server.http.post("/predict", content=as_body(rows), headers=JSON)
    assert answer.status_code == 400
    error = answer.json()["error"]
    # the required fields are missing too
    required = sum(not feature.nullable for feature in make_contract().features)
    assert f"(and {10_000 * (90 + required) - 1} more)" in error["message"]
    assert len(error["fields"]) == 100
    assert {field["row"] for field in error["fields"]} == {0, 1}


@pytest.mark.hostile("a table with too many columns, in every format")
@pytest.mark.parametrize("kind", ["predict", "records", "split", "inputs", "csv", "parquet"])
def test_every_format_has_a_limit_of_columns(narrow: Server, kind: str) -> None:
    import pandas as pd

    names = [*EXAMPLE, *(f"extra_{number}" for number in range(30))]
    row = dict.fromkeys(names, 0) | EXAMPLE
    table = pd.DataFrame([row])
    requests: dict[str, dict[str, Any]] = {
        # no record alone has too many
        "predict": {"json": [EXAMPLE | {name: 0} for name in names]},
        "records": {"json": {"dataframe_records": [EXAMPLE | {name: 0} for name in names]}},
        "split": {"json": {"dataframe_split": {"columns": names, "data": [list(row.values())]}}},
        "inputs": {"json": {"inputs": {name: [value] for name, value in row.items()}}},
        "csv": {"content": table.to_csv(index=False), "headers": {"Content-Type": "text/csv"}},
        "parquet": {"content": to_parquet(table), "headers": PARQUET},
    }
    path = "/predict" if kind == "predict" else "/invocations"
    answer = narrow.http.post(path, **requests[kind])
    assert answer.status_code == 413
    expected = "a request must have at most 40 columns or different fields (MAX_COLUMNS)"
    assert answer.json()["error"]["message"] == expected


@pytest.fixture(scope="module")
def narrow(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with small limits."""
    limits = {"MAX_COLUMNS": "40", "MAX_PENDING_BYTES": "100000"}
    with start_server(model_folder, tmp_path_factory.mktemp("narrow"), limits) as running:
        yield running


@pytest.mark.hostile("large bodies that fill the memory together")
def test_large_bodies_that_do_not_fit_are_refused_until_there_is_room(narrow: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    body = as_body(ROWS[:100])
    assert 40_000 < len(body) < 100_000
    with socket.create_connection(narrow.address) as slow:
        slow.sendall(head + b"Content-Length: 70000\r\n\r\n[")
        # a byte takes no more room than a byte
        assert send(narrow, body, "/predict", JSON).status_code == 200
        slow.sendall(69_000 * b" ")
        answer = wait_until(
            lambda: (
                found
                if (found := send(narrow, body, "/predict", JSON)).status_code == 503
                else None
            )
        )
        assert answer.json()["error"]["code"] == "busy"
        assert "MAX_PENDING_BYTES" in answer.json()["error"]["message"]
        assert answer.headers["retry-after"] == "1"
        # small bodies are answered
        assert narrow.http.post("/predict", json=ROWS[:3]).status_code == 200
    wait_until(lambda: send(narrow, body, "/predict", JSON).status_code == 200)


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 10_000):
        yield body[start : start + 10_000]


@pytest.mark.hostile("large bodies that fill the memory together")
def test_a_body_in_chunks_is_counted_while_it_is_read(narrow: Server) -> None:
    body = as_body(ROWS[:300])
    assert len(body) > 100_000
    answer = narrow.http.post("/predict", content=in_chunks(body), headers=JSON)
    assert answer.json()["error"]["code"] == "busy"


@pytest.mark.hostile("explained arrays that keep all processes busy")
def test_metrics_and_probes_do_not_wait_for_large_requests(
    server: Server, threads: ThreadPoolExecutor
) -> None:
    later = explain_later(server, threads, 4)
    wait_until(lambda: bulk_requests(server, "running") == 2)
    wait_until(lambda: bulk_requests(server, "waiting") >= 1)
    for path in ("/ping", "/ready", "/metrics"):
        assert server.http.get(path).status_code == 200
    assert server.http.post("/predict", json=EXAMPLE).status_code == 200
    assert not all(each.done() for each in later)
    assert [each.result().status_code for each in later] == [200] * 4
    wait_until(lambda: bulk_requests(server, "running") == 0)
    assert bulk_requests(server, "waiting") == 0
    assert len(children(server)) == 2


@pytest.mark.hostile("a body that kills the process that answers it")
def test_a_child_that_crashes_is_replaced(server: Server, threads: ThreadPoolExecutor) -> None:
    idle = children(server)
    for child in idle:
        child.kill()
    wait_until(lambda: all(map(has_ended, idle)))
    assert server.http.post("/predict", json=ROWS).status_code == 200
    later = explain_later(server, threads, 1)
    wait_until(lambda: bulk_requests(server, "running") == 1)
    for child in children(server):
        child.kill()
    assert later[0].result().status_code == 413
    wait_until(lambda: children(server) and bulk_requests(server, "running") == 0)
    assert server.http.post("/predict", json=ROWS).status_code == 200


@pytest.mark.hostile("a stop while large requests are answered")
def test_the_children_end_with_the_server(
    model_folder: Path, tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    with start_server(model_folder, tmp_path) as server:
        later = explain_later(server, threads, 2)
        wait_until(lambda: bulk_requests(server, "running") == 2)
        running = children(server)
        assert len(running) == 2
        wait_until(lambda: all(map(ignores_the_end, running)))
        # a signal to all processes ends neither them nor their requests
        for child in running:
            child.terminate()
        server.process.terminate()
        assert [each.result().status_code for each in later] == [200, 200]
        server.process.wait(DEADLINE_SECONDS)
    wait_until(lambda: not any(child.is_running() for child in running))


@pytest.mark.hostile("SQL of a version that goes on for ever")
def test_a_killed_server_leaves_no_work_behind(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    body = as_body({"application": {"income": 1.0, "purpose": "car"}, "loans": [SLOW_LOAN]})
    # the alarm of the process comes much later than the end of this test
    environment = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "3600"}
    with start_server(plant_small(tmp_path, SLOW_SQL), tmp_path, environment) as server:
        later = threads.submit(send, server, body, "/predict", JSON)
        wait_until(lambda: bulk_requests(server, "running") == 1)
        working = children(server)
        time.sleep(1.0)
        server.process.kill()
        wait_until(lambda: not any(child.is_running() for child in working))
        assert isinstance(later.exception(), httpx.TransportError)


@pytest.mark.hostile("SQL of a version that goes on for ever")
def test_slow_sql_is_stopped_and_does_not_fill_the_pool(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    def post(loan: dict[str, Any]) -> int:
        body = {"application": {"income": 1.0, "purpose": "car"}, "loans": [loan]}
        return send(server, as_body(body), "/predict", JSON).status_code

    environment = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "2"}
    model = plant_small(tmp_path, SLOW_SQL)
    with start_server(model, tmp_path, environment) as server:
        assert post(QUICK_LOAN) == 200
        assert list(threads.map(post, [SLOW_LOAN] * 5)) == [504] * 5
        wait_until(lambda: post(QUICK_LOAN) == 200)
        # a caller gets the 504 before the process that worked for it has ended
        wait_until(lambda: bulk_requests(server, "running") + bulk_requests(server, "waiting") == 0)
        assert len(children(server)) <= 2


def test_small_and_large_bodies_get_the_bytes_of_mlflow(model_folder: Path, server: Server) -> None:
    import asyncio

    import pandas as pd

    from scoring_model.http.answers import RequestLimits
    from scoring_model.version import TimedScoring

    serving = load_serving(str(model_folder), ServerSettings(str(model_folder)), None)
    limits = RequestLimits.from_settings(ServerSettings(""))
    names = list(make_contract().names)

    def ask(media_type: str, body: bytes) -> bytes:
        scope = {"type": "http", "method": "POST", "path": "/invocations", "query_string": b""}
        scoring = TimedScoring(time.monotonic() + DEADLINE_SECONDS)
        arguments = (serving, scope, media_type, body, limits, scoring)
        return asyncio.run(invoke_mlflow(*arguments)).body

    try:
        for rows in (ROWS[:0], ROWS[:20], ROWS):
            cells = [[row.get(name) for name in names] for row in rows]
            columns = {name: [row.get(name) for row in rows] for name in names}
            texts = pd.DataFrame(cells, columns=names).to_csv(index=False).encode()
            bodies = {
                kind: as_body({kind: content})
                for kind, content in (
                    ("dataframe_records", rows),
                    ("instances", rows),
                    ("inputs", columns),
                    ("dataframe_split", {"columns": names, "data": cells}),
                )
            }
            asked = [("application/json", body) for body in bodies.values()]
            for media_type, body in [*asked, ("text/csv", texts)]:
                answer = send(server, body, "/invocations", {"Content-Type": media_type})
                assert answer.content == ask(media_type, body)
                assert answer.headers["content-type"] == "application/json"
            parquet = send(server, to_parquet(frame(_texts(rows))), "/invocations", PARQUET)
            expected = ask("application/json", as_body({"dataframe_records": _texts(rows)}))
            assert parquet.content == expected
    finally:
        serving.bulk.close()


def _texts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: str(v).lower() if isinstance(v, bool) else v for k, v in r.items()} for r in rows]
