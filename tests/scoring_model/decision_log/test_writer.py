"""A decision is in the log as a whole, or not at all."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from scoring_model.decision_log import (
    FolderReader,
    LogWriter,
    NewDecision,
    PersonalValues,
    SegmentFiles,
    close_abandoned,
    commit_to,
    hash_leaf,
    open_log,
)
from tests.scoring_model.decision_log.log_lines import ORIGIN, decide, write
from tests.scoring_model.processes import wait_until


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of an empty log."""
    open_log(tmp_path / "log")
    return tmp_path / "log"


def numbers(place: Path) -> list[int]:
    """Return the numbers of all records, each of which has its personal part."""
    reader, found = FolderReader(place), []
    for segment in reader.segments():
        for record, personal in reader.pairs(segment):
            assert record is not None
            assert personal is not None
            fields = orjson.loads(record)
            assert personal.identifier == fields["id"]
            assert personal.leaf == hash_leaf(record).hex()
            salt = bytes.fromhex(personal.salt)
            assert commit_to(salt, personal.values.encode()) == fields["commitment"]
            found.append(fields["number"])
    return found


@pytest.mark.parametrize("is_synced", [False, True])
def test_what_is_committed_can_be_read_at_once(place: Path, is_synced: bool) -> None:
    writer = LogWriter(place, is_synced=is_synced)
    assert numbers(place) == []
    writer.add(ORIGIN, decide(0))
    assert numbers(place) == []
    writer.commit()
    assert numbers(place) == [0]
    write(writer, range(1, 4))
    assert numbers(place) == [0, 1, 2, 3]
    writer.commit()
    writer.close()
    assert numbers(place) == [0, 1, 2, 3]


def test_numbers_come_back_to_the_last_bit(place: Path) -> None:
    writer = LogWriter(place)
    for probability in (0.1 + 0.2, 5e-324, 1 / 3, 1.0, 0.0):
        values = PersonalValues(None).write(orjson.dumps({"x": probability}))
        writer.add(ORIGIN, NewDecision(probability, probability / 3, 0, values, "2026-11-25"))
    writer.commit()
    writer.close()
    lines = SegmentFiles(writer.folder, 0).read_records()
    read = [orjson.loads(line) for line in lines]
    assert [r["probability"] for r in read] == [0.1 + 0.2, 5e-324, 1 / 3, 1.0, 0.0]
    assert [r["threshold"] for r in read] == [p / 3 for p in (0.1 + 0.2, 5e-324, 1 / 3, 1.0, 0.0)]
    assert {r["decided_on"] for r in read} == {"2026-11-25"}


def test_two_writers_are_kept_apart(place: Path) -> None:
    one, other = LogWriter(place), LogWriter(place)
    for number in range(3):
        write(one, range(number, number + 1))
        write(other, range(number, number + 1))
    assert one.folder != other.folder
    assert sorted(numbers(place)) == [0, 0, 1, 1, 2, 2]
    one.close()
    other.close()


def test_a_writer_without_decisions_leaves_no_folder(place: Path) -> None:
    LogWriter(place).close()
    assert [path.name for path in place.iterdir()] == ["log.json"]


def test_the_time_is_that_of_the_clock_even_if_it_runs_backwards(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, ids = LogWriter(place), []
    for second in (100, 50, 50, 120):
        moment = second * 10**9 + 123_456_789
        monkeypatch.setattr("scoring_model.decision_log.writer.time.time_ns", lambda t=moment: t)
        ids += write(writer, range(second, second + 1))
    monkeypatch.undo()
    writer.close()
    read = [orjson.loads(line) for line in SegmentFiles(writer.folder, 0).read_records()]
    assert [r["time"][14:] for r in read] == [
        "01:40.123456Z",
        "00:50.123456Z",
        "00:50.123456Z",
        "02:00.123456Z",
    ]
    assert ids == sorted(set(ids)) == [r["id"] for r in read]


SMALL_BYTES = 64 * 1024


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of a log on a disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        open_log(disk / "log")
        yield disk / "log"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill the disk but for so many bytes; return the file that fills it."""
    filler = folder.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
        file.truncate(max(file.tell() - left, 0))
    return filler


@pytest.mark.hostile("the disk of the decision log is full")
@pytest.mark.parametrize("size", [10, 3000, 9000])
@pytest.mark.parametrize("left", [0, 4096, 8192])
def test_a_full_disk_leaves_no_half_decision(small: Path, size: int, left: int) -> None:
    writer = LogWriter(small)
    write(writer, range(2))
    filler = fill(small, left)
    failed = 0
    for number in range(2, 60):
        try:
            write(writer, range(number, number + 1), size)
        except OSError:
            failed += 1
    assert failed
    assert not writer.is_broken
    kept = numbers(small)
    assert kept == list(range(60 - failed))
    # the same writer goes on once there is space
    filler.unlink()
    ids = write(writer, range(2))
    assert numbers(small) == [*kept, len(kept), len(kept) + 1]
    assert FolderReader(small).find(ids[1])[0] is not None
    writer.close()
    assert numbers(small) == [*kept, len(kept), len(kept) + 1]


@pytest.mark.hostile("the disk of the decision log is full")
def test_a_segment_that_cannot_be_sealed_is_sealed_later(small: Path) -> None:
    writer = LogWriter(small)
    write(writer, range(5))
    filler = fill(small, 0)
    with pytest.raises(OSError, match="No space left"):
        writer.close()
    assert numbers(small) == [0, 1, 2, 3, 4]
    filler.unlink()
    close_abandoned(small, print)
    assert SegmentFiles(writer.folder, 0).seal.exists()
    assert list(writer.folder.glob("*.unfinished")) == []


def test_a_segment_that_cannot_be_sealed_is_sealed_with_the_next_one(place: Path) -> None:
    writer = LogWriter(place, segment_bytes=1)
    seal = SegmentFiles(writer.folder, 0).seal
    blocker = seal.with_name(f"{seal.name}.{os.getpid()}.unfinished")
    writer.make_folder()
    blocker.mkdir()
    write(writer, range(1))
    wait_until(lambda: (writer._sealed and writer._sealed.done()) or None)
    assert not seal.exists()
    blocker.rmdir()
    write(writer, range(1, 3))
    writer.close()
    sealed = [segment.seal for segment in FolderReader(place).segments()]
    assert len(sealed) == 2
    assert None not in sealed


def test_what_is_being_written_is_not_read(place: Path) -> None:
    """An open segment is read up to the last finished write: a later one may be taken back."""
    writer = LogWriter(place)
    write(writer, range(2))
    files = SegmentFiles(writer.folder, 0)
    sizes = files.final_sizes()
    reader = FolderReader(place)
    (segment,) = reader.segments()
    pairs = reader.pairs(segment)
    assert next(pairs)[0] is not None
    write(writer, range(2, 4))
    assert len(list(pairs)) == 1
    assert files.final_sizes() > sizes
    writer.close()
