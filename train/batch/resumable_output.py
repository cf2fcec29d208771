"""Save the output of a long job in parts, so that a killed job can continue."""

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from train.batch.input_tables import Position
from train.errors import InputError

JOB_FILE = "job.json"
REJECTED_HEADING = ("file", "row", "column", "rule")
Rejection = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class PartState:
    """The state of the job after a finished part.

    Attributes
    ----------
    end : Position
        Position in the input where the next part starts.
    scored, rejected : int
        Numbers of rows of this part.
    """

    end: Position
    scored: int
    rejected: int


class ResumableOutput:
    """The parts of one output, in the folder `<output>.parts`.

    Parameters
    ----------
    output : Path
        A file that ends in .parquet or .csv. It exists only when all parts are put together.
    schema : pyarrow.Schema
        The output's columns.
    job : mapping
        Identifies the job, as JSON values. Parts of another job are removed.
    """

    def __init__(self, output: Path, schema: pa.Schema, job: Mapping[str, Any]) -> None:
        check_output(output)
        self.output = output
        self.rejected = rejected_file(output)
        self.schema = schema
        self._folder = output.with_name(f"{output.name}.parts")
        job_text = json.dumps(job, sort_keys=True)
        job_file = self._folder / JOB_FILE
        if not job_file.is_file() or job_file.read_text(encoding="utf-8") != job_text:
            self.discard()
            self._folder.mkdir()
            with whole_file(job_file) as file:
                file.write(job_text.encode())

    def finished(self) -> list[PartState]:
        """Return the states of the finished parts, in order."""
        states: list[PartState] = []
        while (file := self.part_file(len(states), ".json")).is_file():
            document = json.loads(file.read_text(encoding="utf-8"))
            states.append(PartState(**{**document, "end": Position(**document["end"])}))
        return states

    def add(
        self, number: int, table: pa.Table, rejections: Sequence[Rejection], state: PartState
    ) -> None:
        """Write one part. Its state is written last; without it the part is not finished."""
        with whole_file(self.part_file(number, self.output.suffix)) as file:
            if self.output.suffix == ".csv":
                options = pacsv.WriteOptions(include_header=number == 0)
                pacsv.write_csv(table, file, options)
            else:
                pq.write_table(table, file)
        with whole_file(self.part_file(number, ".rejected")) as file:
            lines = CsvLines(file)
            csv.writer(lines).writerows(rejections)
        with whole_file(self.part_file(number, ".json")) as file:
            file.write(json.dumps(asdict(state)).encode())

    def part_file(self, number: int, ending: str) -> Path:
        """Return the path of something that belongs to a part, and goes with all parts."""
        return self._folder / f"{number:06d}{ending}"

    def assemble(self) -> None:
        """Put all parts together under the final names, then remove the parts.

        A file gets its final name only when it is complete.
        """
        states = self.finished()
        if any(state.rejected for state in states):
            with whole_file(self.rejected) as file:
                csv.writer(CsvLines(file)).writerow(REJECTED_HEADING)
                self._copy(file, len(states), ".rejected")
        else:
            self.rejected.unlink(missing_ok=True)
        with whole_file(self.output) as file:
            if self.output.suffix == ".csv":
                self._copy(file, len(states), ".csv")
            else:
                with pq.ParquetWriter(file, self.schema) as writer:
                    for number in range(len(states)):
                        writer.write_table(pq.read_table(self.part_file(number, ".parquet")))
        self.discard()

    def discard(self) -> None:
        """Remove all parts."""
        if self._folder.exists():
            # first: what is left of the parts when this is killed must not be continued
            (self._folder / JOB_FILE).unlink(missing_ok=True)
            shutil.rmtree(self._folder)

    def _copy(self, file: IO[bytes], parts: int, ending: str) -> None:
        for number in range(parts):
            with self.part_file(number, ending).open("rb") as part:
                shutil.copyfileobj(part, file)


def check_output(output: Path) -> None:
    """Raise `InputError` if the output's ending or folder is wrong."""
    if output.suffix not in (".parquet", ".csv"):
        raise InputError(f"output {output}: must end in .parquet or .csv")
    if not output.parent.is_dir():
        raise InputError(f"output {output}: no such folder")


def rejected_file(output: Path) -> Path:
    """Return the path of the file of rejected rows for an output."""
    return output.with_name(f"{output.name}.rejected")


class CsvLines:
    """Lets `csv.writer` write its text into a binary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write one line of text as UTF-8."""
        return self._file.write(text.encode())


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing. It gets its name only when it is complete and on the disk."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
