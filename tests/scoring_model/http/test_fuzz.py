"""Thousands of broken bodies over HTTP: each gets an answer in the documented format."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.scoring_model.http.routes.test_invocations import columns, frame, split, to_parquet
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.processes import Server, start_server

QUICK_BODIES, ALL_BODIES = 800, 20_000
MOST_GROWTH_MEGABYTES = 60
JSON = "application/json"
# values of an applicant that no answer and no log may hold
CANARIES = ("48151623", "canary-of-an-applicant")
APPLICANT = EXAMPLE | {"amount_01": 48151623.42, "region": "canary-of-an-applicant"}
WRONG_VALUES = [
    *("text", "", "\u0000", "1e5", "💶" * 50, True, False, None, [], {}, [1], {"a": {"b": 1}}),
    *(0, -0.0, 1e308, -1e308, 5e-324, 10**17, 10**300, 2**63, 2**64, -(2**64)),
]
WRONG_TEXTS = ["NaN", "-Infinity", "1e999", "9" * 6000, "01", "0x1", "'a'", "undefined", ".5", "-"]


def wrong_value(rng: random.Random) -> bytes:
    name = rng.choice(list(EXAMPLE))
    return json.dumps(EXAMPLE | {name: rng.choice(WRONG_VALUES)}).encode()


def wrong_text(rng: random.Random) -> bytes:
    name = rng.choice(list(EXAMPLE))
    body = json.dumps(EXAMPLE | {name: "@@"})
    return body.replace('"@@"', rng.choice(WRONG_TEXTS)).encode()


def wrong_name(rng: random.Random) -> bytes:
    name = "".join(chr(rng.randrange(1, 0xD7FF)) for _ in range(rng.randrange(300)))
    return json.dumps(EXAMPLE | {name: 1}, ensure_ascii=rng.random() < 0.5).encode()


def duplicated(rng: random.Random) -> bytes:
    name = rng.choice(list(EXAMPLE))
    space = rng.choice(["", " ", "\n"])
    body = json.dumps(EXAMPLE)
    return f'{body[:-1]}, "{name}"{space}: 1}}'.encode()


def deep(rng: random.Random) -> bytes:
    depth = rng.choice([10, 500, 1024, 1025, 50_000])
    opening = rng.choice(["[", '{"amount_00":', '[{"a":'])
    return (opening * depth).encode() + b"1" * rng.randrange(2)


def many(rng: random.Random) -> bytes:
    row: Any = rng.choice([EXAMPLE, {}, 1, None, [], "a"])
    return json.dumps([row] * rng.choice([0, 1, 100, 10_001])).encode()


def bytes_of(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(2000))


def encoded(rng: random.Random) -> bytes:
    codec = rng.choice(["utf-16", "utf-32", "latin-1", "utf-8-sig", "cp500"])
    return json.dumps(EXAMPLE | {"purpose": "études"}, ensure_ascii=False).encode(codec)


def invocation(rng: random.Random) -> bytes:
    rows = [EXAMPLE | {rng.choice(list(EXAMPLE)): rng.choice(WRONG_VALUES)} for _ in range(3)]
    kinds: list[tuple[str, Callable[..., Any]]] = [
        ("dataframe_records", list),
        ("dataframe_split", split),
        ("inputs", columns),
        ("instances", list),
        ("dataframe_split", list),
        ("inputs", str),
        ("unknown", list),
    ]
    kind, shape = rng.choice(kinds)
    body: dict[str, Any] = {kind: shape(rows)}
    if rng.random() < 0.2:
        body[rng.choice(["params", "inputs", "messages", "signature_name"])] = rng.choice([{}, 1])
    return json.dumps(body).encode()


ROWS = [APPLICANT] * 3
VALID: list[tuple[str, bytes]] = [
    (JSON, json.dumps(APPLICANT).encode()),
    (JSON, json.dumps(ROWS).encode()),
    (JSON, json.dumps({"dataframe_records": ROWS}).encode()),
    (JSON, json.dumps({"instances": ROWS}).encode()),
    (JSON, json.dumps({"dataframe_split": split(ROWS)}).encode()),
    (JSON, json.dumps({"inputs": columns(ROWS)}).encode()),
    ("text/csv", frame(ROWS).to_csv(index=False).encode()),
    ("application/vnd.apache.parquet", to_parquet(frame(ROWS))),
]


def mutate(body: bytes, rng: random.Random) -> bytes:
    """Cut, change, repeat or extend a valid body."""
    start, end = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
    return rng.choice(
        [
            body[:start],
            body[start:],
            body[:start] + body[end:],
            body[:end] + body[start:],
            body[:start] + rng.randbytes(rng.randrange(1, 8)) + body[start:],
            body[:start] + bytes([rng.randrange(256)]) + body[start + 1 :],
        ]
    )


MAKERS: list[Callable[[random.Random], bytes]] = [
    *(wrong_value, wrong_text, wrong_name, duplicated, deep, many, bytes_of, encoded, invocation)
]


def make_body(rng: random.Random) -> tuple[str, bytes]:
    """Return a content type and a body that is rarely valid."""
    if rng.random() < 0.5:
        kind, body = rng.choice(VALID)
        return kind, mutate(body, rng)
    kind = rng.choice([JSON] * 8 + ["text/csv", "application/vnd.apache.parquet", "text/plain"])
    return kind, rng.choice(MAKERS)(rng)


def check_answer(answer: httpx.Response) -> None:
    assert answer.status_code in {200, 400, 413, 415}, answer.text[:300]
    content = json.loads(answer.content, parse_constant=_refuse)
    if answer.status_code == 200:
        found = (
            content["predictions"]
            if isinstance(content, dict) and "predictions" in content
            else content
        )
        for decision in found if isinstance(found, list) else [found]:
            assert 0.0 <= decision["probability"] <= 1.0
            assert decision["score"] == (decision["probability"] < decision["threshold"])
        return
    error = content["error"]
    assert set(content) == {"error"}
    assert set(error) == {"code", "message", "fields"}
    assert all(set(field) == {"row", "field", "problem"} for field in error["fields"])
    assert not any(text in answer.text for text in ("Traceback", "/tmp", *CANARIES))


def _refuse(text: str) -> None:
    raise AssertionError(f"an answer holds {text}")


def fuzz(server: Server, count: int, seed: int) -> None:
    rng = random.Random(seed)
    expected = server.http.post("/predict", json=EXAMPLE).json()
    for number in range(count):
        kind, body = make_body(rng)
        path = rng.choice(["/predict", "/invocations"])
        answer = server.http.post(path, content=body, headers={"Content-Type": kind})
        check_answer(answer)
        if number % 100 == 0:
            assert server.http.post("/predict", json=EXAMPLE).json() == expected
    assert server.process.poll() is None
    assert server.http.post("/predict", json=EXAMPLE).json() == expected
    log = server.read_log()
    assert not any(text in log for text in ("Traceback", *CANARIES))


@pytest.mark.hostile("mutated bodies in every format")
def test_hundreds_of_broken_bodies_are_answered(server: Server) -> None:
    fuzz(server, QUICK_BODIES, seed=1)


@pytest.mark.slow
@pytest.mark.hostile("mutated bodies in every format")
def test_twenty_thousand_broken_bodies_do_not_let_memory_grow(
    model_folder: Path, tmp_path: Path
) -> None:
    with start_server(model_folder, tmp_path) as running:
        # the first bodies load modules and reserve memory, which is no leak: they come before
        fuzz(running, ALL_BODIES // 5, seed=2)
        process = psutil.Process(running.process.pid)
        before = process.memory_info().rss
        fuzz(running, ALL_BODIES, seed=3)
        grown = (process.memory_info().rss - before) / 1e6
        assert grown < MOST_GROWTH_MEGABYTES


def test_the_made_rows_are_valid(server: Server) -> None:
    rows = make_rows(make_contract(), 100, seed=12)
    assert server.http.post("/predict", json=rows).status_code == 200
