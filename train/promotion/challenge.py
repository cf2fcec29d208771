"""`Challenge`: a challenger and the champion on the same test rows; nothing is changed by it."""

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
    """A challenger before the gate.

    Attributes
    ----------
    version : int
    champion : int or None
    result : GateResult
    ledger : Ledger
        As it was before the test rows were scored: if the champion changes meanwhile, the verdict
        no longer holds.
    contract_changes : tuple of str
        What breaks for callers and was allowed.
    """

    version: int
    champion: int | None
    result: GateResult
    ledger: Ledger
    contract_changes: tuple[str, ...]


def try_challenger(version_text: str, allow_contract_change: bool, say: Say) -> Challenge:
    """Score champion and challenger on the same test rows and apply the gate; change nothing.

    Raises
    ------
    InputError
        No such version, or it is the champion; its contract breaks callers and that is not allowed;
        its portfolio cannot be read or is not what it was trained on.
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
            rival = str(error)  # replacing a champion that is broken takes an override
        else:
            changes = breaking_changes(rival.contract, scorer.contract)
    if changes and not allow_contract_change:
        raise InputError(
            f"version {version} refuses requests that the champion accepts: "
            f"{'; '.join(changes)}; -P allow_contract_change=true lets it"
        )
    portfolio = load_portfolio(registry.portfolio_path(challenger))
    data = load_data(portfolio)
    if (digest := challenger.tags.get("portfolio_digest")) != data.digest:
        raise InputError(
            f"{portfolio.path}: the data are not those that version {version} was trained on: "
            f"SHA-256 {data.digest[:12]}, not {str(digest)[:12]}"
        )
    result = compare(data.test, scorer, rival, portfolio.gate)
    return Challenge(version, champion and int(champion.version), result, ledger, changes)


def evidence_of(challenge: Challenge) -> dict[str, object]:
    """Return what the history keeps of a challenge; the table itself is in the run."""
    return {
        "champion": challenge.champion,
        "rows": challenge.result.rows,
        "failed": [rule.name for rule in challenge.result.rules if not rule.passed],
        "contract_changes": len(challenge.contract_changes),
        **(asdict(challenge.result.saving) if challenge.result.saving else {}),
    }
