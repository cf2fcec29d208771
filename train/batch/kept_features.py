"""The finished rows of a folder of tables, kept beside the output until all of them are scored."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from scoring_model.features import APPLICATION, FeatureSql
from train.batch.input_files import stamp_files
from train.batch.resumable_output import check_output
from train.data import write_features
from train.errors import InputError

JOB_FILE, ROWS_FILE = "job.json", "rows.parquet"


@contextlib.contextmanager
def keep_features(
    features: FeatureSql, folder: Path, output: Path, memory_limit: str, say: Callable[[str], None]
) -> Iterator[Path]:
    """Yield the Parquet file of a folder's finished rows, that of a run that died if it is there.

    It is removed when the rows are scored, and when the input is to blame.

    Parameters
    ----------
    features : FeatureSql
    folder : Path
        The folder of the tables.
    output : Path
        The file of the scores: the rows lie in `<output>.features`.
    memory_limit : str
        The most that the engine may take, such as `4GB`.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        The tables do not give the features.
    """
    check_output(output)
    place = output.with_name(f"{output.name}.features")
    job, rows = _describe_job(features, folder), place / ROWS_FILE
    job_file = place / JOB_FILE
    try:
        if job_file.is_file() and job_file.read_text(encoding="utf-8") == job:
            say("features: those that an earlier run has computed")
        else:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            for note in write_features(features, folder, rows, memory_limit):
                say(note)
            # last: rows with it are all there
            job_file.write_text(job, encoding="utf-8")
        yield rows
    except InputError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    shutil.rmtree(place)


def _describe_job(features: FeatureSql, folder: Path) -> str:
    """Return what the rows come from: the SQL, and every file of its tables as it is now."""
    files: set[Path] = set()
    for history in features.histories:
        files.update(folder.glob(f"{history.table}.*"), folder.glob(f"{history.table}/*"))
    files.update(folder.glob(f"{APPLICATION}*"))
    digest = hashlib.sha256(features.to_json().encode()).hexdigest()
    return json.dumps({"features": digest, "tables": stamp_files(sorted(files))})
