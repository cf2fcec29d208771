"""The folder of a log: who may make it, and what a seal says."""

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from scoring_model.decision_log import (
    NO_SEAL,
    DecisionLog,
    FolderReader,
    LogFormatError,
    LogSettings,
    LogWriter,
    MerkleTree,
    SegmentFiles,
    close_abandoned,
    hash_leaf,
    open_log,
)
from tests.conftest import ROOT
from tests.scoring_model.decision_log.log_lines import write


def test_a_log_keeps_its_name(tmp_path: Path) -> None:
    place = tmp_path / "a" / "log"
    name = open_log(place)
    assert open_log(place) == name
    assert FolderReader(place).log == name
    assert open_log(tmp_path / "other") != name


def test_nobody_else_may_read_a_log(tmp_path: Path) -> None:
    place = tmp_path / "log"
    open_log(place)
    writer = LogWriter(place)
    write(writer, range(3))
    writer.close()
    for path in (place, *place.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LogFormatError, match="holds other files"):
        open_log(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"format_version":2,"log":"x"}', "has format 2, this release reads 1"),
        ("{}", "must have a format_version"),
        ("[]", "must have a format_version"),
        ('{"format_version":true}', "must have a format_version"),
        ("no json", "is not JSON"),
    ],
)
def test_a_log_that_cannot_be_read(tmp_path: Path, text: str, error: str) -> None:
    (tmp_path / "log.json").write_text(text)
    for use in (open_log, FolderReader):
        with pytest.raises(LogFormatError, match=error) as caught:
            use(tmp_path)
        assert "\n" not in str(caught.value)


def test_a_folder_without_a_log(tmp_path: Path) -> None:
    with pytest.raises(LogFormatError, match=r"it has no log\.json"):
        FolderReader(tmp_path)


OPEN = """
import sys
from pathlib import Path
from scoring_model.decision_log import open_log
sys.stdin.read(1)
print(open_log(Path(sys.argv[1])))
"""


def test_processes_that_open_a_new_log_at_once_agree_on_its_name(tmp_path: Path) -> None:
    place = tmp_path / "log"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(place)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    names = {process.communicate(timeout=60)[0] for process in started}
    assert len(names) == 1
    assert [process.returncode for process in started] == [0] * 4
    assert [path.name for path in place.iterdir()] == ["log.json"]


def test_a_seal_names_the_root_and_the_seal_before(tmp_path: Path) -> None:
    open_log(tmp_path)
    writer = LogWriter(tmp_path, segment_bytes=2000)
    for start in range(0, 30, 3):
        write(writer, range(start, start + 3))
    writer.close()
    previous, total = NO_SEAL, 0
    segments = list(FolderReader(tmp_path).segments())
    assert len(segments) > 3
    for number, segment in enumerate(segments):
        files = SegmentFiles(writer.folder, number)
        tree = MerkleTree()
        for record in files.read_records():
            tree.add(hash_leaf(record))
            assert orjson.loads(record)["number"] == total
            total += 1
        assert segment.seal is not None
        seal = orjson.loads(segment.seal)
        assert (seal["root"], seal["records"]) == (tree.root().hex(), tree.size)
        assert (seal["previous"], seal["segment"]) == (previous, number)
        assert (seal["writer"], seal["format_version"]) == (writer.name, 1)
        previous = hashlib.sha256(segment.seal).hexdigest()
    assert total == 30


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    """Its end, which comes while others read, is not taken for a line of its own."""
    files = SegmentFiles(tmp_path, 0)
    files.records.write_bytes(b"one\ntwo\nthr")
    lines = files.read_records()
    assert [next(lines), next(lines)] == [b"one", b"two"]
    assert list(lines) == []
    lines = files.read_records()
    assert [next(lines), next(lines)] == [b"one", b"two"]
    with files.records.open("ab") as file:
        file.write(b"ee\n")
    # whether it was seen whole or not at all
    assert list(lines) in ([b"three"], [])
    assert list(files.read_records()) == [b"one", b"two", b"three"]


def test_what_follows_the_last_line_of_a_sealed_segment_is_read(tmp_path: Path) -> None:
    files = SegmentFiles(tmp_path, 0)
    files.records.write_bytes(b"one\ntwo")
    assert list(files.read_records()) == [b"one"]
    files.seal.write_bytes(b"{}")
    assert list(files.read_records()) == [b"one", b"two"]
    assert list(files.read_personal()) == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format_version": 1}', '{"log": "a"}'])
def test_a_damaged_log_file_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.json").write_text(text)
    with pytest.raises(LogFormatError, match=r"log\.json"):
        open_log(tmp_path)


def test_other_files_in_a_writers_folder_are_left_alone(tmp_path: Path) -> None:
    open_log(tmp_path / "log")
    writer = LogWriter(tmp_path / "log")
    write(writer, range(3))
    (writer.folder / "1.records.jsonl").write_text("text")
    (writer.folder / "notes.records.jsonl").write_text("text")
    close_abandoned(tmp_path / "log", print)
    writer.close()
    assert [s.number for s in FolderReader(tmp_path / "log").segments()] == [0]


@pytest.mark.hostile("a password in a log or an answer")
def test_another_url_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LogFormatError, match="a URL that begins with postgresql://") as told:
        DecisionLog(LogSettings("postgresql+psycopg://me:secret@host/name"))
    assert "secret" not in str(told.value)
    assert list(tmp_path.iterdir()) == []
