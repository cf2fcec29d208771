"""Metrics, the request log, readiness, limits, and the stop of the server."""

import hashlib
import json
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scoring_model.errors import ArtifactError, ScoringError
from scoring_model.telemetry.metric_names import REFUSAL_CAUSES
from scoring_model.version import load_scorer
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.processes import Server, start_server, wait_until

ROWS = make_rows(make_contract(), 50, seed=21)


def codes_of(error: type[ScoringError]) -> set[str]:
    return {error.code}.union(*map(codes_of, error.__subclasses__()))


def test_every_error_of_a_request_for_decisions_has_a_counter() -> None:
    # another path, and what ends a request before its path is known
    elsewhere = {"not_found", "head_too_slow", "head_too_large", "expectation_failed"}
    assert codes_of(ScoringError) == {*REFUSAL_CAUSES, *elsewhere}


@pytest.fixture
def fresh(model_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """Start a server whose counters begin at 0, with small limits."""
    environment = {"MAX_ROWS": "100", "MAX_BODY_BYTES": "100000", "MAX_EXPLAINED_ROWS": "2"}
    with start_server(model_folder, tmp_path, environment) as running:
        yield running


@pytest.fixture
def two_workers(model_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """Start a server of two workers, which share a folder for their metrics."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    with start_server(model_folder, tmp_path, environment, ("--workers", "2")) as running:
        while len([e for e in events(running) if e["event"] == "loaded"]) < 2:
            time.sleep(0.1)
        yield running


def samples(server: Server) -> dict[Any, float]:
    answer = server.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found: dict[Any, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != "model_version"}
            found[sample.name, *sorted(labels.values())] = sample.value
    return found


def events(server: Server) -> list[dict[str, Any]]:
    """Return the lines of the log, when all lines up to now are written."""
    lines = server.read_log().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def ask_everything(server: Server) -> list[Any]:
    answers = [server.http.post("/predict", json=row).json() for row in ROWS[:20]]
    answers += server.http.post("/predict", json=ROWS).json()
    body = {"dataframe_records": [EXAMPLE | {"region": "Atlantis"}, EXAMPLE]}
    answers += server.http.post("/invocations", json=body).json()["predictions"]
    answers.append(server.http.post("/predict", json=EXAMPLE | {"region": "Atlantis"}).json())
    for _ in range(3):
        assert server.http.post("/predict", json={}).status_code == 400
    server.http.get("/such/a/path")
    return answers


def check_counts(found: dict[Any, float], answers: list[Any]) -> None:
    accepted = sum(answer["score"] for answer in answers)
    assert found["scoring_requests_total", "/predict", "200"] == 22
    assert found["scoring_requests_total", "/predict", "400"] == 3
    assert found["scoring_requests_total", "/invocations", "200"] == 1
    assert found["scoring_requests_total", "404", "other"] == 1
    assert found["scoring_rows_total",] == len(answers) == 73
    assert found["scoring_decisions_total", "accepted"] == accepted
    assert found["scoring_decisions_total", "refused"] == len(answers) - accepted
    assert found["scoring_unseen_categories_total", "region"] == 2
    assert found["scoring_unseen_categories_total", "purpose"] == 0
    assert found["scoring_request_seconds_count", "/predict"] == 25
    assert found["scoring_probability_of_default_bucket", "+Inf"] == len(answers)
    low = sum(answer["probability"] <= 0.1 for answer in answers)
    assert found["scoring_probability_of_default_bucket", "0.1"] == low
    total = sum(answer["probability"] for answer in answers)
    assert found["scoring_probability_of_default_sum",] == pytest.approx(total)
    assert 0 <= found["scoring_model_age_seconds",] < 300


def test_metrics_count_all_requests_and_decisions(fresh: Server) -> None:
    answers = ask_everything(fresh)
    check_counts(samples(fresh), answers)


def test_metrics_are_right_with_two_workers(two_workers: Server) -> None:
    before = samples(two_workers)
    assert ("scoring_rows_total",) not in before or before["scoring_rows_total",] == 0
    sent = 0
    # each client opens a connection, and either worker may accept it
    while sent < 30 or len(answering(two_workers)) < 2:
        with two_workers.another_client() as http:
            assert http.post("/predict", json=ROWS[sent % len(ROWS)]).status_code == 200
        sent += 1
        assert sent < 5000
    for _ in range(5):
        with two_workers.another_client() as http:
            text = http.get("/metrics").text
        assert f'scoring_requests_total{{route="/predict",status="200"}} {sent}.0' in text


def answering(server: Server) -> set[str]:
    """Return the beginnings of the ids that the workers gave to requests to `/predict`."""
    asked = [e for e in events(server) if e.get("route") == "/predict"]
    return {e["request_id"].split("-")[0] for e in asked}


def test_each_request_has_one_log_line_without_any_value(fresh: Server) -> None:
    secret = "Jean-Secret-Dupont"
    fresh.http.post("/predict", json=EXAMPLE, headers={"X-Request-ID": "mine-1"})
    fresh.http.post("/predict", json=[EXAMPLE, EXAMPLE])
    fresh.http.post("/predict", json=EXAMPLE | {"amount_01": secret, secret: 1})
    fresh.http.post("/invocations", json={"dataframe_records": [{"amount_00": secret}]})
    fresh.http.get(f"/{secret}?name={secret}")
    answer = fresh.http.get("/version", headers={"X-Request-ID": f"{secret} {secret}"})
    assert answer.headers["x-request-id"] != f"{secret} {secret}"
    lines = [e for e in events(fresh) if e["event"] == "request" and e["route"] != "/ping"]
    shown = [(e["method"], e["route"], e["status"], e["rows"]) for e in lines]
    assert shown == [
        ("POST", "/predict", 200, 1),
        ("POST", "/predict", 200, 2),
        ("POST", "/predict", 400, 0),
        ("POST", "/invocations", 400, 0),
        ("GET", "other", 404, 0),
        ("GET", "/version", 200, 0),
    ]
    assert lines[0]["request_id"] == "mine-1"
    assert lines[0]["model_version"]
    assert 0 < lines[0]["milliseconds"] < 60_000
    assert len({e["request_id"] for e in lines}) == len(lines)
    assert secret not in fresh.read_log()


def test_an_error_about_a_limit_names_the_limit(fresh: Server) -> None:
    for path, many in (
        ("/predict", ROWS * 3),
        ("/invocations", {"dataframe_records": ROWS * 3}),
    ):
        answer = fresh.http.post(path, json=many)
        assert answer.status_code == 413
        assert "100" in answer.json()["error"]["message"]
        answer = fresh.http.post("/predict?explain=true", json=ROWS[:3])
        assert answer.status_code == 413
        assert "MAX_EXPLAINED_ROWS" in answer.json()["error"]["message"]
        large = b'{"a": "' + b"x" * 100_000 + b'"}'
        headers = {"Content-Type": "application/json"}
        for content in (large, iter([large[:50_000], large[50_000:]])):
            answer = fresh.http.post(path, content=content, headers=headers)
            assert answer.status_code == 413
            assert "100000" in answer.json()["error"]["message"]


@pytest.mark.hostile("a request that takes longer than it may")
def test_a_slow_request_is_cancelled_and_its_thread_is_free_again(
    model_folder: Path, tmp_path: Path
) -> None:
    environment = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "1", "MAX_EXPLAINED_ROWS": "10000"}
    with start_server(model_folder, tmp_path, environment) as running:
        many = make_rows(make_contract(), 200, seed=3) * 50
        statuses = []
        threads = [
            threading.Thread(target=lambda: statuses.append(explain_all(running, many)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [504] * 6
        assert running.http.post("/predict?explain=true", json=EXAMPLE).status_code == 200
        # on a busy machine a new process may take longer to start than the request may
        wait_until(lambda: running.http.post("/predict", json=many[:2000]).status_code == 200)


@pytest.mark.hostile("explained arrays that keep all processes busy")
def test_metrics_are_answered_while_large_requests_keep_all_threads_busy(
    model_folder: Path, tmp_path: Path
) -> None:
    environment = {"MAX_EXPLAINED_ROWS": "10000"}
    with start_server(model_folder, tmp_path, environment) as running:
        many = make_rows(make_contract(), 200, seed=3) * 5
        threads = [threading.Thread(target=explain_all, args=(running, many)) for _ in range(8)]
        for thread in threads:
            thread.start()
        answered = 0
        while all(thread.is_alive() for thread in threads[2:]):
            assert running.http.get("/metrics").status_code == 200
            answered += 1
        for thread in threads:
            thread.join()
    assert answered >= 2


def explain_all(server: Server, rows: Any) -> int:
    with server.another_client() as http:
        return int(http.post("/predict?explain=true&top=all", json=rows).status_code)


@pytest.mark.hostile("a body that trickles in and never ends")
def test_a_request_whose_body_never_ends_is_cancelled(model_folder: Path, tmp_path: Path) -> None:
    environment = {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "1"}
    with start_server(model_folder, tmp_path, environment) as running:
        with socket.create_connection(running.address, timeout=20) as connection:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
            assert connection.recv(4096).startswith(b"HTTP/1.1 504")
        assert running.http.post("/predict", json=EXAMPLE).status_code == 200


@pytest.mark.hostile("a large array beside single applicants")
def test_a_large_array_does_not_delay_single_applicants(server: Server) -> None:
    many = make_rows(make_contract(), 1000, seed=3) * 10
    with server.another_client() as http:
        thread = threading.Thread(target=lambda: http.post("/predict", json=many))
        thread.start()
        answered = 0
        while thread.is_alive():
            assert server.http.post("/predict", json=EXAMPLE).status_code == 200
            answered += 1
        thread.join()
    assert answered >= 3


@pytest.mark.hostile("a stop while large requests are answered")
def test_after_sigterm_open_requests_are_answered_before_the_server_ends(
    model_folder: Path, tmp_path: Path
) -> None:
    body = json.dumps(make_rows(make_contract(), 100, seed=3)).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/json\r\nConnection: close\r\n\r\n"
    with (
        start_server(model_folder, tmp_path) as running,
        socket.create_connection(running.address, timeout=10) as caller,
    ):
        caller.sendall(head.encode() + body[: len(body) // 2])
        # when the server answers this later request, it has read the first half
        assert running.http.get("/ping").status_code == 200
        running.process.send_signal(signal.SIGTERM)
        while is_listening(running.address):
            time.sleep(0.01)
        caller.sendall(body[len(body) // 2 :])
        answer = b"".join(iter(lambda: caller.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert len(json.loads(answer.partition(b"\r\n\r\n")[2])) == 100
        # a platform kills the process after ten seconds
        assert running.process.wait(10) is not None


def is_listening(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.hostile("a version or a copy whose files were altered")
@pytest.mark.parametrize("name", ["booster.txt", "policy.json", "contract.json", "example.json"])
def test_an_altered_or_missing_file_is_refused_by_name(
    model_folder: Path, tmp_path: Path, name: str
) -> None:
    folder = Path(shutil.copytree(model_folder / "artifacts" / "scorer", tmp_path / "scorer"))
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=name):
        load_scorer(folder)
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        load_scorer(folder)


@pytest.mark.hostile("a version or a copy whose files were altered")
def test_an_altered_version_is_not_served(model_folder: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    booster = model / "artifacts" / "scorer" / "booster.txt"
    booster.write_text(booster.read_text().replace("leaf_value=0", "leaf_value=1", 1) + " ")
    check_not_ready(model, tmp_path, "booster.txt")


@pytest.mark.hostile("a version that does not give its logged answer")
def test_a_version_that_scores_its_example_differently_is_not_ready(
    model_folder: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    scorer = model / "artifacts" / "scorer"
    example = json.loads((scorer / "example.json").read_text())
    example["answer"]["probability"] += 1e-16
    (scorer / "example.json").write_text(json.dumps(example))
    manifest = json.loads((scorer / "manifest.json").read_text())
    digest = hashlib.sha256((scorer / "example.json").read_bytes()).hexdigest()
    manifest["sha256"]["example.json"] = digest
    (scorer / "manifest.json").write_text(json.dumps(manifest))
    check_not_ready(model, tmp_path, "example.json")


def check_not_ready(model: Path, folder: Path, name: str) -> None:
    with start_server(model, folder, wait_for=503) as running:
        while not any(event["event"] == "not loaded" for event in events(running)):
            time.sleep(0.1)
        for path in ("/ready", "/ping"):
            answer = running.http.get(path)
            assert answer.status_code == 503
        answer = running.http.post("/predict", json=EXAMPLE)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "no_model"
        assert name in running.read_log()


def test_a_loaded_server_is_ready(server: Server) -> None:
    answer = server.http.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
