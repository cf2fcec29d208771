"""What two workers decide, with a promotion in between, is replayed to the last bit."""

import json
from pathlib import Path

import pytest

from monitoring.__main__ import main
from tests.monitoring.replay.logged import REGISTRY, make_applicants
from tests.scoring_model.processes import start_server, wait_until

ROWS = 150
Printed = pytest.CaptureFixture[str]


@pytest.mark.slow
def test_decisions_of_a_server_are_replayed(tmp_path: Path, store: str, capsys: Printed) -> None:
    place = tmp_path / "served"
    REGISTRY.set_stage(1, "Production")
    variables = {
        "MLFLOW_TRACKING_URI": store,
        "MODEL_REFRESH_SECONDS": "1",
        "MODEL_CACHE_DIR": str(tmp_path / "cache"),
        "DECISION_LOG": str(place),
    }
    decided: dict[str, int] = {}
    with start_server(REGISTRY.champion_uri, tmp_path, variables, ("--workers", "2")) as server:
        for version in ("1", "2"):
            REGISTRY.set_stage(int(version), "Production")
            answers: list[int] = []

            def ask(version: str = version, answers: list[int] = answers) -> bool | None:
                """Ask both workers; return whether only the new version answers."""
                applicants = make_applicants(ROWS, seed=int(version))
                seen = set()
                for body in (applicants[0], applicants[:5], applicants):
                    with server.another_client() as http:
                        answer = http.post("/predict", json=body)
                    if answer.status_code == 200:
                        seen.add(answer.headers["X-Model-Version"])
                        answers.append(int(answer.headers["X-Decision-Count"]))
                return seen == {version} or None

            for _ in range(3):
                wait_until(ask)
            decided[version] = sum(answers)
    lines = (file.read_bytes().splitlines() for file in place.glob("*/*.records.jsonl"))
    records = [json.loads(line) for part in lines for line in part]
    assert len(records) == sum(decided.values())
    assert {record["version"] for record in records} == {"1", "2"}
    assert main(["anchor", "--decisions", str(place)]) == 0
    assert main(["verify", "--decisions", str(place)]) == 0
    assert main(["replay", "--decisions", str(place)]) == 0
    total = len(records)
    assert f"{total:,} decisions replayed, {total:,} of them equal" in capsys.readouterr().out
