"""Anchors in MLflow: each is a run of its own, found by its tag."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from monitoring.errors import DecisionsDiffer
from monitoring.proof.anchor import Anchor, read_anchor
from scoring_model.decision_log import DATABASES, address_of
from train.errors import InputError

ANCHOR_FILE = "anchor.json"
LOG_TAG, NUMBER_TAG, PLACE_TAG = "decision_log", "anchor_number", "decision_log_place"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class KeptAnchor:
    """An anchor in MLflow.

    Attributes
    ----------
    run_id : str
    anchor : Anchor
    """

    run_id: str
    anchor: Anchor


def digest_place(place: str) -> str:
    """Return a digest of where a log is: it tells nothing about a folder or an address."""
    is_database = place.startswith(DATABASES)
    shown = address_of(place) if is_database else str(Path(place).resolve())
    return hashlib.sha256(shown.encode()).hexdigest()


def log_anchor(anchor: Anchor, place: str) -> None:
    """Log an anchor of the log at a place in the active run."""
    mlflow.log_dict(anchor.to_document(), ANCHOR_FILE)
    # the last step: a run with these tags holds a whole anchor
    tags = {NUMBER_TAG: anchor.number, PLACE_TAG: digest_place(place), LOG_TAG: anchor.log}
    mlflow.set_tags(tags)


def check_name(log: str, place: str) -> None:
    """Raise `DecisionsDiffer` if an anchor says that another log was at a place.

    Anchors are found by the name of the log, which stands in the log itself: who changes it must
    not get rid of the anchors.
    """
    for run in _find_runs(f"tags.{PLACE_TAG} = '{digest_place(place)}'"):
        if (other := run.data.tags.get(LOG_TAG, log)) != log:
            raise DecisionsDiffer(
                f"decisions: this log is named {log}, and the anchor in run {run.info.run_id} says "
                f"that the log {other} is at this place: its name was changed, or it was replaced"
            )


def find_anchor(log: str, run_id: str | None = None) -> KeptAnchor | None:
    """Return the newest anchor of a log, or that of a run; None if there is none yet.

    Parameters
    ----------
    log : str
        Name of the log.
    run_id : str, optional

    Raises
    ------
    InputError
        The run holds no anchor of this log, or the anchor cannot be read.
    """
    if run_id is None:
        run_id = _find_newest(log)
        if run_id is None:
            return None
    try:
        document = mlflow.artifacts.load_dict(f"runs:/{run_id}/{ANCHOR_FILE}")
    except (MlflowException, OSError) as error:
        raise InputError(f"anchor: run {run_id} has no readable {ANCHOR_FILE}") from error
    anchor = read_anchor(document, run_id)
    if anchor.log != log:
        raise InputError(f"anchor: run {run_id} anchors the log {anchor.log}, this log is {log}")
    return KeptAnchor(run_id, anchor)


def _find_newest(log: str) -> str | None:
    """Return the run of the anchor with the highest number: clocks may run backwards."""
    newest = (-1, 0, "")
    for run in _find_runs(f"tags.{LOG_TAG} = '{log}'"):
        number = int(run.data.tags[NUMBER_TAG])
        newest = max(newest, (number, run.info.start_time, run.info.run_id))
    return newest[2] or None


def _find_runs(rule: str) -> Iterator[Run]:
    """Yield the runs of all experiments that a filter of MLflow selects."""
    client = MlflowClient()
    experiments, token = [], None
    while token != "":
        found = client.search_experiments(page_token=token)
        experiments += [experiment.experiment_id for experiment in found]
        token = found.token or ""
    token = None
    while experiments and token != "":
        runs = client.search_runs(experiments, rule, max_results=_PAGE, page_token=token)
        yield from runs
        token = runs.token or ""
