"""Compute the rows of a folder of tables, and keep them in a file until all are scored."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from scoring_model.features import APPLICATION, FeatureSql
from train.batch.input_tables import stamp_files
from train.batch.resumable_output import check_output
from train.data import write_features
from train.errors import InputError

JOB_FILE, ROWS_FILE = "job.json", "rows.parquet"


@contextlib.contextmanager
def keep_features(
    features: FeatureSql, folder: Path, output: Path, memory_limit: str, say: Callable[[str], None]
) -> Iterator[Path]:
    """Yield the Parquet file of finished rows (applications with all features).

    If a killed run has left such a file for the same tables and SQL, it is used again. The file is
    removed when all rows are scored, and after an `InputError`.

    Parameters
    ----------
    features : FeatureSql
        The SQL of the version that scores.
    folder : Path
        The folder of the tables.
    output : Path
        The file of the decisions. The rows are kept in the folder `<output>.features`.
    memory_limit : str
        Most memory that DuckDB may use, such as `4GB`.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        The features cannot be computed from the tables.
    """
    check_output(output)
    place = output.with_name(f"{output.name}.features")
    job, rows = _describe_job(features, folder), place / ROWS_FILE
    job_file = place / JOB_FILE
    try:
        if job_file.is_file() and job_file.read_text(encoding="utf-8") == job:
            say("features: reused from an earlier run")
        else:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for note in write_features(features, folder, rows, memory_limit):
                say(note)
            # written last: if this file exists, the rows are complete
            job_file.write_text(job, encoding="utf-8")
        yield rows
    except InputError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    shutil.rmtree(place)


def _describe_job(features: FeatureSql, folder: Path) -> str:
    """Return a text that identifies the job: the SQL, and the current state of every file."""
    files: set[Path] = set()
    for history in features.histories:
        files.update(folder.glob(f"{history.table}.*"), folder.glob(f"{history.table}/*"))
    files.update(folder.glob(f"{APPLICATION}*"))
    digest = hashlib.sha256(features.to_json().encode()).hexdigest()
    return json.dumps({"features": digest, "tables": stamp_files(sorted(files))})
