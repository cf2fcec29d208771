"""The programs on the page about the decision log do what the page says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import mlflow
import orjson
import pytest

from monitoring.__main__ import main
from monitoring.erasure import erase_decisions, of_reference
from scoring_model.decision_log import FolderReader, LogWriter
from tests.conftest import ROOT
from tests.monitoring.logs import make_log, write_decisions

PAGE = (ROOT / "docs" / "decision-log.md").read_text(encoding="utf-8")


def block(language: str, word: str) -> str:
    """Return the block of the page that holds a word."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (text,) = [each for each in found if word in each]
    return str(text)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a log that has the name of the page in the working directory."""
    monkeypatch.chdir(tmp_path)
    place = make_log(tmp_path / "decisions")
    erase_decisions("decisions", of_reference("loan-7", None), print)
    return place


def records_of(place: Path) -> list[dict[str, Any]]:
    reader = FolderReader(place)
    pairs = [pair for segment in reader.segments() for pair in reader.pairs(segment)]
    return sorted((orjson.loads(record or b"") for record, _ in pairs), key=lambda r: str(r["id"]))


def test_duckdb_reads_the_log_to_the_last_bit(log: Path) -> None:
    rows = duckdb.connect().execute(block("text", "read_json")).fetchall()
    expected = records_of(log)
    assert [str(row[0]) for row in rows] == [record["id"] for record in expected]
    assert [row[3] for row in rows] == [record["probability"] for record in expected]
    assert [f"{row[1].isoformat()}Z" for row in rows] == [record["time"] for record in expected]
    references = [row[5] for row in rows]
    assert references.count(None) == 1
    assert len(set(references)) == 80
    assert [row[6] is not None for row in rows] == [reference is None for reference in references]


@pytest.mark.slow
@pytest.mark.usefixtures("log")
def test_spark_reads_the_log_to_the_last_bit(log: Path, spark: Any) -> None:
    names = {"spark": spark}
    exec(block("python", "spark.read").replace("decisions/", f"{log}/"), names)
    rows = names["records"].select("id", "probability", "score").collect()
    assert sorted(map(tuple, rows)) == [
        (record["id"], record["probability"], record["score"]) for record in records_of(log)
    ]


def check(folder: Path, proof: dict[str, Any], anchor: dict[str, Any]) -> str:
    """Run the auditor's program; return its output, or the last line of its error."""
    (folder / "check_proof.py").write_text(block("python", "hashlib"))
    (folder / "proof.json").write_text(json.dumps(proof))
    (folder / "anchor.json").write_text(json.dumps(anchor))
    ended = subprocess.run(
        [sys.executable, "-I", "check_proof.py", "proof.json", "anchor.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode == 0) == (not ended.stderr)
    return ended.stdout or ended.stderr.splitlines()[-1]


@pytest.mark.usefixtures("store")
@pytest.mark.hostile("a forged proof that a decision is in the log")
def test_the_auditors_program_accepts_proofs_and_nothing_else(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = LogWriter(log)
    write_decisions(live, range(5000, 5011))
    assert main(["anchor", "--decisions", "decisions"]) == 0
    run_id = capsys.readouterr().out.splitlines()[0].removeprefix("run ")
    anchor = mlflow.artifacts.load_dict(f"runs:/{run_id}/anchor.json")
    reader = FolderReader(log)
    for segment in reader.segments():
        pairs = list(reader.pairs(segment))
        for _, personal in (pairs[0], pairs[len(pairs) // 2], pairs[-1]):
            assert personal is not None
            assert main(["prove", personal.identifier, "--decisions", "decisions"]) == 0
            proof = json.loads(capsys.readouterr().out)
            assert proof["anchor"] == run_id
            assert check(tmp_path, proof, anchor) == (
                f"the log held this record at {anchor['time']} : {proof['record']}\n"
            )
            altered = proof | {"record": proof["record"].replace('"score":', '"score": ')}
            assert check(tmp_path, altered, anchor).endswith("the record is not in the tree")
    for path, error in (
        (proof["audit_path"][1:], "too short"),
        (proof["audit_path"] * 2, "too long"),
    ):
        assert error in check(tmp_path, proof | {"audit_path": path}, anchor)
    claims = [claim | {"last_seal": "0" * 64, "open": []} for claim in anchor["claims"]]
    forged = check(tmp_path, proof, anchor | {"claims": claims})
    assert "the anchor does not hold the root" in forged or "a seal is not" in forged
    live.close()


def test_the_json_lines_of_the_page_have_the_fields_of_the_log(log: Path) -> None:
    reader = FolderReader(log)
    segment = next(iter(reader.segments()))
    record, _ = next(iter(reader.pairs(segment)))
    shown = json.loads(block("json", '"commitment"'))
    assert list(shown) == list(orjson.loads(record or b""))
    part = json.loads(block("json", '"leaf"'))
    line = next(iter((log / segment.writer / "000000.personal.jsonl").read_bytes().splitlines()))
    assert list(part) == list(orjson.loads(line))
    for name in (*shown, *part, "erased"):
        assert f"`{name}`" in PAGE, name
