"""The OpenAPI document is right (schemathesis checks it), and the page `/docs` shows it."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scoring_model.contract import Feature, FeatureContract
from scoring_model.http.document.api_schemas import describe_schemas
from tests.scoring_model.planted import EXAMPLE, make_contract
from tests.scoring_model.processes import Server, start_server

KEY = "a-key"
KEYS = {"SCORING_API_KEYS": hashlib.sha256(KEY.encode()).hexdigest()}
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance", "unsupported_method"),
)


def run_schemathesis(server: Server, cases: int, key: str | None = None) -> None:
    """Let schemathesis send valid and invalid requests to the server, made from its document."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += [str(server.http.base_url.join("/openapi.json"))]
    command += ["--checks", ",".join(CHECKS), "--max-examples", str(cases), "--mode", "all"]
    command += ["--seed", "1", "--generation-database", "none", "--continue-on-failure"]
    if key is not None:
        command += ["--header", f"Authorization: Bearer {key}"]
    # schemathesis writes a cache into the folder that it runs in
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-6000:]


@pytest.fixture
def document(server: Server) -> Any:
    """Return the OpenAPI document of the server."""
    return server.http.get("/openapi.json").json()


@pytest.mark.slow
def test_schemathesis_finds_no_fault(server: Server) -> None:
    run_schemathesis(server, 500)


@pytest.mark.slow
@pytest.mark.parametrize("key", [KEY, "wrong", None])
def test_schemathesis_finds_no_fault_with_keys(
    model_folder: Path, tmp_path: Path, key: str | None
) -> None:
    with start_server(model_folder, tmp_path, KEYS) as running:
        if key == KEY:
            run_schemathesis(running, 500, key)
            return
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        assert running.http.get("/openapi.json", headers=headers).status_code == 401


def test_fields_are_described(document: Any) -> None:
    applicant = document["components"]["schemas"]["Applicant"]
    contract = make_contract()
    assert list(applicant["properties"]) == list(contract.names)
    assert applicant["required"] == [f.name for f in contract.features if not f.nullable]
    assert applicant["additionalProperties"] is False
    assert applicant["example"] == EXAMPLE
    amount, purpose = applicant["properties"]["amount_00"], applicant["properties"]["purpose"]
    assert (amount["type"], amount["title"]) == (["number"], "Amount requested")
    assert amount["x-labels"] == {"en": "Amount requested", "fr": "Montant demandé"}
    assert purpose["x-categories"] == [
        "car",
        "house",
        "boat: used",
        "études",
        "submarine",
        "zeppelin",
    ]
    assert applicant["properties"]["is_new"]["type"] == ["string", "boolean", "null"]


def test_dates_limits_and_yes_no_are_described() -> None:
    income = Feature("income", "number", nullable=True, minimum=1, maximum=5000)
    age = Feature("age_years", "number", nullable=False, formula="(decided - born) / 365")
    owner = Feature("is_owner", "category", nullable=True, levels=("true", "false"))
    born = Feature("born", "date", nullable=False)
    contract = FeatureContract((income, age, owner), (born,), "decided")
    applicant = describe_schemas(contract, {})["Applicant"]
    fields = applicant["properties"]
    assert list(fields) == ["income", "is_owner", "born", "decided"]
    assert applicant["required"] == ["born"]
    assert (fields["income"]["minimum"], fields["income"]["maximum"]) == (1, 5000)
    assert (fields["born"]["type"], fields["born"]["format"]) == (["string"], "date")
    assert fields["decided"]["type"] == ["string", "null"]
    assert "Without it the day is today, in UTC" in fields["decided"]["description"]
    for text, is_valid in (("True", True), ("false", True), ("yes", False), ("", False)):
        assert bool(re.search(fields["is_owner"]["pattern"], text)) == is_valid


def test_every_example_can_be_sent_as_it_is(server: Server, document: Any) -> None:
    for path in ("/predict", "/invocations"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        examples = content["application/json"]["examples"]
        for example in examples.values():
            assert server.http.post(path, json=example["value"]).status_code == 200


def test_every_route_is_described(server: Server, document: Any) -> None:
    for path in document["paths"]:
        assert server.http.request("DELETE", path.replace("{id}", "1")).status_code == 405
    assert {"/predict", "/invocations", "/metrics", "/ready"} <= document["paths"].keys()
    assert server.http.get("/redoc").status_code == 404


def schemas_in(part: Any) -> Iterator[dict[str, Any]]:
    """Yield each object in a part of the document that is, or may be, a schema."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, dict | list):
            yield from schemas_in(inner)


def test_generators_find_names_items_and_targets(document: Any) -> None:
    operations = [o for path in document["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    found = list(schemas_in([document["paths"], document["components"]]))
    arrays = [s for s in found if s.get("type") in ("array", ["array", "null"])]
    assert len(arrays) > 10
    assert [s for s in arrays if "items" not in s] == []
    targets = {s["$ref"].rpartition("/")[2] for s in found if "$ref" in s}
    assert targets <= document["components"]["schemas"].keys()


def shape_of(part: Any) -> Any:
    """Return a part of the document without its texts, and without what belongs to the model."""
    if isinstance(part, list):
        return [shape_of(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    texts = ("description", "summary", "title", "example", "examples", "maxItems")
    return {name: shape_of(inner) for name, inner in part.items() if name not in texts}


def test_another_shape_is_another_version_of_the_api(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name in ("Applicant", "Row", "Columns"):
        del schemas[name]["properties"], schemas[name]["required"]
    shape = shape_of({"paths": document["paths"], "schemas": schemas})
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()
    known = {"1.1": "4498c661794fabe49e316bc4b9bddb9583e682816416b1b83f7c95f0b6ef907e"}
    assert known.get(document["info"]["version"]) == digest, (
        "the API has changed: docs/clients.md says which number of API_VERSION rises. "
        f"Put it here with the digest {digest}"
    )
    assert document["info"]["x-model-version"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_the_page_shows_the_fields_in_a_browser_without_network(
    server: Server, tmp_path: Path
) -> None:
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    # no name but 127.0.0.1 can be resolved
    command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom"]
    page = str(server.http.base_url.join("/docs"))
    shown = subprocess.run(
        [*command, page], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    for text in (
        "Montant demandé (fr)",
        "boat: used",
        "40 categories",
        "has_guarantor",
        "/predict",
    ):
        assert text in shown
    assert "The path does not read this content type, charset or encoding." in shown
    for name in ("docs.css", "docs.js"):
        assert server.http.get(f"/docs/{name}").status_code == 200
    assert "http://" not in shown.replace("http://127.0.0.1", "")
    assert "https://" not in shown
