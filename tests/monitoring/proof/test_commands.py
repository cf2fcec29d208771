"""The commands `anchor`, `verify` and `prove`, with a real MLflow."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import mlflow
import pytest

from monitoring.__main__ import main, make_parser
from monitoring.proof import find_anchor
from monitoring.proof.anchor_runs import digest_place
from scoring_model.decision_log import FolderReader, LogWriter, SegmentFiles, open_log
from tests.conftest import ROOT
from tests.monitoring.logs import make_log, write_decisions
from train.errors import InputError

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the folder of a log with 80 decisions of two writers."""
    return make_log(tmp_path / "log")


def run(command: str, place: Path, *arguments: str) -> int:
    return main([command, "--decisions", str(place), *arguments])


def name_of(place: Path) -> str:
    return FolderReader(place).log


def alter(place: Path) -> None:
    path = SegmentFiles(place / "8000000000000000", 1).records
    path.write_bytes(path.read_bytes().replace(b'"threshold":0.3', b'"threshold":0.9', 1))


def test_an_anchor_is_a_run_of_its_own(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("anchor", log) == 0
    [run_line, *facts] = capsys.readouterr().out.splitlines()
    run_id = run_line.removeprefix("run ")
    assert facts == [f"log {name_of(log)}: anchor 0", "2 writers, 80 records"]
    found = mlflow.get_run(run_id)
    assert found.info.run_name.startswith(f"anchor {name_of(log)} 20")
    assert found.data.tags["decision_log"] == name_of(log)
    assert found.data.tags["exit_status"] == "0"
    document = mlflow.artifacts.load_dict(f"runs:/{run_id}/anchor.json")
    assert document["format_version"] == 1
    assert document["log"] == name_of(log)
    assert [(c["writer"], c["sealed"], c["open"]) for c in document["claims"]] == [
        ("8000000000000000", 4, []),
        ("8000000000000001", 4, []),
    ]
    # nothing about anybody's application leaves the log
    assert "loan" not in json.dumps(document)


def test_a_verification_says_what_is_proven(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", log) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"log {name_of(log)}: 2 writers, 8 segments, 80 records, 0 of them erased",
        "there is no anchor of this log: nothing is proven yet",
        "80 records not proven yet: no anchor holds them",
    ]
    run("anchor", log)
    writer = LogWriter(log)
    write_decisions(writer, range(3000, 3005))
    capsys.readouterr()
    assert run("verify", log) == 0
    kept = find_anchor(name_of(log))
    assert kept is not None
    assert capsys.readouterr().out.splitlines() == [
        f"log {name_of(log)}: 3 writers, 9 segments, 85 records, 0 of them erased",
        f"anchor {kept.run_id} of {kept.anchor.time}: it proves 80 records",
        "1 writer is not in the anchor",
        "5 records not proven yet: no anchor holds them",
    ]
    writer.close()


@pytest.mark.hostile("a record of the decision log is changed")
def test_a_log_that_was_altered(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("anchor", log)
    alter(log)
    capsys.readouterr()
    assert run("verify", log) == 4
    output = capsys.readouterr()
    assert "writer 8000000000000000, segment 1, record 13 (0" in output.out
    assert output.err == (
        "error: decisions: 1 finding, listed above: the log does not hold what was written\n"
    )
    # an anchor of an altered log is made, so that what follows can be proven
    assert run("anchor", log) == 0
    assert run("verify", log) == 4


@pytest.mark.hostile("the name of the decision log is changed")
def test_a_log_that_got_another_name_does_not_lose_its_anchors(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("anchor", log) == 0
    named = log / "log.json"
    name = name_of(log)
    named.write_text(named.read_text().replace(name, str(uuid.uuid4())))
    for command in ("verify", "anchor"):
        capsys.readouterr()
        assert run(command, log) == 4
        assert f"says that the log {name} is at this place" in capsys.readouterr().err


@pytest.mark.hostile("the decision log is rewritten between two anchors")
def test_an_anchor_says_that_the_one_before_does_not_hold(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = LogWriter(log)
    write_decisions(writer, range(3000, 3005))
    run("anchor", log)
    path = SegmentFiles(writer.folder, 0).records
    path.write_bytes(path.read_bytes().replace(b'"threshold":0.3', b'"threshold":0.9', 1))
    first = find_anchor(name_of(log))
    assert first is not None
    capsys.readouterr()
    assert run("anchor", log) == 4
    assert capsys.readouterr().err == (
        f"error: decisions: the log no longer holds what the anchor of {first.anchor.time} says "
        f"about writer {writer.name}: run verify\n"
    )
    assert run("verify", log) == 4
    writer.close()


def test_the_newest_anchor_is_found_among_many(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.proof.anchor_runs._PAGE", 2)
    for _ in range(5):
        assert run("anchor", log) == 0
    newest = find_anchor(name_of(log))
    assert newest is not None
    assert newest.anchor.number == 4
    # an older anchor is not the newest because a clock ran backwards after it
    client, day = mlflow.tracking.MlflowClient(), 86_400_000
    found = mlflow.get_run(newest.run_id)
    client.create_run(
        found.info.experiment_id,
        start_time=found.info.start_time + day,
        tags={"decision_log": name_of(log), "anchor_number": "3"},
    )
    assert find_anchor(name_of(log)) == newest


def test_an_older_anchor_can_be_named(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("anchor", log)
    first = find_anchor(name_of(log))
    assert first is not None
    write_more = LogWriter(log)
    write_decisions(write_more, range(3000, 3005))
    write_more.close()
    run("anchor", log)
    capsys.readouterr()
    assert run("verify", log, "--anchor", first.run_id) == 0
    assert f"anchor {first.run_id}" in capsys.readouterr().out


def test_a_run_that_is_no_anchor_of_this_log(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_log(tmp_path / "other", writers=1)
    run("anchor", other)
    found = find_anchor(name_of(other))
    assert found is not None
    assert run("verify", log, "--anchor", found.run_id) == 1
    assert capsys.readouterr().err == (
        f"error: anchor: run {found.run_id} anchors the log {name_of(other)}, this log is "
        f"{name_of(log)}\n"
    )
    assert run("verify", log, "--anchor", "0" * 32) == 1
    with mlflow.start_run() as plain:
        pass
    assert run("verify", log, "--anchor", plain.info.run_id) == 1
    assert capsys.readouterr().err.count("has no readable anchor.json") == 2


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"format_version": 2}, "has format 2, this release reads 1: use a newer release"),
        ({"format_version": 1}, "is damaged"),
        ({"format_version": 1, "claims": [{"writer": "x"}]}, "is damaged"),
    ],
)
def test_an_anchor_that_cannot_be_read(document: dict[str, object], error: str) -> None:
    with mlflow.start_run() as made:
        mlflow.log_dict(document, "anchor.json")
    with pytest.raises(InputError, match=error):
        find_anchor("some log", made.info.run_id)


def test_a_log_without_a_decision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "log"
    open_log(place)
    LogWriter(place).make_folder()
    assert run("anchor", place) == 0
    assert run("verify", place) == 0
    out = capsys.readouterr().out
    assert "0 writers, 0 records" in out
    assert "0 writers, 0 segments, 0 records, 0 of them erased" in out


def test_a_log_of_a_newer_format(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = log / "log.json"
    file.write_text(file.read_text().replace('"format_version":1', '"format_version":2'))
    for command in ("anchor", "verify"):
        assert run(command, log) == 1
        assert capsys.readouterr().err == (
            f"error: decisions: {log} has format 2, this release reads 1: use a newer release\n"
        )


def test_a_proof_of_a_decision(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reader = FolderReader(log)
    segment = next(iter(reader.segments()))
    _, personal = next(iter(reader.pairs(segment)))
    assert personal is not None
    run("anchor", log)
    kept = find_anchor(name_of(log))
    assert kept is not None
    capsys.readouterr()
    assert run("prove", log, personal.identifier) == 0
    proof = json.loads(capsys.readouterr().out)
    assert (proof["id"], proof["anchor"]) == (personal.identifier, kept.run_id)
    assert "loan" not in json.dumps(proof)
    assert run("prove", log, "../log.json") == 1
    assert capsys.readouterr().err.startswith("error: id: must be the id of a decision")


KILLED = """
import os, sys
from pathlib import Path
from scoring_model.decision_log import LogWriter, SegmentFiles
from tests.monitoring.logs import write_decisions
writer = LogWriter(Path(sys.argv[1]))
write_decisions(writer, range(5000, 5010))
files = SegmentFiles(writer.folder, 0)
with files.personal.open("ab") as file:
    file.write(b'{"id":"torn')
with files.records.open("ab") as file:
    file.write(b'{"id":"0')
print(writer.name, flush=True)
os.kill(os.getpid(), 9)
"""


def test_what_a_killed_writer_left_is_repaired_and_anchored(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(log)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr
    writer = ended.stdout.strip()
    assert run("verify", log) == 0
    assert "90 records" in capsys.readouterr().out
    assert run("anchor", log) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        f"{writer}, segment 0: 8 bytes at the end of 000000.records.jsonl were cut off" in lines[0]
    )
    assert lines[-1] == "3 writers, 90 records"
    assert SegmentFiles(log / writer, 0).seal.exists()
    assert run("verify", log) == 0
    assert "it proves 90 records" in capsys.readouterr().out


def test_a_registry_that_does_not_answer(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    for command in ("anchor", "verify"):
        assert run(command, log) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: the registry at http://127.0.0.1:9 does not answer")
        assert error.count("\n") == 1


def test_a_place_is_told_from_others_by_its_address() -> None:
    one = digest_place("postgresql://me:a@host/db")
    assert one == digest_place("postgres://you:b@host/db")
    assert one != digest_place("postgresql://me:a@host/other")
    assert digest_place("/a/x@b/log") != digest_place("/c/y@b/log")
    assert digest_place("log") == digest_place(str(Path("log").resolve()))


def test_a_password_may_be_a_variable() -> None:
    with pytest.raises(InputError, match="NO_SUCH_PASSWORD is not set"):
        main_of("verify", "postgresql://me:${NO_SUCH_PASSWORD}@host/db")


def main_of(command: str, place: str) -> None:
    args = make_parser().parse_args([command, "--decisions", place])
    args.run(args)
