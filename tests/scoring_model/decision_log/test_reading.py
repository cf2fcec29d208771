"""Every decision is found by its id, and read in the order in which it was written."""

import threading
import uuid
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring_model.decision_log import (
    FolderReader,
    LoggedSegment,
    LogWriter,
    SegmentFiles,
    open_log,
    read_personal_line,
    write_erased,
)
from tests.scoring_model.decision_log.log_lines import write


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of an empty log."""
    open_log(tmp_path / "log")
    return tmp_path / "log"


def test_every_decision_is_found_among_lines_of_all_lengths(place: Path) -> None:
    writers = [LogWriter(place, segment_bytes=3000) for _ in range(2)]
    ids = []
    for number in range(60):
        ids += write(writers[number % 2], range(number, number + 1), size=number * 37 % 1500)
    reader = FolderReader(place)
    for identifier in ids:
        record, personal = reader.find(identifier)
        assert record is not None
        assert personal is not None
        assert orjson.loads(record)["id"] == personal.identifier == identifier
    for writer in writers:
        writer.close()
    assert [reader.find(identifier)[0] is not None for identifier in ids] == [True] * 60


def test_ids_that_nobody_made(place: Path) -> None:
    writer = LogWriter(place)
    (identifier,) = write(writer, range(1))
    reader = FolderReader(place)
    number = uuid.UUID(identifier).int
    for other in (number + (1 << 64), number - (1 << 64), 7 << 76, number ^ 1):
        assert reader.find(str(uuid.UUID(int=other))) == (None, None)
    writer.close()


@given(st.lists(st.integers(1, 400), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_the_search_finds_lines_of_any_length(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    place = tmp_path_factory.mktemp("log")
    open_log(place)
    writer = LogWriter(place)
    ids = [write(writer, range(1), size=size)[0] for size in sizes]
    reader = FolderReader(place)
    for identifier in ids:
        _, personal = reader.find(identifier)
        assert personal is not None
        assert personal.identifier == identifier
    writer.close()


def test_an_erased_decision_is_found(place: Path) -> None:
    writer = LogWriter(place)
    ids = write(writer, range(9))
    path = SegmentFiles(writer.folder, 0).personal
    lines = path.read_bytes().splitlines()
    part = read_personal_line(lines[4])
    assert part is not None
    lines[4] = write_erased(part.identifier, part.leaf, "2026-11-25", len(lines[4]))
    path.write_bytes(b"\n".join(lines) + b"\n")
    for index, identifier in enumerate(ids):
        record, personal = FolderReader(place).find(identifier)
        assert record is not None
        assert personal is not None
        assert personal.erased == ("2026-11-25" if index == 4 else "")
        assert bool(personal.values) == (index != 4)
    writer.close()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id":1,"leaf":"b"}',
        b'{"id":"a","leaf":"b"}',
        b'{"id":"a","leaf":"b","salt":"c"}',
        b'{"id":"a","leaf":"b","salt":"c","values":"d","more":"e"}',
        b'{"id":"a","leaf":"b","salt":"c","values":"d","erased":"e"}',
        b'{"id":"a","leaf":"b","salt":"c","values":null}',
        b'{"id":"a","leaf":"b","salt":"c","values":"d"}\t',
        b'{"id":"a", "leaf":"b","salt":"c","values":"d"}',
        b'{"id":"\\u0061","leaf":"b","salt":"c","values":"d"}',
        b'{"id":"a","leaf":"b","salt":"c","values":"\xff"}',
    ],
)
def test_a_personal_line_that_no_writer_wrote(line: bytes) -> None:
    assert read_personal_line(line) is None


def test_a_log_that_is_read_while_it_is_written(place: Path) -> None:
    """A reader never sees half a decision, nor a seal before the one in front of it."""
    writer, is_done = LogWriter(place, segment_bytes=5000), threading.Event()

    def write_all() -> None:
        for number in range(0, 1500, 5):
            write(writer, range(number, number + 5), size=number % 300)
        is_done.set()

    thread = threading.Thread(target=write_all)
    thread.start()
    reader, passes = FolderReader(place), 0
    while not is_done.is_set() or not passes:
        check_pass(reader, list(reader.segments()))
        passes += 1
    thread.join()
    writer.close()
    assert check_pass(reader, list(reader.segments())) == 1500


def check_pass(reader: FolderReader, segments: list[LoggedSegment]) -> int:
    """Check what a reader sees at one time; return the number of decisions."""
    sealed = [segment.seal is not None for segment in segments]
    assert sealed == sorted(sealed, reverse=True)
    number = 0
    for segment in segments:
        for record, personal in reader.pairs(segment):
            assert record is not None
            assert personal is not None
            assert orjson.loads(record)["number"] == number
            number += 1
    return number
