"""Erased decisions are gone from every file, and the log still fits its anchor."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from monitoring.__main__ import main
from monitoring.erasure import Choice, Erasure, erase_decisions, of_reference, older_than
from monitoring.proof import make_anchor, verify_log
from scoring_model.decision_log import (
    FolderReader,
    LogWriter,
    NewDecision,
    PersonalValues,
    SegmentFiles,
    hash_leaf,
    open_log,
)
from tests.conftest import ROOT
from tests.monitoring.logs import ORIGIN, decide, make_log, write_decisions

TODAY = datetime.now(UTC)


def erase(place: Path, choice: Choice) -> Erasure:
    return erase_decisions(str(place), choice, print)


def text_of(place: Path) -> bytes:
    """Return the content of all files."""
    return b"".join(path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file())


def sizes_of(place: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in place.rglob("*") if path.is_file()}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of two writers."""
    return make_log(tmp_path / "log")


def test_nothing_of_an_erased_decision_is_left(log: Path) -> None:
    anchor = make_anchor(FolderReader(log), None).anchor
    (files, position) = SegmentFiles(log / "8000000000000000", 1), 4
    part = orjson.loads(list(files.read_personal())[position])
    reference = orjson.loads(part["values"])["reference"]
    before = sizes_of(log)
    assert erase(log, of_reference(reference, None)) == Erasure(1, 0, 0)
    for value in (reference, part["salt"]):
        assert f'"{value}"'.encode() not in text_of(log)
        assert f'\\"{value}\\"'.encode() not in text_of(log)
    assert sizes_of(log) == before
    line = list(files.read_personal())[position]
    erased = {"id": part["id"], "leaf": part["leaf"], "erased": TODAY.date().isoformat()}
    assert orjson.loads(line) == erased
    found = verify_log(FolderReader(log), anchor)
    assert (found.findings, found.erased, found.proven) == ([], 1, 80)
    assert erase(log, of_reference(reference, None)) == Erasure(0, 1, 0)


def test_all_decisions_of_a_reference_are_erased(tmp_path: Path) -> None:
    place = tmp_path / "log"
    open_log(place)
    writer = LogWriter(place, segment_bytes=1500)
    for _ in range(5):
        writer.add(ORIGIN, decide(7))
        write_decisions(writer, range(10, 14))
    writer.close()
    assert erase(place, of_reference("loan-7", None)) == Erasure(5, 0, 0)
    assert b"loan-7" not in text_of(place)
    assert text_of(place).count(b"loan-1") == 20


def test_a_reference_that_is_kept_as_a_digest(tmp_path: Path) -> None:
    place, key = tmp_path / "log", b"a secret of the lender"
    open_log(place)
    writer = LogWriter(place)
    writer.add(ORIGIN, decide(1))
    writer.add(ORIGIN, decide(1, PersonalValues(key)))
    writer.add(ORIGIN, decide(2, PersonalValues(key)))
    writer.commit()
    writer.close()
    digest = PersonalValues(key).identify("loan-1").encode()
    assert digest in text_of(place)
    # without the key, only the reference itself is found
    assert erase(place, of_reference("loan-1", None)) == Erasure(1, 0, 0)
    assert erase(place, of_reference("loan-1", b"another key")) == Erasure(0, 1, 0)
    assert erase(place, of_reference("loan-1", key)) == Erasure(1, 1, 0)
    assert digest not in text_of(place)


def test_decisions_that_are_old_enough(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the record, whatever its id says: clocks run backwards."""
    writer = LogWriter(log)
    now = TODAY.timestamp()
    ids = []
    for days in (1, 400, 0, 30, 31):
        moment = int((now - days * 86400) * 1e9)
        monkeypatch.setattr("scoring_model.decision_log.writer.time.time_ns", lambda t=moment: t)
        ids += write_decisions(writer, range(days, days + 1))
    monkeypatch.undo()
    writer.close()
    assert ids == sorted(ids)
    made = erase(log, older_than(TODAY - timedelta(days=30, hours=1)))
    assert made == Erasure(2, 0, 0)
    left = [orjson.loads(line) for line in SegmentFiles(writer.folder, 0).read_personal()]
    assert ["erased" in part for part in left] == [False, True, False, False, True]
    assert verify_log(FolderReader(log), None).findings == []


def test_a_segment_that_is_being_written(tmp_path: Path) -> None:
    place = tmp_path / "log"
    open_log(place)
    writer = LogWriter(place)
    write_decisions(writer, range(10))
    anchor = make_anchor(FolderReader(place), None).anchor
    assert erase(place, of_reference("loan-9", None)) == Erasure(1, 0, 0)
    write_decisions(writer, range(10, 20))
    assert erase(place, of_reference("loan-15", None)) == Erasure(1, 1, 0)
    write_decisions(writer, range(20, 25))
    writer.close()
    assert b"loan-9" not in text_of(place)
    found = verify_log(FolderReader(place), anchor)
    assert (found.findings, found.erased, found.records, found.proven) == ([], 2, 25, 10)


@pytest.mark.parametrize("done", [130, 150, 200, 250])
def test_an_erasure_that_was_killed_in_the_middle_of_a_line_is_finished(
    log: Path, done: int
) -> None:
    path = SegmentFiles(log / "8000000000000000", 0).personal
    before = path.read_bytes()
    erase(log, of_reference("loan-0", None))
    after = path.read_bytes()
    path.write_bytes(after[:done] + before[done:])
    assert (b"loan-0" in path.read_bytes()) == (done < before.index(b"loan-0"))
    # whatever is erased next
    assert erase(log, of_reference("loan-1", None)).erased == 2
    assert path.read_bytes()[: len(before.splitlines()[0])] == after.splitlines()[0]
    assert verify_log(FolderReader(log), None).findings == []


def test_a_damaged_part_is_erased_by_its_age_and_reported_otherwise(log: Path) -> None:
    path = SegmentFiles(log / "8000000000000000", 0).personal
    path.write_bytes(path.read_bytes().replace(b'"salt"', b'"sald"', 1))
    assert erase(log, of_reference("loan-0", None)) == Erasure(0, 0, 1)
    assert erase(log, older_than(TODAY + timedelta(days=1))) == Erasure(80, 0, 0)
    assert verify_log(FolderReader(log), None).findings == []
    assert b"income" not in text_of(log)


def test_values_that_are_no_longer_json_are_reported(log: Path) -> None:
    path = SegmentFiles(log / "8000000000000000", 0).personal
    path.write_bytes(path.read_bytes().replace(b'"values":"{', b'"values":"(', 1))
    assert erase(log, of_reference("loan-0", None)) == Erasure(0, 0, 1)


def test_a_part_without_a_record_is_cut_off(log: Path) -> None:
    """A crash leaves it behind, and nobody would ever find it."""
    writer = LogWriter(log)
    write_decisions(writer, range(3))
    files = SegmentFiles(writer.folder, 0)
    lines = files.records.read_bytes().splitlines(keepends=True)
    files.records.write_bytes(b"".join(lines[:2]))
    # the lock of a killed process is free
    script = "import sys; sys.path[:0] = ['.']; from pathlib import Path; from scoring_model."
    script += "decision_log import close_abandoned as c; c(Path(sys.argv[1]), print)"
    erase(log, of_reference("loan-0", None))
    assert b"loan-2" in files.personal.read_bytes()
    writer.close()
    files.seal.unlink()
    subprocess.run([sys.executable, "-c", script, str(log)], cwd=ROOT, check=True)
    assert b"loan-2" not in files.personal.read_bytes()


def test_a_leaf_that_was_altered_is_kept(log: Path) -> None:
    """An erasure never mends what `verify` has to report."""
    files = SegmentFiles(log / "8000000000000000", 0)
    record = next(iter(files.read_records()))
    leaf = hash_leaf(record).hex().encode()
    files.personal.write_bytes(files.personal.read_bytes().replace(leaf, b"0" * 64))
    erase(log, of_reference("loan-0", None))
    assert verify_log(FolderReader(log), None).findings != []


def command(*arguments: str) -> int:
    return main(["erase", *arguments])


def test_what_the_command_says(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("--decisions", str(log))
    monkeypatch.setenv("DECISION_LOG_KEY", "a key that came later")
    assert command(*place, "--reference", "loan-7") == 0
    assert command(*place, "--reference", "loan-7") == 0
    assert command(*place, "--older-than", "1") == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "1 decision erased; 0 decisions of this log had been erased before",
        "no decision has this reference; 1 decision of this log had been erased before",
        "no decision is older than 1 day; 1 decision of this log had been erased before",
    ]
    assert "loan-7" not in output.out + output.err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "error: one of the arguments --reference --older-than is required; known: --deci"),
        (["--reference", ""], "error: reference must not be empty"),
        (["--older-than", "0"], "error: older-than must be at least 1 day, got 0"),
        (["--older-than", "99999999"], ""),
        (["--reference", "x", "--older-than", "3"], "error: argument --older-than: not allowed"),
    ],
)
def test_wrong_arguments(
    log: Path, arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = command("--decisions", str(log), *arguments)
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == (1 if error else 0)
    shown = capsys.readouterr().err
    assert shown.startswith(error)
    assert shown.count("\n") == bool(error)


def test_a_folder_that_is_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--decisions", str(tmp_path), "--reference", "x") == 1
    assert capsys.readouterr().err == (
        f"error: decisions: {tmp_path} is no decision log: it has no log.json\n"
    )


def test_a_decision_without_a_reference_is_passed_over(tmp_path: Path) -> None:
    place = tmp_path / "log"
    open_log(place)
    writer = LogWriter(place)
    values = PersonalValues(None).write(b'{"reference":"loan-1"}')
    writer.add(ORIGIN, NewDecision(0.5, 0.3, 0, values, None))
    writer.commit()
    writer.close()
    # a field of the applicant with that name is not the caller's reference
    assert erase(place, of_reference("loan-1", None)) == Erasure(0, 0, 0)
