"""A running server follows its alias, refuses bad versions, and works without its registry."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.contract import AnswerFields
from scoring_model.version import Scorer
from tests.scoring_model.planted import EXAMPLE, save_model, train_scorer
from tests.scoring_model.processes import Server, find_free_port, start_server
from tests.scoring_model.telemetry.test_telemetry import events, samples
from tests.scoring_model.version.artifact_files import booster_of, rewrite

URI = "models:/m@champion"
GOOD, OTHER, BROKEN, HALF = "1", "2", "3", "4"
# steady load: 4 threads, each with 0.02 seconds between two requests, send 200 a second
THREADS, INTERVAL = 4, 0.02
TIMEOUT = 180.0


@pytest.fixture(scope="module")
def folders(trained: Scorer, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two good versions that answer differently, a broken one and a half uploaded one.

    The second good version names itself in its answers.
    """
    directory = tmp_path_factory.mktemp("versions")
    good = save_model(trained, directory / GOOD)
    scorer = train_scorer(trees=30, rows=2000)
    named = replace(scorer.contract, answer=AnswerFields(("model_version",)))
    other = save_model(replace(scorer, contract=named), directory / OTHER)
    broken = Path(shutil.copytree(other, directory / BROKEN))
    rewrite(broken, "booster.txt", lambda text: text[: len(text) // 2])
    half = Path(shutil.copytree(other, directory / HALF))
    return [good, other, broken, half]


@dataclass
class Registry:
    """A registry with all versions. The first one is the champion."""

    uri: str
    cache: Path
    client: MlflowClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = MlflowClient(self.uri)

    def make_champion(self, version: str) -> None:
        """Make a version the champion."""
        self.client.set_registered_model_alias("m", "champion", version)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables for a server that follows this registry."""
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            "MODEL_CACHE_DIR": str(self.cache),
            "MODEL_REFRESH_SECONDS": "1",
        }


@pytest.fixture
def registry(folders: list[Path], tmp_path: Path) -> Registry:
    """Return a registry for one test."""
    made = Registry(f"sqlite:///{tmp_path}/registry.db", tmp_path / "cache")
    made.client.create_registered_model("m")
    for folder in folders:
        made.client.create_model_version("m", str(folder))
    made.make_champion(GOOD)
    return made


@pytest.fixture
def server(registry: Registry, tmp_path: Path) -> Iterator[Server]:
    """Start a server that follows the champion."""
    with start_server(URI, tmp_path, registry.environment) as running:
        yield running


def logged_answers(folders: list[Path]) -> dict[str, Any]:
    """Return the logged answer of each version to the example, by version number."""
    paths = [folder / "artifacts" / "scorer" / "example.json" for folder in folders]
    answers = [json.loads(path.read_text())["answer"] for path in paths]
    return dict(zip((GOOD, OTHER, BROKEN, HALF), answers, strict=True))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def version_of(server: Server) -> str:
    return server.http.post("/predict", json=EXAMPLE).headers["x-model-version"]


def refresh_of(server: Server) -> str | None:
    answer = server.http.get("/ready")
    assert answer.status_code == 200
    said: str | None = answer.json().get("refresh")
    return said


def said_by(server: Server) -> str:
    """Return the messages of all events."""
    return "\n".join(event.get("message", "") for event in events(server))


class Load:
    """Steady load on one server; keeps status, version and body of every answer.

    Arrays are answered on the usual path. Single applicants arrive in one piece, and are answered
    on the fast path.
    """

    def __init__(self, server: Server) -> None:
        self._url = str(server.http.base_url)
        self._address = server.address
        self._stop = threading.Event()
        senders = [self._send_arrays, self._send_applicants] * (THREADS // 2)
        self._threads = [threading.Thread(target=sender) for sender in senders]
        self.answers: list[tuple[int, str, Any]] = []
        self.failures: list[Exception] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send_arrays(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30.0) as http:
            for _ in self._due():
                try:
                    answer = http.post("/predict", json=[EXAMPLE] * 3)
                except httpx.HTTPError as error:
                    self.failures.append(error)
                    continue
                version = answer.headers.get("x-model-version", "")
                self.answers.append((answer.status_code, version, answer.json()))

    def _send_applicants(self) -> None:
        body = json.dumps(EXAMPLE)
        head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        whole = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        with socket.create_connection(self._address, timeout=30) as connection:
            for _ in self._due():
                try:
                    connection.sendall(whole)
                    answer = HTTPResponse(connection, method="POST")
                    answer.begin()
                    applicant = json.loads(answer.read())
                except (OSError, HTTPException) as error:
                    self.failures.append(error)
                    return
                version = answer.headers.get("x-model-version", "")
                self.answers.append((answer.status, version, [applicant]))

    def _due(self) -> Iterator[None]:
        due = time.monotonic()
        while not self._stop.is_set():
            yield
            due += INTERVAL
            time.sleep(max(0.0, due - time.monotonic()))


@pytest.mark.hostile("a promotion and a rollback under load")
def test_a_promotion_and_a_rollback_lose_no_request(
    server: Server, registry: Registry, folders: list[Path]
) -> None:
    expected = logged_answers(folders)
    assert expected[GOOD] != expected[OTHER]
    expected[OTHER] |= {"model_version": OTHER}
    with Load(server) as load:
        wait_for(lambda: len(load.answers) > 200)
        registry.make_champion(OTHER)
        wait_for(lambda: version_of(server) == OTHER)
        switched = len(load.answers)
        wait_for(lambda: len(load.answers) > switched + 200)
        registry.make_champion(GOOD)
        wait_for(lambda: version_of(server) == GOOD)
        back = len(load.answers)
        wait_for(lambda: len(load.answers) > back + 200)
    assert load.failures == []
    assert {version for _, version, _ in load.answers} == {GOOD, OTHER}
    for status, version, body in load.answers:
        assert status == 200
        assert body in ([expected[version]], [expected[version]] * 3)
    counted = samples(server)
    assert counted["scoring_model_refreshes_total", "swapped"] == 3
    assert refresh_of(server) is None


@pytest.mark.hostile("a truncated booster with a fresh manifest")
def test_a_version_that_fails_its_checks_is_refused(server: Server, registry: Registry) -> None:
    registry.make_champion(BROKEN)
    wait_for(lambda: refresh_of(server) is not None)
    assert "failed its checks" in str(refresh_of(server))
    assert version_of(server) == GOOD
    assert samples(server)["scoring_model_refreshes_total", "refused"] >= 1
    refusals = [event for event in events(server) if event["event"] == "refused"]
    assert refusals[0]["message"].startswith(f"models:/m/{BROKEN}: the booster must have all its")
    registry.make_champion(OTHER)
    wait_for(lambda: version_of(server) == OTHER)
    wait_for(lambda: refresh_of(server) is None)


@pytest.mark.hostile("a version that is half uploaded, or away for a while")
def test_a_half_uploaded_version_is_tried_again_until_it_is_whole(
    server: Server, registry: Registry, folders: list[Path]
) -> None:
    booster = booster_of(folders[3])
    whole = booster.read_bytes()
    away = booster.with_name("away")
    try:
        booster.write_bytes(whole[:1000])
        registry.make_champion(HALF)
        wait_for(lambda: "not complete" in str(refresh_of(server)))
        booster.rename(away)
        wait_for(lambda: "booster.txt is missing" in said_by(server))
        assert version_of(server) == GOOD
    finally:
        booster.write_bytes(whole)
        away.unlink(missing_ok=True)
    wait_for(lambda: version_of(server) == HALF)
    wait_for(lambda: refresh_of(server) is None)
    assert "booster.txt is not the file that was logged" in said_by(server)
    assert samples(server).get(("scoring_model_refreshes_total", "refused"), 0.0) == 0.0


@pytest.mark.hostile("a version that is half uploaded, or away for a while")
def test_an_alias_that_does_not_exist_is_said_and_tried_again(
    server: Server, registry: Registry
) -> None:
    registry.client.delete_registered_model_alias("m", "champion")
    wait_for(lambda: "does not know" in str(refresh_of(server)))
    assert "the registry does not know this alias of the model 'm'" in said_by(server)
    registry.make_champion(OTHER)
    wait_for(lambda: version_of(server) == OTHER)
    assert refresh_of(server) is None


@pytest.mark.hostile("a cache that cannot be written")
@pytest.mark.slow
def test_a_cache_that_cannot_be_written_stops_no_swap(registry: Registry, tmp_path: Path) -> None:
    registry.cache.write_text("a file where the folder should be")
    with start_server(URI, tmp_path, registry.environment) as server:
        registry.make_champion(OTHER)
        wait_for(lambda: version_of(server) == OTHER)
        assert refresh_of(server) is None
        assert '"not kept"' in server.read_log()


@pytest.mark.hostile("a truncated booster with a fresh manifest")
@pytest.mark.slow
def test_a_bad_version_at_the_start_leaves_the_copy_in_use(
    registry: Registry, tmp_path: Path, folders: list[Path]
) -> None:
    with start_server(URI, tmp_path, registry.environment):
        pass
    registry.make_champion(BROKEN)
    with start_server(URI, tmp_path, registry.environment) as server:
        assert version_of(server) == GOOD
        assert "failed its checks" in str(refresh_of(server))
        assert server.http.post("/predict", json=EXAMPLE).json() == logged_answers(folders)[GOOD]


@pytest.mark.hostile("a version that is half uploaded, or away for a while")
@pytest.mark.slow
def test_without_any_good_version_none_is_said_to_stay_in_use(
    registry: Registry, tmp_path: Path
) -> None:
    registry.make_champion(BROKEN)
    with start_server(URI, tmp_path, registry.environment, wait_for=503) as server:
        wait_for(lambda: "failed its checks" in server.http.get("/ready").text)
        # the registry is checked each second
        for _ in range(30):
            time.sleep(0.1)
            answer = server.http.get("/ready")
            assert answer.status_code == 503
            message = answer.json()["error"]["message"]
            assert message == "no model is loaded: the newest version failed its checks"


@pytest.mark.slow
def test_a_half_uploaded_version_at_the_start_leaves_the_copy_in_use(
    registry: Registry, tmp_path: Path, folders: list[Path]
) -> None:
    with start_server(URI, tmp_path, registry.environment):
        pass
    booster = booster_of(folders[3])
    whole = booster.read_bytes()
    try:
        booster.write_bytes(whole[:1000])
        registry.make_champion(HALF)
        with start_server(URI, tmp_path, registry.environment) as server:
            assert version_of(server) == GOOD
            wait_for(lambda: "not complete" in str(refresh_of(server)))
            booster.write_bytes(whole)
            wait_for(lambda: version_of(server) == HALF)
    finally:
        booster.write_bytes(whole)


@pytest.mark.hostile("a registry that does not answer")
@pytest.mark.slow
def test_the_last_good_version_stays_in_use_without_the_registry(
    registry: Registry, tmp_path: Path, folders: list[Path]
) -> None:
    answer = logged_answers(folders)[OTHER] | {"model_version": OTHER}
    database = tmp_path / "registry.db"
    with start_server(URI, tmp_path, registry.environment) as server:
        registry.make_champion(OTHER)
        wait_for(lambda: version_of(server) == OTHER)
        whole = database.read_bytes()
        database.write_bytes(b"no database any more")
        wait_for(lambda: refresh_of(server) is not None)
        assert "registry does not answer" in str(refresh_of(server))
        assert server.http.post("/predict", json=EXAMPLE).json() == answer
    with start_server(URI, tmp_path, registry.environment) as again:
        assert again.http.post("/predict", json=EXAMPLE).json() == answer
        assert version_of(again) == OTHER
        assert "registry does not answer" in str(refresh_of(again))
        database.write_bytes(whole)
        registry.make_champion(GOOD)
        wait_for(lambda: version_of(again) == GOOD)


@pytest.mark.hostile("a version or a copy whose files were altered")
@pytest.mark.slow
def test_an_altered_copy_is_not_served(registry: Registry, tmp_path: Path) -> None:
    with start_server(URI, tmp_path, registry.environment):
        pass
    with next(registry.cache.rglob("booster.txt")).open("a") as booster:
        booster.write(" ")
    (tmp_path / "registry.db").rename(tmp_path / "away.db")
    with start_server(URI, tmp_path, registry.environment, wait_for=503) as server:
        wait_for(lambda: any(e["event"] == "not refreshed" for e in events(server)))
        assert server.http.get("/ready").status_code == 503


@pytest.mark.slow
def test_a_stage_is_followed_too(registry: Registry, tmp_path: Path) -> None:
    registry.client.transition_model_version_stage("m", GOOD, "Production")
    with start_server("models:/m/Production", tmp_path, registry.environment) as server:
        registry.client.transition_model_version_stage("m", OTHER, "Production", True)
        wait_for(lambda: version_of(server) == OTHER)


def test_a_folder_needs_no_registry(folders: list[Path], tmp_path: Path) -> None:
    environment = {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{find_free_port()}",
        "MODEL_CACHE_DIR": str(tmp_path / "cache"),
        "MODEL_REFRESH_SECONDS": "1",
    }
    with start_server(folders[0], tmp_path, environment) as server:
        answer = server.http.post("/predict", json=EXAMPLE).json()
        assert answer == logged_answers(folders)[GOOD]
        assert refresh_of(server) is None
    assert not (tmp_path / "cache").exists()


def test_a_folder_may_be_named_by_a_uri(folders: list[Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders[0], tmp_path / "my best#1 model")
    with start_server(folder.as_uri(), tmp_path) as server:
        assert "%20best%231%20" in folder.as_uri()
        answer = server.http.post("/predict", json=EXAMPLE).json()
        assert answer == logged_answers(folders)[GOOD]
        assert refresh_of(server) is None


@pytest.mark.hostile("a registry's password in the log or in an answer")
@pytest.mark.parametrize(
    ("uri", "tracking", "said"),
    [
        ("models:/m@champ", "{database}", "m@champ (tracking URI {database}): the registry does"),
        ("models:/m@champion", "http://bob:s3cret@127.0.0.1:9", "URI http://***@127.0.0.1:9): the"),
        ("{folder}/none", "{database}", "{folder}/none: there is no folder {folder}/none"),
        ("file://{folder}", "{database}", "file://{folder}: MLmodel is missing"),
        ("models:/m@champion", "sqlite:///{folder}/no.db", "there is no database {folder}/no.db"),
    ],
)
@pytest.mark.slow
def test_the_log_of_a_server_without_a_model_says_why(
    registry: Registry, tmp_path: Path, uri: str, tracking: str, said: str
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    names = {"folder": str(folder), "database": registry.uri}
    environment = {**registry.environment, "MLFLOW_TRACKING_URI": tracking.format(**names)}
    with start_server(uri.format(**names), tmp_path, environment, wait_for=503) as server:
        wait_for(lambda: said.format(**names) in said_by(server))
        answers = [server.http.get(path) for path in ("/ready", "/ping", "/health")]
        answers.append(server.http.post("/predict", json=EXAMPLE))
        assert {answer.status_code for answer in answers} == {503}
        shown = "".join(f"{answer.headers}{answer.text}" for answer in answers)
        assert not any(part in shown for part in (str(tmp_path), "127.0.0.1:9", "s3cret", "bob"))
        assert not any(secret in server.log.read_text() for secret in ("s3cret", "bob"))
        assert not any("\n" in event.get("message", "") for event in events(server))
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_no_refresh_if_it_is_off(registry: Registry, tmp_path: Path) -> None:
    environment = {**registry.environment, "MODEL_REFRESH_SECONDS": "0"}
    with start_server(URI, tmp_path, environment) as server:
        registry.make_champion(OTHER)
        time.sleep(3)
        assert version_of(server) == GOOD
