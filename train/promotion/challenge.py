"""`Challenge`: compares a challenger with the champion, and changes nothing."""

import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from scoring_model.version import Scorer
from train.data import load_data
from train.errors import InputError
from train.portfolio import Portfolio, load_portfolio
from train.promotion.comparison import compare
from train.promotion.compatibility import allow_changes
from train.promotion.gate import GateResult, judge_recalibrated
from train.promotion.ledger import Ledger
from train.promotion.recalibrated import MATURED, RECALIBRATED_FROM, fetch_judged_rows
from train.promotion.registry import Registry
from train.promotion.settling import Say, settle
from train.tables import KEPT_ROWS
from train.tracking import USED

TEST_ROWS = "test rows"


@dataclass(frozen=True, slots=True)
class Challenge:
    """The result of the gate for one challenger.

    Attributes
    ----------
    registry : Registry
    version : int
        Number of the challenger.
    champion : int or None
        Number of the champion; None before the first one.
    result : GateResult
        Verdict of each rule.
    ledger : Ledger
        The ledger before the test rows were scored. If the champion changes after that, the result
        is no longer valid.
    contract_changes : tuple of str
        Breaking changes of the contract that the user allowed.
    judged_on : str
        What the rows of the gate are, in words.
    """

    registry: Registry
    version: int
    champion: int | None
    result: GateResult
    ledger: Ledger
    contract_changes: tuple[str, ...]
    judged_on: str = TEST_ROWS


def try_challenger(
    registry: Registry, version_text: str, allow_contract_change: bool, say: Say
) -> Challenge:
    """Score champion and challenger on the same test rows and apply the gate; change nothing.

    A recalibrated version is judged on the decisions that its run keeps instead.

    Parameters
    ----------
    registry : Registry
    version_text : str
        Number of the challenger, or `latest`.
    allow_contract_change : bool
        Whether the challenger may refuse requests that the champion accepts.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        The version does not exist or is the champion; its contract has breaking changes that are
        not allowed; its portfolio cannot be read or has other data than in training; or it was
        recalibrated from another champion.
    """
    challenger = registry.find_version(version_text)
    version = int(challenger.version)
    scorer = registry.load_version(challenger)
    ledger = settle(registry, say)
    champion = registry.champion()
    changes: tuple[str, ...] = ()
    rival: Scorer | str | None = None
    if champion is not None:
        if int(champion.version) == version:
            raise InputError(f"version {version} is in Production already")
        try:
            rival = registry.load_version(champion)
        except InputError as error:
            rival = str(error)  # the gate then fails: replacing a broken champion needs an override
        else:
            changes = allow_changes(version, rival, scorer, allow_contract_change)
    if RECALIBRATED_FROM in challenger.tags:
        limits = load_portfolio(portfolio_path_of(challenger)).gate
        result = judge_recalibrated(fetch_judged_rows(challenger, champion), limits)
        judged_on = MATURED
    else:
        result, judged_on = _judge_on_test_rows(challenger, scorer, rival), TEST_ROWS
    number = champion and int(champion.version)
    return Challenge(registry, version, number, result, ledger, changes, judged_on)


def _judge_on_test_rows(
    challenger: ModelVersion, scorer: Scorer, rival: Scorer | str | None
) -> GateResult:
    portfolio = load_portfolio(portfolio_path_of(challenger))
    with tempfile.TemporaryDirectory() as folder:
        kept = _fetch_kept_rows(challenger, Path(folder))
        data = load_data(replace(portfolio, kept=kept))
    digest = challenger.tags.get("portfolio_digest")
    if digest not in (data.digest, data.older_digest):
        raise InputError(
            f"{portfolio.path}: the data are not those that version {challenger.version} was "
            f"trained on: SHA-256 must be {str(digest)[:12]}, got {data.digest[:12]}"
        )
    return compare(data.test, scorer, rival, portfolio.gate)


def portfolio_path_of(version: ModelVersion) -> Path:
    """Return the path of the portfolio that a version was trained on, from its run.

    Parameters
    ----------
    version : ModelVersion

    Raises
    ------
    InputError
        The run was deleted, or it names no portfolio.
    """
    try:
        params = mlflow.get_run(version.run_id).data.params
    except MlflowException as error:
        raise InputError(f"version {version.version}: its training run was not found") from error
    # that of a recalibration may be the champion's, where `mlflow run` logged an empty text
    path = params.get(f"{USED}portfolio") or params.get("portfolio")
    if not path:
        raise InputError(f"version {version.version}: its run has no parameter portfolio")
    return Path(path)


def load_portfolio_of(version: ModelVersion, given: str) -> Portfolio:
    """Return the portfolio of a version.

    Parameters
    ----------
    version : ModelVersion
    given : str
        Path of the portfolio; empty for that which the version was trained on.

    Raises
    ------
    InputError
        The portfolio cannot be found or read, or the version was trained on another one.
    """
    found = load_portfolio(Path(given) if given else portfolio_path_of(version))
    trained = version.tags.get("portfolio", found.name)
    if trained != found.name:
        raise InputError(
            f"portfolio {found.path}: its name is {found.name}, and version {version.version} of "
            f"{version.name} was trained on {trained}"
        )
    return found


def _fetch_kept_rows(version: ModelVersion, folder: Path) -> Path | None:
    """Fetch the rows that a training kept of a database or the web; None if it kept none."""
    files = MlflowClient().list_artifacts(version.run_id, Path(KEPT_ROWS).parent.name)
    if KEPT_ROWS not in [file.path for file in files]:
        return None
    fetched = mlflow.artifacts.download_artifacts(
        run_id=version.run_id, artifact_path=KEPT_ROWS, dst_path=str(folder)
    )
    return Path(fetched)


def evidence_of(challenge: Challenge) -> dict[str, object]:
    """Return the part of a challenge that the ledger keeps; the run holds the whole table."""
    result = challenge.result
    return {
        "champion": challenge.champion,
        "rows": result.rows,
        "failed": [rule.name for rule in result.rules if not rule.passed],
        **({} if challenge.judged_on == TEST_ROWS else {"judged_on": challenge.judged_on}),
        "contract_changes": len(challenge.contract_changes),
        **(asdict(result.saving) if result.saving else {}),
        **(result.cost_change.as_evidence() if result.cost_change else {}),
    }
