"""The rows that a recalibrated version is judged by: kept in its run, and fetched for the gate."""

import hashlib
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from train.errors import InputError, reason_of
from train.promotion.gate import JudgedRows

# tags of a recalibrated version: number of the champion, and SHA-256 of the rows
RECALIBRATED_FROM, ROWS_TAG = "recalibrated_from", "judged_rows_sha256"
ROWS_FILE = "judged_rows.npz"
MATURED = "matured decisions"
ONLY_ACCEPTED = (
    "Only the outcomes of accepted applicants were known. So this cannot show what accepting more "
    "applicants would save."
)


def keep_judged_rows(rows: JudgedRows) -> dict[str, str]:
    """Keep the rows in the active run; return the tags that the version needs.

    Parameters
    ----------
    rows : JudgedRows
    """
    data = rows.to_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ROWS_FILE
        path.write_bytes(data)
        mlflow.log_artifact(str(path))
    return {RECALIBRATED_FROM: str(rows.version), ROWS_TAG: hashlib.sha256(data).hexdigest()}


def fetch_judged_rows(challenger: ModelVersion, champion: ModelVersion | None) -> JudgedRows:
    """Fetch the rows of a recalibrated version from its run.

    Parameters
    ----------
    challenger : ModelVersion
        The recalibrated version.
    champion : ModelVersion or None
        The present champion.

    Raises
    ------
    InputError
        The version was judged against another champion, or its rows are not there or not the same.
    """
    who, judged = f"version {challenger.version}", challenger.tags[RECALIBRATED_FROM]
    if champion is None or str(champion.version) != judged:
        now = "there is none" if champion is None else f"it is version {champion.version}"
        raise InputError(
            f"{who} was judged against version {judged}, which is no longer the champion ({now}): "
            "run recalibrate again"
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            uri = f"runs:/{challenger.run_id}/{ROWS_FILE}"
            data = Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)).read_bytes()
        except (MlflowException, OSError) as error:
            raise InputError(
                f"{who}: {ROWS_FILE} of its run was not found: {reason_of(error)}: "
                "run recalibrate again"
            ) from error
    if hashlib.sha256(data).hexdigest() != challenger.tags.get(ROWS_TAG):
        raise InputError(f"{who}: {ROWS_FILE} of its run was changed: run recalibrate again")
    return JudgedRows.from_bytes(data)
