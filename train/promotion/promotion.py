"""The steps that move a version: earn, claim, carry out, record, and the way back."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from scoring_model.scorer import Scorer
from train import registry
from train.comparison import compare
from train.compatibility import breaking_changes
from train.data import load_data
from train.errors import InputError, NotEarned
from train.gate import GateResult
from train.ledger import MAX_REASON, Ledger, Move, Overtaken, claim, mark_done, read_ledger
from train.portfolio import load_portfolio

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trial:
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


def settle(say: Say) -> Ledger:
    """Finish what a killed command began, and return the ledger.

    A champion that was set past this project's commands, stage and alias alike, is taken as it is
    and noted; where the two disagree, the ledger decides.
    """
    ledger = read_ledger(registry.find_ledger())
    if (move := ledger.unfinished) is not None:
        say(f"version {move.version}'s move to {move.stage} was cut short: it is completed now")
        return _carry_out(ledger)
    line = ledger.champions()
    last = line[-1] if line else None
    staged, alias = registry.in_production()
    if staged == alias and alias in (last, None):
        return ledger
    if staged == alias and alias is not None:
        say(f"version {alias} was put into production past `promote`: it is noted as such")
        return _carry_out(claim(ledger, Move(alias, "Production", "outside", by="unknown")))
    target = next(version for version in (last, alias, staged) if version is not None)
    say(f"stage and alias disagreed: version {target} is in Production by both now")
    if target != last:
        ledger = claim(ledger, Move(target, "Production", "outside", by="unknown"))
    return _carry_out(ledger, target)


def _carry_out(ledger: Ledger, champion: int | None = None) -> Ledger:
    """Bring the registry to the ledger's last move, or to the champion that is given."""
    while True:
        last = ledger.moves[-1]
        version, stage = (
            (last.version, last.stage) if champion is None else (champion, "Production")
        )
        if registry.has_version(version):
            registry.set_stage(version, stage)
        mark_done(ledger)
        now = read_ledger(ledger.run_id)
        if len(now.moves) == len(ledger.moves):
            return now
        # a later move came in between, and a late call of ours may have undone a part of it
        ledger, champion = now, None


def place_new(version: int) -> str:
    """Put a newly trained version into Production if it is the first, else into Staging.

    Returns
    -------
    str
        Its stage.
    """
    while True:
        ledger = settle(lambda _: None)
        first = registry.champion() is None
        stage, kind = ("Production", "first") if first else ("Staging", "move")
        try:
            _carry_out(claim(ledger, Move(version, stage, kind)))
        except Overtaken:
            continue  # another training ended at the same time
        return stage


def move(version_text: str, stage: str, say: Say) -> int:
    """Move a version to Staging or Archived; nothing has to be earned.

    Raises
    ------
    InputError
        No such version, or it is the champion, which only a successor replaces.
    """
    version = int(registry.find_version(version_text).version)
    while True:
        ledger = settle(say)
        champion = registry.champion()
        if champion is not None and int(champion.version) == version:
            raise InputError(
                f"version {version} is the champion: promote another to Production first"
            )
        try:
            _carry_out(claim(ledger, Move(version, stage, "move")))
        except Overtaken:
            continue  # what came in between is not undone by a version's move to another stage
        return version


def try_challenger(version_text: str, allow_contract_change: bool, say: Say) -> Trial:
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
    return Trial(version, champion and int(champion.version), result, ledger, changes)


def promote(trial: Trial, override: str, run_id: str) -> Move:
    """Make a tried challenger the champion.

    Parameters
    ----------
    trial : Trial
    override : str
        Why it is promoted even if it was not earned; empty if it has to be.
    run_id : str
        The run that holds the gate's table.

    Raises
    ------
    NotEarned
        A rule failed and nothing overrides it.
    Overtaken
        The champion has changed since the trial.
    """
    if not trial.result.earned and not override:
        raise NotEarned(f"version {trial.version} is not promoted: {trial.result.reason}")
    kind = "first" if trial.champion is None else "earned"
    made = Move(
        trial.version,
        "Production",
        kind if trial.result.earned else "override",
        reason=override or trial.result.reason,
        evidence=evidence_of(trial),
        run_id=run_id,
    )
    ledger = trial.ledger
    while True:
        try:
            _carry_out(claim(ledger, made))
        except Overtaken:
            now = read_ledger(ledger.run_id)
            if now.champions() != trial.ledger.champions():
                raise
            ledger = now  # only a challenger has moved: the verdict holds
        else:
            return made


def evidence_of(trial: Trial) -> dict[str, object]:
    """Return what the history keeps of a trial; the table itself is in the run."""
    return {
        "champion": trial.champion,
        "rows": trial.result.rows,
        "failed": [rule.name for rule in trial.result.rules if not rule.passed],
        "contract_changes": len(trial.contract_changes),
        **(asdict(trial.result.saving) if trial.result.saving else {}),
    }


def roll_back(reason: str, run_id: str, say: Say) -> Move:
    """Put the champion before the present one back into production.

    Raises
    ------
    InputError
        There was none before, it was deleted, or its files are not what was logged.
    """
    check_reason("reason", reason)
    if not reason:
        raise InputError("reason must say why the champion goes back")
    if not registry.has_model():
        raise InputError(f"{registry.MODEL_NAME} has no version yet: run `mlflow run .` first")
    ledger = settle(say)
    line = ledger.champions()
    if len(line) < 2:
        raise InputError("no version was in production before: there is nothing to go back to")
    now, before = line[-1], line[-2]
    registry.load_version(registry.find_version(str(before)))
    made = Move(before, "Production", "rollback", reason, {"champion": now}, run_id)
    _carry_out(claim(ledger, made))
    return made


def check_reason(name: str, text: str) -> None:
    """Raise `InputError` on a text that the ledger has no room for."""
    if len(text) > MAX_REASON:
        raise InputError(f"{name} must have at most {MAX_REASON} characters, got {len(text)}")
