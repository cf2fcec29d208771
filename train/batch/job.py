"""`BatchJob`: which body of loans is to be scored, by what, and where to."""

from dataclasses import dataclass
from pathlib import Path

from train.batch.batch import BatchModel, OnInvalid


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A body of loans to score.

    Attributes
    ----------
    model : BatchModel
    source : str
        File, folder or glob; for a version with histories, the folder of its tables.
    output : Path
        Ends in .parquet or .csv; on Spark a folder of files.
    on_invalid : {"reject", "fail"}
        `fail` stops at the first row that is not valid and leaves nothing.
    """

    model: BatchModel
    source: str
    output: Path
    on_invalid: OnInvalid
