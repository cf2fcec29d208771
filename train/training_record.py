"""Logs a training to MLflow: parameters, trials, metrics, pictures, data, the model."""

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import mlflow
from mlflow.data.sources import LocalArtifactDatasetSource
from mlflow.exceptions import MlflowException

from train.errors import InputError
from train.portfolio import Portfolio
from train.record import Record
from train.report import (
    FinishedRun,
    draw_pictures,
    evidence_tables,
    quarter_figures,
    save_pictures,
    write_report,
)
from train.search import Trial, check_identity, in_sequence, to_text
from train.settings import Settings
from train.tables import KEPT_ROWS, hide_password
from train.tracking import log_scorer
from train.trained_model import TrainedModel

# MLflow refuses a longer digest of a data set; a tag of the version holds the whole digest
MAX_DIGEST = 36
# on the run of a trial: the whole trial as text, without rounding
TRIAL_TAG = "trial"


class TrainingRecord(Record):
    """Prints each line for the user, and logs the search in the active run.

    Parameters
    ----------
    resume : str
        Id of the run whose search continues; empty for a new search.
    """

    def __init__(self, resume: str = "") -> None:
        super().__init__()
        self._resume = resume

    def say(self, line: str) -> None:
        """Print a line."""
        print(line)

    def begin_search(self, identity: Mapping[str, str]) -> Sequence[Trial]:
        """Tag the active run with the identity of its search; return the trials to continue.

        Parameters
        ----------
        identity : mapping of str to str
            Names and values of tags. Two runs with the same tags have the same search.

        Raises
        ------
        InputError
            The run to resume does not exist, or its search has another identity.
        """
        mlflow.set_tags(dict(identity))
        trials = _find_trials(self._resume, identity) if self._resume else []
        for trial in trials:
            # logged again, because this run may be killed and resumed too
            self.log_trial(trial)
        return trials

    def log_trial(self, trial: Trial) -> None:
        """Log one trial of the search as a run nested in the active one."""
        with mlflow.start_run(run_name=f"trial {trial.number}", nested=True):
            mlflow.log_params(
                {
                    "treatment": trial.params.treatment,
                    "ratio": trial.params.ratio,
                    **trial.params.lightgbm,
                }
            )
            mlflow.log_metrics(
                {
                    "cost_per_applicant": trial.cost_per_applicant,
                    "loss": trial.loss,
                    "folds_run": float(trial.folds_run),
                    "trees": float(trial.params.trees or 0),
                }
            )
            mlflow.set_tag("stopped", str(trial.stopped).lower())
            # the last step: a trial with this tag is finished
            mlflow.set_tag(TRIAL_TAG, to_text(trial))


def _find_trials(resume: str, identity: Mapping[str, str]) -> list[Trial]:
    try:
        earlier = mlflow.get_run(resume)
    except MlflowException as error:
        raise InputError(f"resume: there is no run {resume}") from error
    check_identity(resume, earlier.data.tags, identity)
    runs = mlflow.search_runs(
        [earlier.info.experiment_id],
        f"tags.mlflow.parentRunId = '{resume}'",
        output_format="list",
        max_results=10_000,
    )
    return in_sequence([run.data.tags[TRIAL_TAG] for run in runs if TRIAL_TAG in run.data.tags])


def log_settings(portfolio: Portfolio, settings: Settings) -> None:
    """Log the user's settings in the active run."""
    params = {
        "portfolio": str(portfolio.path),
        "max_evals": settings.max_evals,
        "false_negative_cost": settings.costs.false_negative,
        "false_positive_cost": settings.costs.false_positive,
        "folds": settings.folds,
        "seed": settings.seed,
        "parallelism": settings.parallelism,
        "timeout_minutes": settings.timeout_minutes or "",
        "engine": settings.engine,
    }
    # `mlflow run` has already logged the values given by -P as typed, and 10 differs from 10.0
    known = mlflow.get_run(mlflow.active_run().info.run_id).data.params
    mlflow.log_params({name: value for name, value in params.items() if name not in known})
    mlflow.set_tag("portfolio", portfolio.name)


def log_result(model: TrainedModel) -> str:
    """Log the results of a finished training in the active run.

    Parameters
    ----------
    model : TrainedModel
        The model, its metrics and its evidence.

    Returns
    -------
    str
        URI of the logged model.
    """
    mlflow.log_metrics(dict(model.metrics))
    _log_quarters(model)
    mlflow.log_params(
        {
            f"best_{name}": value
            for name, value in (
                ("treatment", model.params.treatment),
                ("ratio", model.params.ratio),
                ("trees", model.params.trees),
                ("boosters", len(model.members)),
                ("calibration", model.scorer.policy.calibration.method),
                *model.params.lightgbm.items(),
            )
        }
    )
    _log_data(model)
    if model.data.dropped:
        mlflow.log_dict(dict(model.data.dropped), "dropped_features.json")
    _log_report(FinishedRun(model))
    given = model.portfolio.read
    # another file may be written otherwise: what was found in this one is found there anew
    read = replace(model.data.read, delimiter=given.delimiter, encoding=given.encoding)
    metadata = {
        "portfolio": model.portfolio.name,
        "key": model.portfolio.key,
        # batch scoring reads a raw export as training did
        "read": json.dumps(asdict(read)),
    }
    return log_scorer(model.scorer, model.example, metadata)


def _log_data(model: TrainedModel) -> None:
    portfolio, data = model.portfolio, model.data
    if portfolio.kept:
        mlflow.log_artifact(str(portfolio.kept), Path(KEPT_ROWS).parent.name)
    source: Any = hide_password(portfolio.source)
    if "://" not in source or portfolio.query or portfolio.table:
        # MLflow knows no source that is a database; this one only names it
        source = LocalArtifactDatasetSource(source)
    for side, rows in (("train", data.train), ("test", data.test)):
        with warnings.catch_warnings():
            # The hint warns of integer columns that may have gaps later. The model declares such
            # columns as double.
            warnings.filterwarnings("ignore", "Hint: Inferred schema contains integer", UserWarning)
            dataset = mlflow.data.from_pandas(
                rows.frame,
                source=source,
                targets=portfolio.target,
                name=portfolio.name,
                digest=data.digest[:MAX_DIGEST],
            )
            mlflow.log_input(dataset, context=side)


def _log_quarters(model: TrainedModel) -> None:
    """Log metrics of each quarter of the test period; step 20041 is the first quarter of 2004."""
    for quarter in model.evidence.quarters:
        figures = {f"quarter_{name}": value for name, value in quarter_figures(quarter).items()}
        mlflow.log_metrics(figures, step=10 * quarter.year + quarter.number)


def _log_report(run: FinishedRun) -> None:
    model = run.model
    for name, table in evidence_tables(model.evidence, model.leaks).items():
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        figures = draw_pictures(run)
        for picture in save_pictures(figures, directory):
            mlflow.log_artifact(str(picture), "pictures")
        report = directory / "report.html"
        write_report(run, figures, report)
        mlflow.log_artifact(str(report))


def version_tags(model: TrainedModel, run_id: str) -> Mapping[str, Any]:
    """Return the tags of a registered version: portfolio, digest, commit, metrics."""
    commit = mlflow.get_run(run_id).data.tags.get("mlflow.source.git.commit", "unknown")
    return {
        "portfolio": model.portfolio.name,
        "portfolio_digest": model.data.digest,
        "git_commit": commit,
        **{name: repr(value) for name, value in model.metrics.items()},
    }
