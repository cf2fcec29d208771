"""Commands that move a version: place a new one, move, promote, roll back."""

from train.errors import InputError, NotEarned
from train.promotion.challenge import Challenge, evidence_of
from train.promotion.comparison import compare_costs
from train.promotion.compatibility import allow_changes
from train.promotion.gate import GateResult
from train.promotion.ledger import MAX_REASON, Move, Overtaken, claim, read_ledger
from train.promotion.registry import Registry
from train.promotion.settling import Say, carry_out, settle


def place_new(registry: Registry, version: int, use: GateResult) -> Move:
    """Put a newly trained version into Production if it is the first and of use, or into Staging.

    Parameters
    ----------
    registry : Registry
    version : int
        Number of the version.
    use : GateResult
        Whether the decisions on the test rows cost less than accepting all and refusing all.

    Returns
    -------
    Move
        The move as written to the ledger. Its reason says why a first version is in Staging.
    """
    while True:
        ledger = settle(registry, lambda _: None)
        first = registry.champion() is None
        if first and use.earned:
            made = Move(version, "Production", "first", use.reason)
        else:
            made = Move(version, "Staging", "move", use.reason if first else "")
        try:
            carry_out(registry, claim(ledger, made))
        except Overtaken:
            continue  # another training finished at the same time
        return made


def move(registry: Registry, version_text: str, stage: str, say: Say) -> int:
    """Move a version to Staging or Archived; the gate is not applied.

    Parameters
    ----------
    registry : Registry
    version_text : str
        Number of the version, or `latest`.
    stage : {"Staging", "Archived"}
        The new stage.
    say : callable
        Called with each line for the user.

    Returns
    -------
    int
        Number of the version.

    Raises
    ------
    InputError
        The version does not exist, or it is the champion. Only a new champion replaces it.
    """
    version = int(registry.find_version(version_text).version)
    while True:
        ledger = settle(registry, say)
        champion = registry.champion()
        if champion is not None and int(champion.version) == version:
            raise InputError(
                f"version {version} is the champion: promote another version to Production first"
            )
        try:
            carry_out(registry, claim(ledger, Move(version, stage, "move")))
        except Overtaken:
            continue  # safe to repeat: this move undoes no move that another command has made
        return version


def promote(challenge: Challenge, override: str, run_id: str) -> Move:
    """Make a challenger the champion, after the gate was applied.

    Parameters
    ----------
    challenge : Challenge
        Result of the gate.
    override : str
        Reason to promote the version although a rule failed; empty for none.
    run_id : str
        Run that holds the table of the gate.

    Returns
    -------
    Move
        The move as written to the ledger.

    Raises
    ------
    NotEarned
        A rule failed and there is no override.
    Overtaken
        The champion has changed since the gate was applied.
    """
    if not challenge.result.earned and not override:
        raise NotEarned(
            f"version {challenge.version} is not promoted: {challenge.result.reason}; "
            'to promote it all the same, add -P override="<why>"'
        )
    kind = "first" if challenge.champion is None else "earned"
    made = Move(
        challenge.version,
        "Production",
        kind if challenge.result.earned else "override",
        reason=override or challenge.result.reason,
        evidence=evidence_of(challenge),
        run_id=run_id,
    )
    ledger = challenge.ledger
    while True:
        try:
            carry_out(challenge.registry, claim(ledger, made))
        except Overtaken:
            now = read_ledger(ledger.run_id)
            if now.champions() != challenge.ledger.champions():
                raise
            ledger = now  # the champion is the same, so the result of the gate is still valid
        else:
            return made


def roll_back(
    registry: Registry, reason: str, run_id: str, allow_contract_change: bool, say: Say
) -> Move:
    """Put the previous champion back into production.

    Parameters
    ----------
    registry : Registry
    reason : str
        Why the champion is replaced.
    run_id : str
        Run of the command.
    allow_contract_change : bool
        Whether the previous champion may refuse requests that the present one accepts.
    say : callable
        Called with each line for the user.

    Returns
    -------
    Move
        The move as written to the ledger.

    Raises
    ------
    InputError
        There is no previous champion, it was deleted, its files have changed, or its contract has
        breaking changes that are not allowed.
    """
    check_reason("reason", reason)
    if not reason:
        raise InputError("reason must say why the champion is replaced, got an empty text")
    if not registry.has_model():
        raise registry.without_version()
    ledger = settle(registry, say)
    line = ledger.champions()
    if len(line) < 2:
        raise InputError("there is no previous champion to go back to")
    now, before = line[-1], line[-2]
    scorer = registry.load_version(registry.find_version(str(before)))
    try:
        champion = registry.load_version(registry.find_version(str(now)))
    except InputError as error:
        say(f"the contracts are not compared: {error}")
        changes: tuple[str, ...] = ()
        costs = None
    else:
        changes = allow_changes(before, champion, scorer, allow_contract_change)
        costs = compare_costs(champion, scorer)
    for change in changes:
        say(f"allowed change of the contract: {change}")
    evidence: dict[str, object] = {"champion": now, "contract_changes": len(changes)}
    if costs is not None:
        say(f"the costs of a wrong decision change from {costs.before} to {costs.after}")
        evidence |= costs.as_evidence()
    made = Move(before, "Production", "rollback", reason, evidence, run_id)
    carry_out(registry, claim(ledger, made))
    return made


def check_reason(name: str, text: str) -> None:
    """Raise `InputError` if a reason is too long for the ledger."""
    if len(text) > MAX_REASON:
        raise InputError(f"{name} must have at most {MAX_REASON} characters, got {len(text)}")
