"""Both routes tell what there is to know about valid values, in the answer or in headers."""

import json
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from scoring_model.contract import NEVER_SEEN
from tests.scoring_model.http.routes.test_invocations import (
    CSV,
    NAMES,
    PARQUET,
    TEXTS,
    columns,
    frame,
    split,
    to_parquet,
)
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

NEW = {"purpose": "a yacht", "grade": "Z"}
# the first is answered by the server's process, the second one, which is larger, by another
FEW = [*TEXTS[:2], TEXTS[2] | {"purpose": "a yacht"}, TEXTS[3], TEXTS[4] | NEW]
MANY = [*FEW, *TEXTS[5:]]
TOLD = [
    {"row": row, "field": field, "problem": NEVER_SEEN}
    for row, field in ((2, "purpose"), (4, "purpose"), (4, "grade"))
]


def bodies(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the same applicants in every format."""
    complete = [{name: row.get(name) for name in NAMES} for row in rows]
    return {
        "records": {"json": {"dataframe_records": rows}},
        "split": {"json": {"dataframe_split": split(rows)}},
        "inputs": {"json": {"inputs": columns(rows)}},
        "instances": {"json": {"instances": complete}},
        "csv": {"content": frame(rows).to_csv(index=False).encode(), "headers": CSV},
        "parquet": {"content": to_parquet(frame(rows)), "headers": PARQUET},
    }


def told(answer: httpx.Response) -> Any:
    """Return what the header lists, or None if there is no header."""
    assert answer.status_code == 200, answer.text
    header = answer.headers.get("x-warnings")
    return None if header is None else json.loads(unquote(header))


@pytest.mark.parametrize("rows", [FEW, MANY])
@pytest.mark.parametrize("kind", list(bodies(FEW)))
def test_invocations_tells_in_headers_and_keeps_its_three_columns(
    server: Server, kind: str, rows: list[dict[str, Any]]
) -> None:
    answer = server.http.post("/invocations", **bodies(rows)[kind])
    assert told(answer) == TOLD
    assert answer.headers["x-warnings-count"] == "3"
    assert answer.headers["x-model-version"]
    predictions = answer.json()["predictions"]
    assert {key for one in predictions for key in one} == {"probability", "score", "threshold"}
    decided = server.http.post("/predict", json=rows).json()
    warnings = [one.pop("warnings", []) for one in decided]
    assert predictions == decided
    listed = [{"row": row, **each} for row, many in enumerate(warnings) for each in many]
    assert listed == TOLD


@pytest.mark.parametrize("rows", [TEXTS[:5], TEXTS])
@pytest.mark.parametrize("kind", list(bodies(FEW)))
def test_without_anything_to_say_there_is_no_header(
    server: Server, kind: str, rows: list[dict[str, Any]]
) -> None:
    answer = server.http.post("/invocations", **bodies(rows)[kind])
    assert told(answer) is None
    assert "x-warnings-count" not in answer.headers


@pytest.mark.parametrize("copies", [1, 5, 300])
def test_predict_tells_in_its_answer_with_reasons_and_without(server: Server, copies: int) -> None:
    warning = {"field": "grade", "problem": NEVER_SEEN}
    rows = [EXAMPLE, EXAMPLE | {"grade": "Z"}] * copies
    for query in ("", "?explain=true"):
        answer = server.http.post(f"/predict{query}", json=rows)
        assert answer.status_code == 200
        assert "x-warnings" not in answer.headers
        assert [one.get("warnings") for one in answer.json()] == [None, [warning]] * copies
        alone = server.http.post(f"/predict{query}", json=rows[1]).json()
        assert alone == answer.json()[1]
        assert ("reasons" in alone) == bool(query)
