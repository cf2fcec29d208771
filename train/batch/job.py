"""`BatchJob`: the loans to score, the version that scores them, and the output."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scoring_model.features import FeatureSql
from train.batch.batch import BatchReport, OnInvalid, score_loans
from train.batch.batch_log import BatchLog
from train.batch.batch_model import BatchModel
from train.batch.kept_features import keep_features
from train.batch.resumable_output import rejected_file
from train.tables import Source, write_batches


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job of batch scoring.

    Attributes
    ----------
    model : BatchModel
    source : Source
        Where the loans are. For a version with histories: the folder of its tables.
    output : Path
        A file that ends in .parquet or .csv; on Spark a folder of files with this name.
    on_invalid : {"reject", "fail"}
        `fail` stops at the first invalid row and leaves no output.
    database : str
        SQLAlchemy URL: the decisions go into its table with the name `output`, and invalid rows
        into the file `<output>.rejected` of the working directory. Empty for a file.
    log : BatchLog, optional
        Gets a record of every decision.
    """

    model: BatchModel
    source: Source
    output: Path
    on_invalid: OnInvalid
    database: str = ""
    log: BatchLog | None = None

    def score(self, source: Source, say: Callable[[str], None]) -> BatchReport:
        """Score the rows of a source in the place of the job's own; see `score_loans`."""
        return score_loans(
            self.model, source, self.output, on_invalid=self.on_invalid, say=say, log=self.log
        )

    @property
    def tables(self) -> tuple[FeatureSql, Path] | None:
        """SQL and folder of tables to compute the rows from; None if the rows are given."""
        features, folder = self.model.scorer.features, Path(self.source.place)
        return (features, folder) if features is not None and folder.is_dir() else None


def score_job(job: BatchJob, memory_limit: str, say: Callable[[str], None]) -> BatchReport:
    """Score the loans of a job on this machine.

    Parameters
    ----------
    job : BatchJob
    memory_limit : str
        Most memory that DuckDB may use for features from histories, such as `4GB`.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        In the cases of `score_loans` and `keep_features`, or the database does not take the rows.
    """
    if job.database:
        return _score_into_database(job, memory_limit, say)
    if job.tables is None:
        return job.score(job.source, say)
    features, folder = job.tables
    with keep_features(features, folder, job.output, memory_limit, say) as rows:
        return job.score(Source(str(rows.resolve())), say)


def _score_into_database(
    job: BatchJob, memory_limit: str, say: Callable[[str], None]
) -> BatchReport:
    """Score into a file first, so that the table gets all decisions or none."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "scored.parquet"
        report = score_job(replace(job, output=output, database=""), memory_limit, say)
        with pq.ParquetFile(output) as scored:
            write_batches(scored.iter_batches(), scored.schema_arrow, job.database, job.output.name)
        rejected = rejected_file(Path(job.output.name))
        rejected.unlink(missing_ok=True)
        if report.rejected:
            shutil.move(report.rejected_file, rejected)
    return replace(report, rejected_file=rejected)
