"""What a training run leaves in MLflow: parameters, metrics, trials, pictures, data, the model."""

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.data.sources import LocalArtifactDatasetSource
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

import scoring_model
from scoring_model.contract import FeatureContract
from scoring_model.model import SCORER_ARTIFACT
from scoring_model.scorer import Scorer
from train.data import PortfolioData
from train.errors import InputError
from train.evidence_tables import evidence_tables, quarter_figures
from train.findings import Findings
from train.pipeline import TrainedModel
from train.portfolio import Portfolio
from train.report import draw_pictures, save_pictures, write_report
from train.resume import check_identity, in_sequence, to_text
from train.settings import Settings
from train.tuning import Trial

PACKAGE = Path(scoring_model.__file__).parent
REQUIREMENTS = PACKAGE.parent / "requirements.txt"
# MLflow refuses a longer digest of a data set; the tag of the version holds all of it
MAX_DIGEST = 36
# on the run of a trial: all of it, exactly
TRIAL_TAG = "trial"


@contextmanager
def main_run() -> Iterator[str]:
    """Open the main run, or go on with the one that `mlflow run` has made, and yield its id.

    An exception marks the run FAILED. The tag `exit_status` holds the status of `python -m train`,
    of which `mlflow run` tells only whether it is 0.
    """
    with mlflow.start_run() as run:
        status = 1
        try:
            yield run.info.run_id
            status = 0
        except InputError as error:
            status = error.exit_status
            raise
        finally:
            mlflow.set_tag("exit_status", status)


def log_settings(portfolio: Portfolio, settings: Settings) -> None:
    """Log what the user set, in the active run."""
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
    # mlflow run has logged those that came by -P already, as they were typed: 10 is not 10.0
    known = mlflow.get_run(mlflow.active_run().info.run_id).data.params
    mlflow.log_params({name: value for name, value in params.items() if name not in known})
    mlflow.set_tag("portfolio", portfolio.name)


def begin_search(resume: str, identity: Mapping[str, str]) -> list[Trial]:
    """Tag the active run with what identifies its search; return the trials of an earlier run.

    Parameters
    ----------
    resume : str
        The earlier run's id; empty for none.
    identity : mapping of str to str
        See `train.resume.identify`.

    Raises
    ------
    InputError
        There is no such run, or its search is another one.
    """
    mlflow.set_tags(dict(identity))
    if not resume:
        return []
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
    trials = in_sequence([run.data.tags[TRIAL_TAG] for run in runs if TRIAL_TAG in run.data.tags])
    for trial in trials:
        # a run that is resumed can be killed and resumed as well
        log_trial(trial)
    return trials


def log_trial(trial: Trial) -> None:
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
        # last: a trial that has it is finished
        mlflow.set_tag(TRIAL_TAG, to_text(trial))


def log_result(
    portfolio: Portfolio, data: PortfolioData, settings: Settings, model: TrainedModel
) -> str:
    """Log everything a finished training has to show in the active run.

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
    _log_data(portfolio, data)
    if data.dropped:
        mlflow.log_dict(dict(data.dropped), "dropped_features.json")
    _log_report(Findings(portfolio, data, settings, model))
    metadata = {"portfolio": portfolio.name, "key": portfolio.key}
    return log_scorer(model.scorer, model.example, metadata)


def _log_data(portfolio: Portfolio, data: PortfolioData) -> None:
    local = "://" not in portfolio.source
    source = LocalArtifactDatasetSource(portfolio.source) if local else portfolio.source
    for side, rows in (("train", data.train), ("test", data.test)):
        with warnings.catch_warnings():
            # of whole-number columns that may miss values later: the model declares them double
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
    """Log the test period quarter by quarter; the step 20041 is the first quarter of 2004."""
    for quarter in model.evidence.quarters:
        figures = quarter_figures(quarter)
        step = int(str(figures.pop("quarter")).replace(" Q", ""))
        mlflow.log_metrics(
            {f"quarter_{name}": float(value) for name, value in figures.items()}, step=step
        )


def _log_report(findings: Findings) -> None:
    model = findings.model
    for name, table in evidence_tables(model.evidence, model.leaks).items():
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        figures = draw_pictures(findings)
        for picture in save_pictures(figures, directory):
            mlflow.log_artifact(str(picture), "pictures")
        report = directory / "report.html"
        write_report(findings, figures, report)
        mlflow.log_artifact(str(report))


def log_scorer(
    scorer: Scorer, applicant: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> str:
    """Log a scorer in the active run as a model of MLflow, and return its URI.

    Parameters
    ----------
    scorer : Scorer
    applicant : mapping
        A valid applicant, of no real person: the model's input example.
    metadata : mapping of str to str, optional
        What the version says of itself wherever it is loaded.
    """
    contract = scorer.contract
    example = pd.DataFrame([applicant], columns=list(contract.names))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / SCORER_ARTIFACT
        directory.mkdir()
        scorer.save(directory, applicant)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PACKAGE / "model.py"),
            code_paths=[str(PACKAGE)],
            artifacts={SCORER_ARTIFACT: str(directory)},
            signature=signature_of(contract),
            input_example=example,
            pip_requirements=str(REQUIREMENTS),
            metadata=dict(metadata or {}),
        )
    return str(info.model_uri)


def signature_of(contract: FeatureContract) -> ModelSignature:
    """Return the MLflow signature: numbers `double`, categories `string`, nullable ones optional.

    No `boolean`: MLflow turns a null boolean into False and the text "false" into True.
    """
    inputs = Schema(
        [
            ColSpec(
                DataType.double if feature.kind == "number" else DataType.string,
                name=feature.name,
                required=not feature.nullable,
            )
            for feature in contract.features
        ]
    )
    outputs = Schema(
        [
            ColSpec(DataType.double, name="probability"),
            ColSpec(DataType.long, name="score"),
            ColSpec(DataType.double, name="threshold"),
        ]
    )
    return ModelSignature(inputs=inputs, outputs=outputs)


def version_tags(
    portfolio: Portfolio, data: PortfolioData, model: TrainedModel, run_id: str
) -> Mapping[str, Any]:
    """Return what a registered version says of itself: portfolio, digest, commit, metrics."""
    commit = mlflow.get_run(run_id).data.tags.get("mlflow.source.git.commit", "unknown")
    return {
        "portfolio": portfolio.name,
        "portfolio_digest": data.digest,
        "git_commit": commit,
        **{name: repr(value) for name, value in model.metrics.items()},
    }
