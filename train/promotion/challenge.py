"""`Challenge`: compares a challenger with the champion, and changes nothing."""

from dataclasses import asdict, dataclass

from scoring_model.version import Scorer
from train.data import load_data
from train.errors import InputError
from train.portfolio import load_portfolio
from train.promotion import registry
from train.promotion.comparison import compare
from train.promotion.compatibility import breaking_changes
from train.promotion.gate import GateResult
from train.promotion.ledger import Ledger
from train.promotion.settling import Say, settle


@dataclass(frozen=True, slots=True)
class Challenge:
    """The result of the gate for one challenger.

    Attributes
    ----------
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

    version: int
    champion: int | None
    result: GateResult
    ledger: Ledger
    contract_changes: tuple[str, ...]


def try_challenger(version_text: str, allow_contract_change: bool, say: Say) -> Challenge:
    """Score champion and challenger on the same test rows and apply the gate; change nothing.

    Parameters
    ----------
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
    ledger = settle(say)
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
            changes = breaking_changes(rival.contract, scorer.contract)
    if changes and not allow_contract_change:
        raise InputError(
            f"version {version} refuses requests that the champion accepts: "
            f"{'; '.join(changes)}; to allow it, add -P allow_contract_change=true"
        )
    portfolio = load_portfolio(registry.portfolio_path(challenger))
    data = load_data(portfolio)
    if (digest := challenger.tags.get("portfolio_digest")) != data.digest:
        raise InputError(
            f"{portfolio.path}: the data are not those that version {version} was trained on: "
            f"SHA-256 must be {str(digest)[:12]}, got {data.digest[:12]}"
        )
    result = compare(data.test, scorer, rival, portfolio.gate)
    return Challenge(version, champion and int(champion.version), result, ledger, changes)


def evidence_of(challenge: Challenge) -> dict[str, object]:
    """Return the part of a challenge that the ledger keeps; the run holds the whole table."""
    return {
        "champion": challenge.champion,
        "rows": challenge.result.rows,
        "failed": [rule.name for rule in challenge.result.rules if not rule.passed],
        "contract_changes": len(challenge.contract_changes),
        **(asdict(challenge.result.saving) if challenge.result.saving else {}),
    }
