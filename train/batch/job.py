"""`BatchJob`: which body of loans is to be scored, by what, and where to."""

from dataclasses import dataclass
from pathlib import Path

from scoring_model.features import FeatureSql
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

    @property
    def tables(self) -> tuple[FeatureSql, Path] | None:
        """The SQL and the folder of tables that rows are computed from; None for finished rows."""
        features, folder = self.model.scorer.features, Path(self.source)
        return (features, folder) if features is not None and folder.is_dir() else None
