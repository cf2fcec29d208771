"""Every route writes its decisions into the log, and `/decisions/{id}` gives them back."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scoring_model.contract import Feature, FeatureContract
from scoring_model.decision_log import FolderReader
from scoring_model.http.answers import RequestLimits, encode_body
from scoring_model.settings import ServerSettings
from tests.scoring_model.conftest import DESK_KEY, DESK_VERSION
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.processes import Server, start_server, wait_until

ROWS = make_rows(make_contract(), 300, seed=3)
JSON, CSV = "application/json", "text/csv"
PARQUET = "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decisions") / "log"


@pytest.fixture(scope="module")
def logged(
    desk_folder: Path,
    model_folder: Path,
    place: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Start a server that logs, of a version with a reference, with another in the shadow."""
    variables = {
        "SCORING_API_KEYS": hashlib.sha256(DESK_KEY.encode()).hexdigest(),
        "DECISION_LOG": str(place),
        "SHADOW_URI": str(model_folder),
    }
    with start_server(desk_folder, tmp_path_factory.mktemp("logged"), variables) as running:
        running.http.headers["Authorization"] = f"Bearer {DESK_KEY}"
        wait_until(lambda: "in the shadow" in running.log.read_text() or None)
        yield running


def show(server: Server, answer: Any) -> dict[str, Any]:
    """Return the first decision of an answer from the log."""
    assert answer.status_code == 200, answer.text
    found = server.http.get(f"/decisions/{answer.headers['X-Decision-ID']}")
    assert found.status_code == 200
    return dict(found.json())


def check(logged: dict[str, Any], answer: dict[str, Any]) -> None:
    """Compare three numbers to the last bit."""
    for name in ("probability", "threshold", "score"):
        assert logged[name] == answer[name]


def count_records(place: Path) -> int:
    reader = FolderReader(place)
    return sum(1 for segment in reader.segments() for _ in reader.pairs(segment))


def test_a_single_applicant_is_logged_with_all_that_decided(
    logged: Server, desk_folder: Path
) -> None:
    sent = EXAMPLE | {"application_id": "A-1", "sex": "f"}
    answer = logged.http.post("/predict", json=sent)
    found = show(logged, answer)
    check(found, answer.json())
    assert answer.headers["X-Decision-Count"] == "1"
    manifest = desk_folder / "artifacts" / "scorer" / "manifest.json"
    assert found["manifest"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    assert (found["model"], found["version"]) == ("planted", DESK_VERSION)
    assert (found["route"], found["reference"]) == ("/predict", "A-1")
    # neither the reference nor a protected column is a feature
    assert found["applicant"] == {k: v for k, v in EXAMPLE.items() if v is not None}
    assert found["decided_on"] is None


def test_the_header_names_an_application_without_a_field(logged: Server) -> None:
    header = {"X-Reference": "B-2"}
    for query in ("", "?explain=true"):
        answer = logged.http.post(f"/predict{query}", json=EXAMPLE, headers=header)
        assert show(logged, answer)["reference"] == "B-2"
    both = EXAMPLE | {"application_id": 17}
    answer = logged.http.post("/predict", json=both, headers=header)
    assert show(logged, answer)["reference"] == "17"


@pytest.mark.parametrize(
    ("header", "body", "problem"),
    [
        ("x" * 201, EXAMPLE, "X-Reference must be text in UTF-8 of 1 to 200 characters"),
        ("", EXAMPLE, "X-Reference must be text in UTF-8 of 1 to 200 characters"),
        ("C", [EXAMPLE] * 2, "X-Reference names one applicant, and the request has several"),
        ("C", ROWS, "X-Reference names one applicant, and the request has several"),
    ],
)
def test_a_wrong_reference_is_refused_and_not_logged(
    logged: Server, place: Path, header: str, body: Any, problem: str
) -> None:
    before = count_records(place)
    answer = logged.http.post("/predict", json=body, headers={"X-Reference": header})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == problem
    assert count_records(place) == before


def test_reasons_are_logged_as_they_were_answered(logged: Server) -> None:
    answer = logged.http.post("/predict?explain=true&top=all", json=EXAMPLE)
    found = show(logged, answer)
    assert found["reasons"] == answer.json()["reasons"]
    assert found["base_value"] == answer.json()["base_value"]


def test_warnings_are_logged(logged: Server) -> None:
    answer = logged.http.post("/predict", json=EXAMPLE | {"purpose": "a castle"})
    found = show(logged, answer)
    assert found["warnings"] == answer.json()["warnings"]
    assert found["applicant"]["purpose"] == "a castle"


@pytest.mark.parametrize("count", [1, 3, 300])
def test_an_array_is_logged_row_by_row(logged: Server, place: Path, count: int) -> None:
    rows = [row | {"application_id": f"R{n}"} for n, row in enumerate(ROWS[:count])]
    before = count_records(place)
    answer = logged.http.post("/predict", json=rows)
    assert answer.headers["X-Decision-Count"] == str(count)
    found = show(logged, answer)
    check(found, answer.json()[0])
    assert found["reference"] == "R0"
    assert found["applicant"] == {k: v for k, v in ROWS[0].items() if v is not None}
    assert count_records(place) == before + count


def as_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    texts = ("is_owner", "has_guarantor", "is_new")
    table = pd.DataFrame([row | {"application_id": 900 + n} for n, row in enumerate(rows)])
    return table.assign(**{name: table[name].map(str, na_action="ignore") for name in texts})


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    as_table(rows).to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("count", [2, 300])
@pytest.mark.parametrize("media_type", [JSON, CSV, PARQUET])
def test_a_table_is_logged_row_by_row(
    logged: Server, place: Path, media_type: str, count: int
) -> None:
    rows = ROWS[:count]
    content: Any = as_parquet(rows)
    if media_type == CSV:
        content = as_table(rows).to_csv(index=False)
    headers = {"Content-Type": media_type}
    before = count_records(place)
    if media_type == JSON:
        records = [row | {"application_id": 900 + n} for n, row in enumerate(rows)]
        answer = logged.http.post("/invocations", json={"dataframe_records": records})
    else:
        answer = logged.http.post("/invocations", content=content, headers=headers)
    found = show(logged, answer)
    check(found, answer.json()["predictions"][0])
    assert (found["route"], found["reference"]) == ("/invocations", "900")
    again = logged.http.post("/predict?simulate=true", json=found["applicant"])
    check(found, again.json())
    assert count_records(place) == before + count


def test_a_wrong_reference_in_a_table_is_refused(logged: Server) -> None:
    records = [EXAMPLE, EXAMPLE | {"application_id": 1.5}]
    answer = logged.http.post("/invocations", json={"dataframe_records": records})
    assert answer.status_code == 400
    [problem] = answer.json()["error"]["fields"]
    assert (problem["row"], problem["field"]) == (1, "application_id")


def test_a_simulation_is_no_decision(logged: Server, place: Path) -> None:
    before = count_records(place)
    for body in (EXAMPLE, ROWS[:3], ROWS):
        answer = logged.http.post("/predict?simulate=true", json=body)
        assert answer.status_code == 200
        assert "X-Decision-ID" not in answer.headers
    logged.http.get("/ready")
    assert count_records(place) == before
    assert "scoring_simulated_applicants_total " in logged.http.get("/metrics").text
    assert logged.http.post("/predict?simulate=perhaps", json=EXAMPLE).status_code == 400


@pytest.mark.slow
def test_refused_requests_are_counted_by_cause_and_not_logged(logged: Server, place: Path) -> None:
    before = count_records(place)
    secret = "a-value-that-no-log-holds"
    for body in (EXAMPLE | {"unknown": secret}, [EXAMPLE, {"purpose": secret}]):
        assert logged.http.post("/predict", json=body).status_code == 400
    assert logged.http.post("/predict", content=b"{}").status_code == 415
    text = logged.http.get("/metrics").text
    for cause in ("invalid_request", "unsupported_media_type"):
        [line] = [each for each in text.splitlines() if f'cause="{cause}"}}' in each]
        assert float(line.split()[1]) > 0

    def counted() -> set[tuple[str, str]] | None:
        found = {(each["kind"], each["cause"]) for each in FolderReader(place).counts()}
        wanted = {("refused", "invalid_request"), ("simulated", "")}
        return found if wanted <= found else None

    wait_until(counted)
    assert count_records(place) == before
    files = [file for file in place.rglob("*") if file.is_file()]
    assert not any(secret in file.read_text() for file in files)


def test_the_answer_of_the_shadow_is_beside_the_decision(logged: Server, place: Path) -> None:
    answer = logged.http.post("/predict", json=EXAMPLE)
    identifier = answer.headers["X-Decision-ID"]

    def noted() -> dict[str, Any] | None:
        return next((s for s in FolderReader(place).shadows() if s["id"] == identifier), None)

    found = wait_until(noted)
    # both versions hold the same trees
    check(found, answer.json())
    assert found["version"] != DESK_VERSION
    assert show(logged, answer)["shadow"] == {k: v for k, v in found.items() if k != "id"}


@pytest.mark.parametrize(
    "identifier",
    ["1", "01a21a7e-1a0d-7000-8f52-fca6fa002268", "../log.json", "%2e%2e", "A" * 300],
)
def test_an_unknown_decision_is_not_found(logged: Server, identifier: str) -> None:
    assert logged.http.get(f"/decisions/{identifier}").status_code == 404


def test_a_decision_needs_a_key_and_a_log(logged: Server, server: Server) -> None:
    identifier = logged.http.post("/predict", json=EXAMPLE).headers["X-Decision-ID"]
    with logged.another_client() as stranger:
        assert stranger.get(f"/decisions/{identifier}").status_code == 401
    answer = server.http.get(f"/decisions/{identifier}")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "the server has no decision log"
    assert "X-Decision-ID" not in server.http.post("/predict", json=EXAMPLE).headers
    assert "decisions are not logged: DECISION_LOG is not set" in server.log.read_text()


@pytest.mark.slow
def test_a_key_keeps_only_digests_of_references(desk_folder: Path, tmp_path: Path) -> None:
    variables = {"DECISION_LOG": str(tmp_path / "log"), "DECISION_LOG_KEY": "a secret"}
    with start_server(desk_folder, tmp_path, variables) as running:
        sent = EXAMPLE | {"application_id": "a-secret-reference"}
        found = show(running, running.http.post("/predict", json=sent))
        many = [each | {"application_id": "a-secret-reference"} for each in ROWS]
        assert running.http.post("/predict", json=many).status_code == 200
    assert "reference" not in found
    assert len(found["reference_digest"]) == 64
    files = [file for file in tmp_path.rglob("*.jsonl") if file.is_file()]
    assert not any("a-secret-reference" in file.read_text() for file in files)
    # all segments are sealed when the server has ended, those of its child processes too
    segments = list(FolderReader(tmp_path / "log").segments())
    assert len(segments) == 2
    assert all(segment.seal is not None for segment in segments)


LONG = 10**20


@pytest.mark.parametrize("media_type", [JSON, CSV])
def test_a_whole_number_beyond_64_bits_is_logged(logged: Server, media_type: str) -> None:
    row = EXAMPLE | {"amount_00": LONG, "application_id": 5}
    if media_type == CSV:
        content = pd.DataFrame([row]).to_csv(index=False)
        answer = logged.http.post("/invocations", content=content, headers={"Content-Type": CSV})
        decision = answer.json()["predictions"][0]
    else:
        answer = logged.http.post("/predict", json=row)
        decision = answer.json()
    found = show(logged, answer)
    check(found, decision)
    assert found["applicant"]["amount_00"] == LONG
    check(found, logged.http.post("/predict?simulate=true", json=found["applicant"]).json())


def test_applicants_without_any_known_field_are_logged() -> None:
    contract = FeatureContract((Feature("a", "number", nullable=True),))
    body = b'{"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}}'
    limits = RequestLimits.from_settings(ServerSettings("model"))
    encoded = encode_body(JSON, body, contract, limits)
    assert len(encoded.rows.matrix) == 2
    assert encoded.list_applicants() == [{}, {}]
