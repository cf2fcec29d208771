"""`recalibrate_champion`: make, register and judge a recalibrated version."""

from collections.abc import Callable

import mlflow
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from monitoring.recalibration.job import RecalibrationJob
from monitoring.recalibration.new_version import NewVersion, make_version, tell_figures
from monitoring.recalibration.rows import RowSource
from train.promotion import (
    ONLY_ACCEPTED,
    Challenge,
    gate_table,
    keep_judged_rows,
    log_challenge,
    move,
    promote_command,
    try_challenger,
)
from train.tracking import log_scorer, log_used

# tags that a version has from its training
_INHERITED = ("portfolio", "portfolio_digest")
_DESCRIPTION = """Recalibrated from version {champion} on {day}: the same trees, with a new map \
and threshold from outcomes.

{figures}

{verdict}. {only_accepted}

[Run of the recalibration](#/experiments/{experiment}/runs/{run})"""


def recalibrate_champion(
    job: RecalibrationJob, source: RowSource, say: Callable[[str], None]
) -> int:
    """Make a version with the champion's trees, register it in Staging, and apply the gate.

    The active run keeps the version, the rows that judge it and the table of the gate. The champion
    stays in production.

    Parameters
    ----------
    job : RecalibrationJob
    source : RowSource
    say : callable
        Called with each line for the user.

    Returns
    -------
    int
        Number of the version.

    Raises
    ------
    InputError
        There are too few outcomes, or no map can be fitted.
    """
    made = make_version(job, source)
    figures = list(tell_figures(job, made))
    for line in figures:
        say(line)
    version = _register(job, made)
    registry = job.registry
    move(registry, str(version), "Staging", say)
    challenge = try_challenger(registry, str(version), allow_contract_change=False, say=say)
    log_challenge(challenge)
    _describe(job, challenge, figures)
    say(gate_table(challenge))
    say(f"version {version} of {registry.name} is in Staging; {_verdict(challenge)}")
    command = promote_command(registry, version)
    if challenge.result.earned:
        say(f"to promote it: {command}")
    else:
        say(f'to promote it all the same: {command} -P override="<why>"')
    return version


def _register(job: RecalibrationJob, made: NewVersion) -> int:
    """Log the version in the active run, and register it."""
    path = str(job.portfolio.path)
    settings = {"portfolio": path, "model": job.registry.name, "as_of": str(job.as_of)}
    log_used(settings, settings)
    fit, policy = made.fit, made.fit.policy
    mlflow.log_metrics(
        {
            "slope": fit.slope.value,
            "intercept": fit.intercept.value,
            "threshold": policy.threshold,
            "fitted_decisions": len(made.fitted.y),
            "judged_decisions": len(made.judged.y),
        }
    )
    uri = log_scorer(made.scorer, job.champion.example, job.champion.logged)
    run = mlflow.get_run(mlflow.active_run().info.run_id)
    tags = {name: job.tags[name] for name in _INHERITED if name in job.tags}
    tags["git_commit"] = run.data.tags.get("mlflow.source.git.commit", "unknown")
    tags["threshold"] = repr(policy.threshold)
    return job.registry.register(uri, tags | keep_judged_rows(made.rows))


def _verdict(challenge: Challenge) -> str:
    if challenge.result.earned:
        return "it passes the gate"
    return f"it does not pass the gate: {challenge.result.reason}"


def _describe(job: RecalibrationJob, challenge: Challenge, figures: list[str]) -> None:
    """Describe the run and the version."""
    info = mlflow.active_run().info
    verdict = _verdict(challenge)
    text = _DESCRIPTION.format(
        champion=job.number,
        day=job.as_of,
        figures="\n".join(f"- {line}" for line in figures),
        verdict=verdict[0].upper() + verdict[1:],
        only_accepted=ONLY_ACCEPTED,
        experiment=info.experiment_id,
        run=info.run_id,
    )
    mlflow.set_tag(MLFLOW_RUN_NOTE, text)
    MlflowClient().update_model_version(job.registry.name, str(challenge.version), text)
