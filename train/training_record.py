"""Logs a training to MLflow while it runs: its parameters, and the trials of the search."""

from collections.abc import Mapping, Sequence
from typing import Any

import mlflow

from train.monotone import without_constraints
from train.portfolio import Portfolio
from train.record import Record
from train.search import Trial, check_identity, in_sequence, to_text
from train.settings import Settings
from train.tracking import log_used

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
        self._waiting: list[str] = []

    def say(self, line: str) -> None:
        """Print a line. Before the run is open, keep it for `print_waiting`."""
        self._waiting.append(line)
        if mlflow.active_run():
            self.print_waiting()

    def print_waiting(self) -> None:
        """Print the lines that waited for the id of the run, which is printed first."""
        while self._waiting:
            print(self._waiting.pop(0))

    def begin_search(self, identity: Mapping[str, str]) -> Sequence[Trial]:
        """Tag the active run with the identity of its search; return the trials to continue.

        Parameters
        ----------
        identity : mapping of str to str
            Names and values of tags. Two runs with the same tags have the same search.

        Raises
        ------
        InputError
            The search of the run to resume has another identity.
        """
        mlflow.set_tags(dict(identity))
        trials = _find_trials(self._resume, identity) if self._resume else []
        for trial in trials:
            # logged again, because this run may be killed and resumed too
            self.log_trial(trial)
        return trials

    def log_trial(self, trial: Trial) -> None:
        """Log one trial of the search as a run nested in the active one."""
        name = f"trial {trial.number} cost {trial.cost_per_applicant:.3f}"
        experiment_id = mlflow.active_run().info.experiment_id
        with mlflow.start_run(run_name=name, experiment_id=experiment_id, nested=True):
            mlflow.log_params(
                {
                    "treatment": trial.params.treatment,
                    "ratio": trial.params.ratio,
                    **without_constraints(trial.params).lightgbm,
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
    earlier = mlflow.get_run(resume)
    check_identity(resume, earlier.data.tags, identity)
    runs = mlflow.search_runs(
        [earlier.info.experiment_id],
        f"tags.mlflow.parentRunId = '{resume}'",
        output_format="list",
        max_results=10_000,
    )
    return in_sequence([run.data.tags[TRIAL_TAG] for run in runs if TRIAL_TAG in run.data.tags])


def log_settings(
    portfolio: Portfolio, settings: Settings, model: str, taken: Mapping[str, Any]
) -> None:
    """Log the user's settings in the active run.

    Parameters
    ----------
    portfolio : Portfolio
    settings : Settings
    model : str
        The parameter `model`.
    taken : mapping of str to Any
        Settings that the run to resume gave.
    """
    params = {
        "portfolio": str(portfolio.path),
        "model": model,
        "max_evals": settings.max_evals,
        "false_negative_cost": settings.costs.false_negative,
        "false_positive_cost": settings.costs.false_positive,
        "folds": settings.folds,
        "seed": settings.seed,
        "parallelism": settings.parallelism,
        "timeout_minutes": settings.timeout_minutes or "",
        "engine": settings.engine,
    }
    log_used(params, taken)
    mlflow.set_tag("portfolio", portfolio.name)
