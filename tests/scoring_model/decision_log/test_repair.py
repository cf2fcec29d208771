"""What a killed writer or a power cut leaves is cut back to whole decisions, and sealed."""

import os
import random
from pathlib import Path

import orjson
import pytest

from scoring_model.decision_log import (
    FolderReader,
    LogWriter,
    SegmentFiles,
    close_abandoned,
    open_log,
)
from tests.scoring_model.decision_log.log_lines import write


def abandoned(place: Path, decisions: int = 5) -> SegmentFiles:
    """Return an open segment whose writer has ended without a word."""
    open_log(place)
    writer = LogWriter(place)
    write(writer, range(decisions))
    writer.close()
    files = SegmentFiles(writer.folder, 0)
    files.seal.unlink()
    return files


def repair(place: Path) -> list[str]:
    lines: list[str] = []
    close_abandoned(place, lines.append)
    return lines


def count(files: SegmentFiles) -> tuple[int, int]:
    return len(list(files.read_records())), len(list(files.read_personal()))


def test_a_whole_segment_is_sealed_without_a_word(tmp_path: Path) -> None:
    files = abandoned(tmp_path)
    assert repair(tmp_path) == []
    assert orjson.loads(files.seal.read_bytes())["records"] == 5
    seal = files.seal.read_bytes()
    assert repair(tmp_path) == []
    assert files.seal.read_bytes() == seal


def test_the_segment_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    open_log(tmp_path)
    writer = LogWriter(tmp_path)
    write(writer, range(3))
    assert repair(tmp_path) == []
    assert not SegmentFiles(writer.folder, 0).seal.exists()
    write(writer, range(3, 5))
    writer.close()
    assert count(SegmentFiles(writer.folder, 0)) == (5, 5)


@pytest.mark.parametrize("kind", ["records", "personal"])
def test_a_file_that_was_torn_anywhere(tmp_path: Path, kind: str) -> None:
    rng = random.Random(0)
    for place in range(40):
        files = abandoned(tmp_path / str(place))
        path: Path = getattr(files, kind)
        content = path.read_bytes()
        cut = rng.randrange(len(content) + 1)
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        said = repair(tmp_path / str(place))
        assert count(files) == (whole, whole)
        assert orjson.loads(files.seal.read_bytes())["records"] == whole
        torn = cut < len(content)
        assert all("were cut off: a crash tore or separated them" in line for line in said)
        assert bool(said) == torn
        reader = FolderReader(tmp_path / str(place))
        for segment in reader.segments():
            for record, personal in reader.pairs(segment):
                assert record is not None
                assert personal is not None
                assert orjson.loads(record)["id"] == personal.identifier


def test_zeros_at_the_end_are_cut_off(tmp_path: Path) -> None:
    """A file system may have noted the length of a file before its content."""
    files = abandoned(tmp_path)
    for path in (files.records, files.personal):
        with path.open("r+b") as file:
            file.seek(-30, os.SEEK_END)
            file.write(bytes(30))
    assert len(repair(tmp_path)) == 2
    assert count(files) == (4, 4)


def test_a_damaged_line_between_whole_ones_is_kept_for_verify(tmp_path: Path) -> None:
    files = abandoned(tmp_path)
    lines = files.records.read_bytes().splitlines(keepends=True)
    lines[2] = b"x" + lines[2][1:]
    files.records.write_bytes(b"".join(lines))
    assert repair(tmp_path) == []
    assert count(files) == (5, 5)


def test_a_segment_without_its_personal_file(tmp_path: Path) -> None:
    files = abandoned(tmp_path)
    files.personal.unlink()
    assert len(repair(tmp_path)) == 1
    assert count(files) == (0, 0)
    assert files.seal.exists()


def test_several_segments_are_sealed_in_order(tmp_path: Path) -> None:
    open_log(tmp_path)
    writer = LogWriter(tmp_path, segment_bytes=1000)
    for number in range(0, 12, 3):
        write(writer, range(number, number + 3))
    writer.close()
    segments = list(FolderReader(tmp_path).segments())
    assert len(segments) == 4
    for segment in segments[1:]:
        SegmentFiles(writer.folder, segment.number).seal.unlink()
    assert repair(tmp_path) == []
    again = list(FolderReader(tmp_path).segments())
    assert all(segment.seal is not None for segment in again)


def test_a_segment_whose_predecessor_has_lost_its_seal_and_records(tmp_path: Path) -> None:
    open_log(tmp_path)
    writer = LogWriter(tmp_path, segment_bytes=1000)
    for number in range(0, 9, 3):
        write(writer, range(number, number + 3))
    writer.close()
    for path in writer.folder.glob("000001.*"):
        path.unlink()
    SegmentFiles(writer.folder, 2).seal.unlink()
    (line,) = repair(tmp_path)
    assert line == f"{writer.name} cannot be sealed: No such file or directory"
