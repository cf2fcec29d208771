"""`BatchJob`: the loans to score, the version that scores them, and the output."""

from dataclasses import dataclass
from pathlib import Path

from scoring_model.features import FeatureSql
from train.batch.batch import BatchModel, OnInvalid


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job of batch scoring.

    Attributes
    ----------
    model : BatchModel
    source : str
        File, folder or glob of the loans. For a version with histories: the folder of its tables.
    output : Path
        A file that ends in .parquet or .csv; on Spark a folder of files with this name.
    on_invalid : {"reject", "fail"}
        `fail` stops at the first invalid row and leaves no output.
    """

    model: BatchModel
    source: str
    output: Path
    on_invalid: OnInvalid

    @property
    def tables(self) -> tuple[FeatureSql, Path] | None:
        """SQL and folder of tables to compute the rows from; None if the rows are given."""
        features, folder = self.model.scorer.features, Path(self.source)
        return (features, folder) if features is not None and folder.is_dir() else None
