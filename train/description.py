"""What MLflow's pages say about a training, its version and its registered model."""

import datetime
from collections.abc import Mapping

from train.portfolio import Portfolio
from train.report import FinishedRun, percent, plain, value_of, whole
from train.tracking import ExperimentPlace
from train.trained_model import TrainedModel

# MLflow's pages open on language models: this part of an address opens them on trainings
TRAININGS_VIEW = "?workflowType=machine_learning"

_TRAININGS = """{about} Each run is one training on this portfolio; the trials of its search are \
nested below it. The description of a run has its test figures and leads to its report."""

_MODEL = """Scores applicants of the portfolio {about}

A version holds a LightGBM model with its calibration map and its threshold. The alias `champion` \
names the version in production, `challenger` the one that wants its place. The description of a \
version has its test figures and leads to its report.

To serve the champion: `{serve}`"""

_TRAINING = """Cost per applicant {cost}; accepting all costs {accept_all}, refusing all \
{refuse_all}. **[Report]({run}/artifacts/report.html{view})**

AUC {auc}. Accepted: {accepted}. An applicant is refused from a probability of {threshold}. \
In brackets: the 95{space}% intervals.

Portfolio {about} {train} training rows, {test} test rows. {costs}. \
[Run of the training]({run}{view})"""

# tags of a version beside its description; its run has all figures
_FIGURES = ("test_cost_per_applicant", "test_roc_auc", "threshold")


def _about(portfolio: Portfolio) -> str:
    text = portfolio.description.strip().rstrip(".")
    return f"**{portfolio.name}**: {text}." if text else f"**{portfolio.name}**."


def trainings_of(portfolio: Portfolio) -> ExperimentPlace:
    """Return the experiment of a portfolio's trainings; it has the portfolio's name."""
    return ExperimentPlace(portfolio.name, _TRAININGS.format(about=_about(portfolio)))


def name_training(portfolio: Portfolio) -> str:
    """Return the name of a run of today, such as `sba 2026-11-25`, until its cost is known."""
    return f"{portfolio.name} {datetime.date.today().isoformat()}"


def describe_model(portfolio: Portfolio, serve: str) -> str:
    """Describe a registered model: its portfolio, its versions, and the command that serves it."""
    return _MODEL.format(about=_about(portfolio), serve=serve)


def describe_training(model: TrainedModel, experiment_id: str, run_id: str) -> str:
    """Describe a training and its version: the portfolio, the figures, and where the report is.

    Parameters
    ----------
    model : TrainedModel
    experiment_id, run_id : str
        Where MLflow keeps the run of the training.
    """
    evaluation, training = model.evaluation, FinishedRun(model)
    intervals, given = evaluation.intervals, model.settings.costs
    costs = f"Accepting a defaulter costs {given.false_negative:g}, refusing a good client "
    costs += f"{given.false_positive:g}"
    if training.is_per_loan:
        costs = f"Each loan has its own costs, {training.in_currency}"
    return _TRAINING.format(
        about=_about(model.portfolio),
        run=f"#/experiments/{experiment_id}/runs/{run_id}",
        view=TRAININGS_VIEW,
        cost=value_of(evaluation.cost),
        **{name: plain(rival.cost_per_applicant) for name, rival in evaluation.rivals.items()},
        auc=value_of(intervals["roc_auc"]),
        accepted=value_of(intervals["acceptance_rate"], percent),
        threshold=f"{training.threshold:.4f}",
        space="\N{NO-BREAK SPACE}",
        train=whole(len(model.data.train.y)),
        test=whole(len(model.data.test.y)),
        costs=costs,
    )


def version_tags(model: TrainedModel, commit: str) -> Mapping[str, str]:
    """Return the tags of a registered version: portfolio, digest, commit, the chief figures."""
    return {
        "portfolio": model.portfolio.name,
        "portfolio_digest": model.data.digest,
        "git_commit": commit,
        **{name: repr(model.metrics[name]) for name in _FIGURES},
    }
