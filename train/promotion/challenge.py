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
from train.portfolio import load_portfolio
from train.promotion.comparison import compare
from train.promotion.compatibility import allow_changes
from train.promotion.gate import GateResult
from train.promotion.ledger import Ledger
from train.promotion.registry import Registry
from train.promotion.settling import Say, settle
from train.tables import KEPT_ROWS


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
    """

    registry: Registry
    version: int
    champion: int | None
    result: GateResult
    ledger: Ledger
    contract_changes: tuple[str, ...]


def try_challenger(
    registry: Registry, version_text: str, allow_contract_change: bool, say: Say
) -> Challenge:
    """Score champion and challenger on the same test rows and apply the gate; change nothing.

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
        not allowed; or its portfolio cannot be read or has other data than in training.
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
    portfolio = load_portfolio(_portfolio_path(challenger))
    with tempfile.TemporaryDirectory() as folder:
        kept = _fetch_kept_rows(challenger, Path(folder))
        data = load_data(replace(portfolio, kept=kept))
    digest = challenger.tags.get("portfolio_digest")
    if digest not in (data.digest, data.older_digest):
        raise InputError(
            f"{portfolio.path}: the data are not those that version {version} was trained on: "
            f"SHA-256 must be {str(digest)[:12]}, got {data.digest[:12]}"
        )
    result = compare(data.test, scorer, rival, portfolio.gate)
    return Challenge(registry, version, champion and int(champion.version), result, ledger, changes)


def _portfolio_path(version: ModelVersion) -> Path:
    """Return the path of the portfolio that a version was trained on, from its run."""
    try:
        params = mlflow.get_run(version.run_id).data.params
    except MlflowException as error:
        raise InputError(f"version {version.version}: its training run was not found") from error
    if "portfolio" not in params:
        raise InputError(f"version {version.version}: its run has no parameter portfolio")
    return Path(params["portfolio"])


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
        "contract_changes": len(challenge.contract_changes),
        **(asdict(result.saving) if result.saving else {}),
        **(result.cost_change.as_evidence() if result.cost_change else {}),
    }
